"""Work that the application's thread repeats by itself."""

from __future__ import annotations

from collections.abc import Callable

from testrade_hooks.reference.worker import Worker


class Periodic:
    """Runs `work` every `interval_s()` seconds, read anew each time; a changed interval counts from `rearm`."""

    def __init__(self, worker: Worker, interval_s: Callable[[], float], work: Callable[[], object]) -> None:
        self._worker = worker
        self._interval_s = interval_s
        self._work = work
        self._armed = 0

    def rearm(self) -> None:
        self._armed += 1
        self._wait(self._armed)

    def _wait(self, armed: int) -> None:
        def due() -> None:
            if armed == self._armed:
                self._wait(armed)
                self._work()

        self._worker.after(self._interval_s(), due)
