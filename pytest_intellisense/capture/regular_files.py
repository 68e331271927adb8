"""Opening only what is a file: no link, pipe or device that somebody put into a session's directory."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path


class NotRegular(OSError):
    """There is something else than a file; it was not opened."""


def open_regular(path: Path) -> BufferedReader:
    """Raises NotRegular, or OSError for a file that cannot be opened."""
    _check(path, path.lstat())
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(path, os.fstat(fd))
    except NotRegular:
        os.close(fd)
        raise
    return os.fdopen(fd, "rb")


def is_there(path: Path) -> bool:
    """Whether the name is taken, be it by a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def is_regular(path: Path) -> bool:
    """Whether there is a file, not reached by a link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_own_directory(path: Path) -> bool:
    """Whether there is a directory, not reached by a link."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _check(path: Path, facts: os.stat_result) -> None:
    if stat.S_ISLNK(facts.st_mode):
        raise NotRegular(f"{path} is a link")
    if not stat.S_ISREG(facts.st_mode):
        raise NotRegular(f"{path} is not a file")
