"""Arrivals: the events of a session that are still at hand, in the order of their numbers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.model.timeline import TimelineEvent


class Arrivals:
    """Records come in from one thread; events are made of them when another asks."""

    def __init__(self) -> None:
        self.count = 0
        """The number that the next event will get."""
        self._first = 0
        self._events: list[TimelineEvent] = []
        self._unmade: deque[AnyRecord] = deque()
        self._making = threading.Lock()

    def add(self, record: AnyRecord) -> None:
        self._unmade.append(record)
        self.count += len(record)

    def since(self, sequence: int) -> Sequence[TimelineEvent]:
        """All events from `sequence` on. Raises CaptureFailed if some of them were let go."""
        with self._making:
            self._make()
            if sequence < self._first:
                raise CaptureFailed(
                    f"events {sequence} to {self._first - 1} of this session are no longer in memory",
                    hint="ask from `position()` on, as it was when your test began; all of it is in the session's logs",
                )
            return self._events[sequence - self._first :]

    def let_go(self, before: int) -> None:
        """Forget the events numbered below `before`; what nobody has asked for need not be made for that."""
        with self._making:
            if self._unmade and self._unmade[0].sequence < before:
                while self._unmade and self._unmade[0].sequence + len(self._unmade[0]) <= before:
                    self._unmade.popleft()
                self._events.clear()
                self._first = self._unmade[0].sequence if self._unmade else before
            self._make()
            del self._events[: max(0, before - self._first)]
            self._first = max(self._first, before)

    def _make(self) -> None:
        while self._unmade:
            self._events += [event for event, _ in self._unmade[0].events]
            self._unmade.popleft()
