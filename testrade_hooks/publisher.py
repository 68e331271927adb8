"""EventPublisher: puts events on Redis streams from a background thread, without ever being in the application's way."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import redis

from testrade_hooks import wire
from testrade_hooks.connection import own_client

QUEUE_FULL = "queue full"
NOT_ENCODABLE = "not encodable"
CLOSED = "closed"
REFUSED_BY_REDIS = "refused by redis"
CONNECTION_LOST = "connection lost"

_CAPACITY_BYTES = 64 * 1024 * 1024
_BATCH_ENTRIES = 128
_BATCH_BYTES = 4 * 1024 * 1024
_SOCKET_TIMEOUT_S = 2.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_REPORT_INTERVAL_S = 1.0

_log = logging.getLogger("testrade_hooks.publisher")


@dataclass(slots=True)
class _Entry:
    stream: str
    fields: dict[Any, Any]
    size: int


class EventPublisher:
    """Publishes events in the order of `publish`, each at most once.

    `publish` never blocks on Redis and never raises. What cannot be kept or sent is counted by reason in `losses`,
    logged, and announced on the stream of system alerts as soon as Redis takes entries again.
    The event is encoded at once, so the payload may be changed afterwards.

    `capacity` bounds the waiting events (and 64 MiB their size); `maxlen` trims each stream approximately to that length.
    """

    def __init__(self, redis_client: redis.Redis, *, capacity: int = 10_000, maxlen: int | None = None) -> None:
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._capacity = capacity
        self._maxlen = maxlen
        self._changed = threading.Condition()
        self._waiting: deque[_Entry] = deque()
        self._waiting_bytes = 0
        self._in_flight = 0
        self._published = 0
        self._losses: Counter[str] = Counter()
        self._announced: Counter[str] = Counter()
        self._next_report_s = 0.0
        self._closing = False
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name="testrade-publisher", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    @property
    def published(self) -> int:
        """Events that Redis confirmed."""
        return self._published

    @property
    def dropped(self) -> int:
        """Events that were never sent: queue full, not encodable, closed."""
        return sum(self._losses[reason] for reason in (QUEUE_FULL, NOT_ENCODABLE, CLOSED))

    @property
    def failed(self) -> int:
        """Events that were sent and not confirmed: Redis refused them, or the connection broke before its answer."""
        return self._losses[REFUSED_BY_REDIS] + self._losses[CONNECTION_LOST]

    @property
    def losses(self) -> dict[str, int]:
        """Everything dropped or failed, counted by reason."""
        with self._changed:
            return dict(self._losses)

    def publish(self, event: wire.WireEvent) -> bool:
        """Take the event for sending. False if it was dropped; then it is counted."""
        try:
            fields: dict[Any, Any] = wire.encode(event)
        except Exception:  # noqa: BLE001 - whatever a payload does when it is read, the application must not see it
            return self._drop(NOT_ENCODABLE)
        entry = _Entry(event.stream, fields, sum(map(len, fields.values())))
        with self._changed:
            if self._closing:
                return self._drop(CLOSED)
            if len(self._waiting) >= self._capacity or self._waiting_bytes + entry.size > _CAPACITY_BYTES:
                return self._drop(QUEUE_FULL)
            self._waiting.append(entry)
            self._waiting_bytes += entry.size
            self._changed.notify_all()
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything taken so far is sent or given up. False if that is not so after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._in_flight, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits, for at most `timeout_s`; what is left then is dropped and counted. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            return
        with self._changed:
            self._abandoned = True
            self._losses[CLOSED] += len(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
        _log.warning("closed while events were waiting for Redis; lost: %s", _in_words(self.losses))

    def _drop(self, reason: str) -> bool:
        with self._changed:
            self._losses[reason] += 1
            self._changed.notify_all()
        return False

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        connected = False
        with self._client:
            while self._wait_for_work():
                connected = connected or self._redis_answers()
                if connected:
                    pause_s = _FIRST_PAUSE_S
                    connected = self._send(self._next_batch())
                else:
                    self._pause(pause_s)
                    pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    def _wait_for_work(self) -> bool:
        """True: there is something to send. False: closed, and nothing is left to do."""
        with self._changed:
            while not (self._waiting or self._closing or self._report_is_due()):
                self._changed.wait(max(0.0, self._next_report_s - time.monotonic()) if self._has_news() else None)
            return not self._abandoned and bool(self._waiting or self._has_news())

    def _has_news(self) -> bool:
        return self._losses != self._announced

    def _report_is_due(self) -> bool:
        return self._has_news() and (self._closing or time.monotonic() >= self._next_report_s)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned, seconds)

    def _redis_answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except (redis.RedisError, OSError) as problem:
            _log.warning("Redis does not answer, events wait: %s", problem)
            return False

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size = 0
        with self._changed:
            while self._waiting and len(batch) < _BATCH_ENTRIES and size < _BATCH_BYTES:
                entry = self._waiting.popleft()
                self._waiting_bytes -= entry.size
                size += entry.size
                batch.append(entry)
            self._in_flight = len(batch)
        return batch

    def _send(self, batch: Sequence[_Entry]) -> bool:
        """Send the batch and, if due, the news of losses. False if the connection broke."""
        with self._changed:
            losses = Counter(self._losses) if self._report_is_due() else None
        entries = [*batch, _loss_alert(losses - self._announced, losses)] if losses else batch
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    pipeline.xadd(entry.stream, entry.fields, maxlen=self._maxlen)
                replies = pipeline.execute(raise_on_error=False)
        except Exception as problem:  # noqa: BLE001 - the thread must live on; the batch is not repeated, parts may have arrived
            self._settle({CONNECTION_LOST: len(batch)})
            _log.warning("the connection to Redis broke, %d events have no confirmation: %s", len(batch), problem)
            return False
        refusals = [reply for reply in replies[: len(batch)] if isinstance(reply, Exception)]
        if refusals:
            _log.warning("Redis refused %d of %d events: %s", len(refusals), len(batch), refusals[0])
        self._settle({REFUSED_BY_REDIS: len(refusals)}, published=len(batch) - len(refusals), announced=losses)
        return True

    def _settle(self, losses: Mapping[str, int], *, published: int = 0, announced: Counter[str] | None = None) -> None:
        with self._changed:
            self._losses.update({reason: count for reason, count in losses.items() if count})
            self._published += published
            if announced is not None:
                _log.warning("events lost so far: %s", _in_words(announced))
                self._announced = announced
                self._next_report_s = time.monotonic() + _REPORT_INTERVAL_S
            self._in_flight = 0
            self._changed.notify_all()


def _loss_alert(news: Mapping[str, int], total: Mapping[str, int]) -> _Entry:
    alert = wire.event(
        "TESTRADE_SYSTEM_ALERT",
        {
            "alert_id": str(uuid.uuid4()),
            "severity": "WARNING",
            "message": f"events lost on their way to Redis: {_in_words(news)}",
            "component": "EventPublisher",
            "details": dict(total),
        },
        source_component="EventPublisher",
    )
    return _Entry(alert.stream, wire.encode(alert), 0)


def _in_words(losses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(losses.items()))
