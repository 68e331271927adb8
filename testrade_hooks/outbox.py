"""Outbox: events on their way from the threads of the application to the one that sends them."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress

from testrade_hooks.outgoing import OutgoingEvent

QUEUE_FULL = "queue full"
CLOSED = "closed"

_CAPACITY_BYTES = 64 * 1024 * 1024
_BATCH_EVENTS = 128
_BATCH_BYTES = 4 * 1024 * 1024


class Outbox:
    """Any thread puts, one thread takes; at most `capacity` events and 64 MiB wait.

    To put costs a few microseconds: waking the sender is left to a queue that does it without Python code.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: queue.SimpleQueue[OutgoingEvent | None] = queue.SimpleQueue()
        self._counts = threading.Lock()
        self._waiting = 0
        self._waiting_bytes = 0
        self._closed = False
        self._abandoned = False

    @property
    def waiting(self) -> int:
        """Events that were put and not withdrawn."""
        return self._waiting

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, event: OutgoingEvent) -> str | None:
        """The reason why it was not taken, or None."""
        with self._counts:
            if self._closed:
                return CLOSED
            if self._waiting >= self._capacity or self._waiting_bytes + event.size > _CAPACITY_BYTES:
                return QUEUE_FULL
            self._waiting += 1
            self._waiting_bytes += event.size
            self._events.put(event)
        return None

    def take(self, timeout_s: float | None) -> list[OutgoingEvent]:
        """The next events, in the order they were put; none after `timeout_s` or a `wake`. They still count as waiting."""
        batch: list[OutgoingEvent] = []
        size = 0
        with suppress(queue.Empty):
            event = self._events.get(timeout=timeout_s)
            while event is not None:
                batch.append(event)
                size += event.size
                if len(batch) >= _BATCH_EVENTS or size >= _BATCH_BYTES:
                    break
                event = self._events.get_nowait()
        return batch

    def withdraw(self, batch: list[OutgoingEvent]) -> bool:
        """What was taken is to be sent now and waits no more. False: it was given up meanwhile."""
        with self._counts:
            if self._abandoned:
                return False
            self._waiting -= len(batch)
            self._waiting_bytes -= sum(event.size for event in batch)
        return True

    def wake(self) -> None:
        """End a `take` that waits."""
        self._events.put(None)

    def close(self) -> None:
        """Take no more events."""
        with self._counts:
            self._closed = True
        self.wake()

    def abandon(self) -> int:
        """Give up what still waits; returns how many that were."""
        with self._counts:
            self._abandoned = True
            given_up, self._waiting, self._waiting_bytes = self._waiting, 0, 0
        self.wake()
        return given_up
