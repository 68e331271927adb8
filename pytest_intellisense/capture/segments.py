"""The logs of a session as they lie on disk: in segments, plain or compressed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from pytest_intellisense.capture.paths import COMPRESSED, LOGS, UNPARSED, segment_directory
from pytest_intellisense.capture.regular_files import is_own_directory, is_there, open_regular

_SEGMENT = re.compile(r"segment-(\d{6,})")
_LONGEST_HEADER_BYTES = 18
_WIDEST_WINDOW_BYTES = 32 * 1024 * 1024
_BUFFER_BYTES = 64 * 1024


class BrokenCompression(OSError):
    """The compressed form does not give the whole log."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log of one segment. `name` is that of the log, such as ocr.jsonl, compressed or not."""

    session: Path
    segment: int
    name: str

    @property
    def path(self) -> Path:
        """Where it lies now: a log may be compressed at any moment. If both forms are there, the plain one counts."""
        plain = segment_directory(self.session, self.segment) / self.name
        packed = plain.with_name(self.name + COMPRESSED)
        return packed if not is_there(plain) and is_there(packed) else plain

    @property
    def shown(self) -> str:
        """The path inside the session."""
        return self.path.relative_to(self.session).as_posix()

    def text_size(self) -> int | None:
        """Bytes of the log when it is not compressed; None if a compressed one does not say. Raises OSError."""
        with self._opened_as_it_is() as (file, packed):
            return _stated_size(file) if packed else file.seek(0, os.SEEK_END)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The text of the log. Raises OSError; reading raises BrokenCompression where a compressed one is damaged."""
        with self._opened_as_it_is() as (file, packed):
            if not packed:
                yield file
                return
            stated = _stated_size(file)
            file.seek(0)
            with BufferedReader(_Unpacked(file, stated), _BUFFER_BYTES) as text:
                yield text

    @contextmanager
    def _opened_as_it_is(self) -> Iterator[tuple[BinaryIO, bool]]:
        """The file, and whether it is compressed. Twice tried: the plain form may go just when we have seen it."""
        path = self.path
        try:
            file = open_regular(path)
        except FileNotFoundError:
            path = self.path
            file = open_regular(path)
        with file:
            yield file, path.name != self.name


def segment_numbers(session: Path) -> list[int]:
    """The segments that are there, the oldest first; logs in the session's own directory are segment 1. Raises OSError."""
    found = {int(name[1]) for path in session.iterdir() if (name := _SEGMENT.fullmatch(path.name)) and is_own_directory(path)}
    return sorted(found | {1})


def foreign_segments(session: Path) -> list[str]:
    """Names of segments that are no directories of the session: links, files. Raises OSError."""
    return sorted(path.name for path in session.iterdir() if _SEGMENT.fullmatch(path.name) and not is_own_directory(path))


def logs_named(session: Path, name: str) -> list[LogFile]:
    """One log through all segments, the oldest first. Raises OSError."""
    logs = (LogFile(session, number, name) for number in segment_numbers(session))
    return [log for log in logs if is_there(log.path)]


def all_logs(session: Path) -> list[LogFile]:
    return [log for name in (*LOGS, UNPARSED) for log in logs_named(session, name)]


def _stated_size(file: BinaryIO) -> int | None:
    try:
        size = zstandard.frame_content_size(file.read(_LONGEST_HEADER_BYTES))
    except zstandard.ZstdError:
        raise BrokenCompression("it does not begin as a compressed log") from None
    return None if size < 0 else size


class _Unpacked(RawIOBase):
    """Unpacks as much at a time as it is asked for, so that memory stays small whatever the file claims to hold."""

    def __init__(self, file: BinaryIO, stated: int | None) -> None:
        self._reader = zstandard.ZstdDecompressor(max_window_size=_WIDEST_WINDOW_BYTES).stream_reader(
            file, read_across_frames=True, closefd=False
        )
        self._left = stated or 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            size = self._reader.readinto(buffer)
        except zstandard.ZstdError as problem:
            raise BrokenCompression(f"its compressed form is damaged ({problem})") from None
        self._left -= size
        if not size and self._left > 0:
            raise BrokenCompression(f"its compressed form is cut off, {self._left} bytes of text before the end")
        return size
