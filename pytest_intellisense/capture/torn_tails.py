"""Torn tails: what stands after the last whole line of a log that was being written when its writer died."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pytest_intellisense.capture.disk import sync_directory
from pytest_intellisense.capture.paths import TORN
from pytest_intellisense.capture.regular_files import is_there, open_regular
from pytest_intellisense.capture.segments import LogFile

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Cut:
    """A torn tail: `size_bytes` after the last whole line of `log` are in `kept_in` now."""

    log: str
    size_bytes: int
    kept_in: str


def cut_tail(log: LogFile) -> Cut | None:
    """Cut off what follows the last line end, after it is safe in a file beside the log. Raises OSError."""
    path = log.path
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        end = _end_of_last_line(file, size)
        if end == size:
            return None
        kept_in = free_name(path.with_name(path.name + TORN))
        file.seek(end)
        _copy_rest(file, kept_in)
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    return Cut(log.shown, size - end, kept_in.name)


def _copy_rest(file: BinaryIO, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("wb") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.rename(target)
    sync_directory(target.parent)


def _end_of_last_line(file: BinaryIO, size: int) -> int:
    end = size
    while end:
        begin = max(0, end - _CHUNK_BYTES)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def free_name(path: Path) -> Path:
    """`path`, or with a number if that is taken: nothing that was kept before is lost."""
    number, free = 1, path
    while is_there(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
