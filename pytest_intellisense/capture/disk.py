"""Writing that is checked: whole or not at all, and on the disk when it says so."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pytest_intellisense.errors import CaptureFailed


class AppendFile:
    """A file that only grows. Every error is a CaptureFailed with path and errno; a half-written tail is cut off again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise failed_on(path, error) from error
        self._size = os.fstat(self._fd).st_size

    def append(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
            if os.fstat(self._fd).st_nlink == 0:
                raise OSError(errno.ENOENT, "the file was deleted while it was written")
        except OSError as error:
            os.ftruncate(self._fd, self._size)
            raise failed_on(self.path, error) from error
        self._size += written

    def sync(self) -> None:
        """Raises CaptureFailed; a sync that failed is never tried again, its data may be gone."""
        try:
            _sync_data(self._fd)
        except OSError as error:
            raise failed_on(self.path, error) from error

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
            written = 0
            while written < len(data):
                written += os.write(fd, data[written:] if written else data)
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


def failed_on(path: Path, error: OSError) -> CaptureFailed:
    name = errno.errorcode.get(error.errno or 0, "?")
    return CaptureFailed(
        f"capture stopped: {path} cannot be written: {os.strerror(error.errno) if error.errno else error} ({name})",
        hint="nothing that was not on disk has been acknowledged; make room or repair the disk, then run again",
    )


_sync_data = getattr(os, "fdatasync", os.fsync)
