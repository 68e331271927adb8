"""SegmentCompressor: compresses the segments that a running recorder has closed, while it records."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.housekeeping.compression import compress_session

_LESS_URGENT = 10


class SegmentCompressor:
    """Works in a thread that gives way to all others. A problem is told once, and ends the compressing, not the recording."""

    def __init__(self, directory: Path, tell: Callable[[str], None]) -> None:
        self._directory = directory
        self._tell = tell
        self._newest = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def look(self, newest_segment: int) -> None:
        """What lies before the segment that is being written now is compressed, sooner or later."""
        with self._changed:
            if newest_segment <= max(self._newest, 1):
                return
            self._newest = newest_segment
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="intellisense-compressor", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End what has begun. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LESS_URGENT)
        done = 0
        while (newest := self._next(done)) is not None:
            try:
                compress_session(self._directory)
            except IntelliSenseError as problem:
                self._tell(f"closed segments are not compressed any more: {problem}")
                return
            done = newest

    def _next(self, done: int) -> int | None:
        """Wait for a segment newer than `done`; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._newest > done)
            return None if self._closing else self._newest
