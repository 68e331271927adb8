"""The one thread that does the application's work, in the order it was asked for, and what falls due in between."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
Work = Callable[[], object]

_log = logging.getLogger(__name__)


class Stopped(RuntimeError):
    """The application was closed before this work was done."""


class Worker:
    """Runs submitted work one piece at a time; work that is due at a time never holds up work that is not."""

    def __init__(self, name: str = "testrade-worker") -> None:
        self._wakeup = threading.Condition()
        self._work: deque[Work] = deque()
        self._due: list[tuple[float, int, Work]] = []
        self._order = itertools.count()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def backlog(self) -> int:
        return len(self._work)

    def submit(self, work: Work) -> None:
        """Do `work` after what was submitted before. An exception in it is logged and ends only this piece."""
        with self._wakeup:
            if self._stopping:
                raise Stopped("the application is closed")
            self._work.append(work)
            self._wakeup.notify()

    def after(self, delay_s: float, work: Work) -> None:
        """Do `work` in `delay_s` seconds."""
        with self._wakeup:
            heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._order), work))
            self._wakeup.notify()

    def call(self, work: Callable[[], T]) -> T:
        """Do `work` after what was submitted before and return its result. Raises what it raises, or Stopped."""
        answer: Future[T] = Future()

        def fulfil() -> None:
            try:
                answer.set_result(work())
            except Exception as problem:  # noqa: BLE001 - it is raised again in the caller's thread
                answer.set_exception(problem)

        self.submit(fulfil)
        while self._thread.is_alive():
            try:
                return answer.result(timeout=0.5)
            except TimeoutError:
                if answer.done():
                    raise
        if answer.done():
            return answer.result()
        raise Stopped("the application was closed before it could answer")

    def close(self) -> None:
        """Finish what was submitted, drop what is not due yet, and end the thread."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:  # noqa: BLE001 - one failed piece must not end the application
                _log.exception("work failed")

    def _next(self) -> Work | None:
        with self._wakeup:
            while True:
                if self._due and not self._stopping and self._due[0][0] <= time.monotonic():
                    return heapq.heappop(self._due)[2]
                if self._work:
                    return self._work.popleft()
                if self._stopping:
                    return None
                self._wakeup.wait(self._due[0][0] - time.monotonic() if self._due else None)
