"""Files and directories by descriptor: a name is looked up inside an open directory, and links are never followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not hold us up
_WRITE = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES = 1024 * 1024


def open_directory(name: str, folder: int) -> int:
    """A descriptor of the caller's to close. Raises OSError, also for a link."""
    return os.open(name, _DIRECTORY, dir_fd=folder)


@contextmanager
def directory(name: str, folder: int) -> Iterator[int]:
    """Raises OSError, also for a link."""
    fd = open_directory(name, folder)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def file_to_read(name: str, folder: int) -> Iterator[int]:
    """Raises OSError, also for a link."""
    fd = os.open(name, _READ, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def file_to_write(name: str, folder: int) -> Iterator[int]:
    """An empty file, which can be read back. Raises OSError, also for a link."""
    fd = os.open(name, _WRITE, 0o644, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def names_in(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def chunks_of(file: int) -> Iterator[bytes]:
    """The bytes of an open file from its present position."""
    while chunk := os.read(file, _CHUNK_BYTES):
        yield chunk


def write_all(file: int, data: bytes) -> None:
    """Raises OSError; never leaves a part of `data` out in silence."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def put_on_disk(file: int) -> None:
    """Sync an open file, and let whoever reads it next read the disk, not the memory, where the system allows it."""
    os.fsync(file)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(file, 0, os.SEEK_SET)
