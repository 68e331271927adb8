"""Dashcam: of all that is recorded, only what happened around certain events stays on disk."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.disk import failed_on
from pytest_intellisense.capture.paths import IMAGES, LOGS, UNPARSED, segment_directory
from pytest_intellisense.capture.segmented_log import Segment, SegmentLimits
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.model.timeline import TimelineEvent

_SLICES = 10
_SHORTEST_SLICE_S = 0.5


@dataclass(slots=True)
class Dropped:
    """What was deleted on purpose, because nothing worth keeping happened near it.

    `unfinished` are segments that are counted here and whose logs may still be there after a kill.
    """

    segments: int = 0
    images: int = 0
    bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    unfinished: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Slice:
    """A segment and the times of receipt of what it holds, in nanoseconds."""

    segment: Segment
    first_ns: int
    last_ns: int


class Dashcam:
    """Keeps `before_s` before and `after_s` after every event for which `is_wanted` holds, in whole slices.

    A slice is a segment of a tenth of `before_s`, at least half a second. Times are those of receipt. An event that is wanted
    must be shown by `look` before it is written. `on_drop` is called when `dropped` was counted and before anything is deleted.
    """

    def __init__(self, directory: Path, is_wanted: Callable[[TimelineEvent], bool], before_s: float, after_s: float) -> None:
        self.dropped = Dropped()
        self.hits = 0
        self.on_drop: Callable[[], None] = lambda: None
        self._directory = directory
        self._is_wanted = is_wanted
        self._before_ns = round(before_s * 1e9)
        self._after_ns = round(after_s * 1e9)
        self._goes_on = False
        self._lock = threading.Lock()
        self._windows: list[tuple[int, int]] = []
        self._undecided: list[_Slice] = []
        self._kept_images: set[str] = set()
        self._referred_to: deque[tuple[int, str]] = deque()
        """Images of events that are not yet written, also those that came with an earlier event."""
        self._present: _Slice | None = None

    @staticmethod
    def limits(before_s: float) -> SegmentLimits:
        """The segments that are needed to keep `before_s`."""
        return SegmentLimits(age_s=max(before_s / _SLICES, _SHORTEST_SLICE_S))

    def go_on(self, facts: Mapping[str, Any], segment: int) -> None:
        """Take an interrupted session up in `segment`; `facts` are its session.json. Raises CaptureFailed.

        Its last windows are not known: all that is on disk stays, and what comes within `after_s` of the first event.
        """
        self.dropped, self.hits = Dropped(**facts["dropped"]), facts["dashcam"]["hits"]
        try:
            for number in self.dropped.unfinished:
                if number != segment:
                    self._delete_logs(number)
            self._kept_images = {f"{IMAGES}/{path.name}" for path in (self._directory / IMAGES).iterdir()}
        except OSError as error:
            raise failed_on(self._directory, error) from error
        self._goes_on = True

    def look(self, events: Sequence[TimelineEvent]) -> None:
        """Called by the reading thread with every event, before it is handed to the writing one."""
        if self._goes_on and events:
            self._goes_on = False
            self._open_window(events[0].received_ns)
        for event in events:
            if event.image is not None:
                self._referred_to.append((event.received_ns, event.image.path))
            if self._is_wanted(event):
                self.hits += 1
                self._open_window(event.received_ns)

    def written(self, segment: Segment, batches: Sequence[Batch], *, may_drop: bool = True) -> None:
        """Called by the writing thread: `batches` are in `segment` now. Drops what is too old. Raises CaptureFailed."""
        first, last = batches[0].received.monotonic_ns, batches[-1].received.monotonic_ns
        present = self._present
        if present is None or present.segment is not segment:
            if present is not None:
                self._undecided.append(present)
            self._present = present = _Slice(segment, first, last)
        present.last_ns = last
        while self._referred_to and self._referred_to[0][0] <= last:
            segment.images.add(self._referred_to.popleft()[1])
        if may_drop:
            self._decide(until_ns=last - self._before_ns)

    def finish(self) -> None:
        """Nothing more will be written: drop what no window covers. Raises CaptureFailed."""
        if self._present is not None:
            self._undecided.append(self._present)
            self._present = None
        self._decide(until_ns=None)

    def _open_window(self, at_ns: int) -> None:
        window = (at_ns - self._before_ns, at_ns + self._after_ns)
        with self._lock:
            if self._windows and window[0] <= self._windows[-1][1]:
                window = (self._windows.pop()[0], window[1])
            self._windows.append(window)

    def _decide(self, until_ns: int | None) -> None:
        """Slices that a later event cannot reach (they end before `until_ns`; None: there are no later events) go, or stay."""
        with self._lock:
            windows = list(self._windows)
        undecided: list[_Slice] = []
        superfluous: list[Segment] = []
        for one in self._undecided:
            if any(begin <= one.last_ns and one.first_ns <= end for begin, end in windows):
                self._kept_images |= one.segment.images
            elif until_ns is None or one.last_ns < until_ns:
                superfluous.append(one.segment)
            else:
                undecided.append(one)
        self._undecided = undecided
        if superfluous:
            self._drop(superfluous)
        self._forget_windows()

    def _forget_windows(self) -> None:
        present = [self._present] if self._present is not None else []
        oldest = min((one.first_ns for one in (*self._undecided, *present)), default=0)
        with self._lock:
            self._windows = [window for window in self._windows if window[1] >= oldest]

    def _drop(self, segments: Sequence[Segment]) -> None:
        """Counted before it is done, also in session.json. Lines first: at no moment is a line there without its image."""
        for segment in segments:
            self._count(segment)
        self.dropped.unfinished = [segment.number for segment in segments]
        self.on_drop()
        try:
            for segment in segments:
                self._delete_logs(segment.number)
            self._drop_images({image for segment in segments for image in segment.images})
        except OSError as error:
            raise failed_on(self._directory, error) from error

    def _delete_logs(self, number: int) -> None:
        folder = segment_directory(self._directory, number)
        if folder == self._directory:
            for name in (*LOGS, UNPARSED):
                (folder / name).unlink(missing_ok=True)
        elif folder.exists():
            shutil.rmtree(folder)

    def _count(self, segment: Segment) -> None:
        self.dropped.segments += 1
        self.dropped.bytes += segment.size_bytes
        for name, lines in segment.counts.items():
            self.dropped.counts[name] = self.dropped.counts.get(name, 0) + lines

    def _drop_images(self, images: set[str]) -> None:
        """Those that no segment needs which is kept, undecided or being written."""
        images -= self._kept_images
        for one in self._undecided:
            images -= one.segment.images
        if self._present is not None:
            images -= self._present.segment.images
        for image in images:
            path = self._directory / image
            with suppress(FileNotFoundError):  # a slice before this one had it too
                self.dropped.bytes += path.stat().st_size
                path.unlink()
                self.dropped.images += 1
