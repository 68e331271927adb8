"""SegmentedLog: a log that goes on in a new segment when the present one is large or old enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_intellisense.capture.writer import Durability, LogWriter
from pytest_intellisense.codec.pictures import Picture


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """A segment ends with the first write after it reached `size_bytes` (lines only) or `age_s`."""

    size_bytes: int = 256 * 1024 * 1024
    age_s: float = 900.0


@dataclass(slots=True)
class Segment:
    """What was written to one segment; `images` are paths relative to the session directory."""

    number: int
    begun_s: float
    size_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)


class SegmentedLog(LogWriter):
    """What is written until `settle` stays in one segment.

    `on_closed` is told each finished segment, by the writing thread; its files will not be written to again.
    """

    def __init__(
        self,
        directory: Path,
        durability: Durability,
        limits: SegmentLimits,
        *,
        on_closed: Callable[[Segment], None] = lambda _segment: None,
        again: bool = False,
    ) -> None:
        super().__init__(directory, durability, again=again)
        self.current = Segment(self.segment, time.monotonic())
        self._limits = limits
        self._on_closed = on_closed
        self._is_settled = True

    def write(self, pictures: Iterable[Picture], texts: Mapping[str, list[bytes]]) -> None:
        pictures = list(pictures)
        if self._is_settled and self._is_due():
            self.rotate()
            closed, self.current = self.current, Segment(self.segment, time.monotonic())
            self._on_closed(closed)
        self._is_settled = False
        super().write(pictures, texts)
        segment = self.current
        segment.images.update(picture.ref.path for picture in pictures)
        for name, records in texts.items():
            segment.counts[name] = segment.counts.get(name, 0) + len(records)
            segment.size_bytes += sum(map(len, records))

    def settle(self) -> None:
        super().settle()
        self._is_settled = True

    def _is_due(self) -> bool:
        segment = self.current
        if not segment.counts:
            segment.begun_s = time.monotonic()
            return False
        return segment.size_bytes >= self._limits.size_bytes or time.monotonic() - segment.begun_s >= self._limits.age_s
