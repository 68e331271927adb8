"""LogText: the lines of one log file that are as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from pytest_intellisense.capture.damage import Damage
from pytest_intellisense.capture.regular_files import NotRegular
from pytest_intellisense.capture.segments import BrokenCompression, LogFile
from pytest_intellisense.codec.log_lines import DamagedLine, read_line

LONGEST_LINE_BYTES = 64 * 1024 * 1024
_MOST_GAPS = 1000


class Line(NamedTuple):
    """`number` counts from 1; `offset` is that of the line in the log's text; `text` is the record."""

    number: int
    offset: int
    text: bytes


@dataclass(slots=True)
class _Gap:
    """Numbers from `begin` up to `end` that no line before line `number` had; a line may still turn up later."""

    begin: int
    end: int
    number: int


class LogText:
    """Iterating gives the sound lines and counts what is not sound in `damage`; a log that is gone meanwhile has none.

    `growing`: somebody writes to it, so a line without an end is about to be one. `written` is in the end how many lines
    were written, as far as their numbers show. The lines before number `begin`, from 0, are not looked at.
    """

    def __init__(self, log: LogFile, damage: Damage, *, growing: bool = False, begin: int = 0) -> None:
        self.log = log
        self.written = 0
        self._begin = begin
        self._damage = damage
        self._growing = growing
        self._number = 0
        self._gaps: list[_Gap] = []

    def __iter__(self) -> Iterator[Line]:
        log = self.log
        try:
            with log.opened() as file:
                yield from self._lines(file)
        except FileNotFoundError:
            return
        except BrokenCompression as problem:
            self._damage.unreadable(log.shown, self._number + 1, f"{problem}; nothing can be read from here on")
        except NotRegular:
            self._damage.unreadable(log.shown, None, "is a link, pipe or device and was not opened")
        except OSError as problem:
            self._damage.unreadable(log.shown, None, f"cannot be read: {problem.strerror or problem}")
        self._tell_gaps(0)

    def _lines(self, file: BinaryIO) -> Iterator[Line]:
        """`\\n` is the only line end, so that no text can break a line."""
        offset = self._passed_over(file)
        for line in iter(lambda: file.readline(LONGEST_LINE_BYTES), b""):
            self._number += 1
            size = len(line)
            if not line.endswith(b"\n"):
                rest, ended = _rest_of_line(file)
                size += rest
                if not ended:
                    self._torn(size, line)
                    return
            try:
                seq, text = read_line(line)
            except DamagedLine as problem:
                self._damage.damaged(self.log.shown, self._number, str(problem))
                self.written += 1
            else:
                self._account(seq)
                yield Line(self._number, offset, text)
            offset += size

    def _passed_over(self, file: BinaryIO) -> int:
        """The offset of the first line that is looked at."""
        offset = 0
        while self.written < self._begin and (line := file.readline()):
            offset += len(line)
            self.written += 1
        self._number = self.written
        return offset

    def _account(self, seq: int) -> None:
        if seq == self.written:
            self.written += 1
        elif seq > self.written:
            self._gaps.append(_Gap(self.written, seq, self._number))
            self._tell_gaps(_MOST_GAPS)
            self.written = seq + 1
        else:
            self._fill_gap(seq)

    def _fill_gap(self, seq: int) -> None:
        """A number that is late: out of order if it was missed, else the line is there twice."""
        for gap in self._gaps:
            if gap.begin <= seq < gap.end:
                self._damage.displaced(self.log.shown, self._number, f"line {seq + 1} stands here")
                rest = _Gap(seq + 1, gap.end, gap.number)
                gap.end = seq
                self._gaps += [rest] if rest.begin < rest.end else []
                self._gaps = [gap for gap in self._gaps if gap.begin < gap.end]
                return

    def _tell_gaps(self, most: int) -> None:
        while len(self._gaps) > most:
            gap = self._gaps.pop(0)
            self._damage.missing(self.log.shown, gap.number, gap.end - gap.begin)

    def _torn(self, size: int, begin: bytes) -> None:
        if self._growing:
            return
        zeros = "" if begin.strip(b"\0") else ", all of them zero"
        self._damage.torn(self.log.shown, self._number, f"ends after {size} bytes{zeros}")
        self.written += 1


def _rest_of_line(file: BinaryIO) -> tuple[int, bool]:
    """How many bytes follow up to the end of a line that is too long to be one, and whether it ends at all."""
    size = 0
    while part := file.readline(LONGEST_LINE_BYTES):
        size += len(part)
        if part.endswith(b"\n"):
            return size, True
    return size, False
