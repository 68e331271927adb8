"""Work that the application's thread repeats by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from testrade_hooks.reference.worker import Worker


class Periodic:
    """Runs `work` every `interval_s()` seconds, from `start` on. Used from the worker's thread."""

    def __init__(self, worker: Worker, interval_s: Callable[[], float], work: Callable[[], object]) -> None:
        self._worker = worker
        self._interval_s = interval_s
        self._work = work
        self._since = 0.0
        self._waits_s: float | None = None
        self._armed = 0

    def start(self) -> None:
        self._wait(time.monotonic())

    def rearm(self) -> None:
        """Go by the interval of now if it is another one; the time that has passed since the last run counts."""
        if self._interval_s() != self._waits_s:
            self._wait(self._since)

    def _wait(self, since: float) -> None:
        self._armed += 1
        armed = self._armed
        self._since, self._waits_s = since, self._interval_s()

        def due() -> None:
            if armed == self._armed:
                self.start()
                self._work()

        self._worker.after(max(0.0, since + self._waits_s - time.monotonic()), due)
