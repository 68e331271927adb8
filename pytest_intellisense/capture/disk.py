"""Writing that is checked: whole or not at all, and on the disk when it says so."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from pytest_intellisense.errors import DiskProblem

_DROP_AFTER_BYTES = 1024 * 1024
"""What is on the disk does not stay in memory as well: hours of recording would push out what others need, and every page
that is new to the machine costs several times as much as one that was just given back."""


class AppendFile:
    """A file that only grows. Every error is a CaptureFailed with path and errno; a half-written tail is cut off again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise failed_on(path, error) from error
        self._opened = os.fstat(self._fd)
        self._size = self._dropped = self._opened.st_size

    def append(self, data: bytes) -> None:
        try:
            _write_all(self._fd, data)
            check_unharmed(self.path, self._opened, self._size + len(data))
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._fd, min(self._size, os.fstat(self._fd).st_size))
            raise failed_on(self.path, error) from error
        self._size += len(data)

    def sync(self) -> None:
        """Raises CaptureFailed; a sync that failed is never tried again, its data may be gone."""
        try:
            _sync_data(self._fd)
        except OSError as error:
            raise failed_on(self.path, error) from error
        if self._size - self._dropped >= _DROP_AFTER_BYTES:
            self._dropped = self._size
            _drop_cached(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` under `path` so that a reader, also after a crash, sees the old file or the whole new one.

    The entry in the directory is not on the disk before `sync_directory`. Raises CaptureFailed.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            _write_all(fd, data)
            check_unharmed(temporary, os.fstat(fd), len(data))
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise failed_on(path, error) from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power loss. Raises CaptureFailed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise failed_on(path, error) from error


def check_unharmed(path: Path, opened: os.stat_result, size: int) -> None:
    """Raise OSError unless `path` is the file that was `opened` and has `size` bytes.

    It has not where a write did less than it reported, and where somebody deleted, rotated or emptied the file.
    """
    found = path.stat()
    if not os.path.samestat(found, opened):
        raise OSError(errno.ENOENT, "another file has taken its place")
    if found.st_size != size:
        raise OSError(errno.EIO, f"it has {found.st_size} bytes and should have {size}")


def failed_on(path: Path, error: OSError) -> DiskProblem:
    name = errno.errorcode.get(error.errno or 0, "?")
    return DiskProblem(
        f"capture stopped: {path} cannot be written: {error.strerror or error} ({name})",
        hint="nothing that was not on disk has been acknowledged; make room or repair the disk, then run again",
    )


def _write_all(fd: int, data: bytes) -> None:
    written = 0
    while written < len(data):
        written += os.write(fd, data[written:] if written else data)


_sync_data = getattr(os, "fdatasync", os.fsync)


def _drop_cached(fd: int) -> None:
    """Where the system can do that at all; nothing depends on it."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
