"""EventPublisher: puts events on Redis streams from a background thread, without ever being in the application's way."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import redis

from testrade_hooks import wire
from testrade_hooks.connection import own_client
from testrade_hooks.outbox import CLOSED as CLOSED
from testrade_hooks.outbox import QUEUE_FULL as QUEUE_FULL
from testrade_hooks.outbox import Outbox
from testrade_hooks.outgoing import OutgoingEvent

NOT_ENCODABLE = "not encodable"
REFUSED_BY_REDIS = "refused by redis"
CONNECTION_LOST = "connection lost"

_SOCKET_TIMEOUT_S = 2.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_REPORT_INTERVAL_S = 1.0

_Entry = tuple[str, dict[Any, Any]]
"""Stream and fields."""

_log = logging.getLogger("testrade_hooks.publisher")


class EventPublisher:
    """Publishes events in the order of `publish`, each at most once.

    `publish` never blocks on Redis and never raises. What cannot be kept or sent is counted by reason in `losses`,
    logged, and announced on the stream of system alerts as soon as Redis takes entries again.
    The payload is copied at once and may be changed afterwards; it becomes JSON in the background.

    `capacity` bounds the waiting events (and 64 MiB their size); `maxlen` trims each stream approximately to that length.
    """

    def __init__(self, redis_client: redis.Redis, *, capacity: int = 10_000, maxlen: int | None = None) -> None:
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._maxlen = maxlen
        self._outbox = Outbox(capacity)
        self._changed = threading.Condition()
        self._in_flight = 0
        self._published = 0
        self._losses: Counter[str] = Counter()
        self._announced: Counter[str] = Counter()
        self._next_report_s = 0.0
        self._abandoned = threading.Event()
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
        """Take the event for sending. False if it was dropped; then it is counted.

        Whether its payload is JSON shows when it is sent: what is not is counted then.
        """
        try:
            outgoing = OutgoingEvent.of(event)
        except Exception:  # noqa: BLE001 - whatever a payload does when it is read, the application must not see it
            return self._drop(NOT_ENCODABLE)
        reason = self._outbox.put(outgoing)
        return reason is None or self._drop(reason)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything taken so far is sent or given up. False if that is not so after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._outbox.waiting and not self._in_flight, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits, for at most `timeout_s`; what is left then is dropped and counted. May be called twice."""
        self._outbox.close()
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            return
        self._abandoned.set()
        self._settle({CLOSED: self._outbox.abandon()}, in_flight=self._in_flight)
        _log.warning("closed while events were waiting for Redis; lost: %s", _in_words(self.losses))

    def _drop(self, reason: str) -> bool:
        with self._changed:
            is_first_news = not self._has_news()
            self._losses[reason] += 1
        if is_first_news:
            self._outbox.wake()
        return False

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        connected = False
        taken: list[OutgoingEvent] = []
        with self._client:
            while not self._abandoned.is_set():
                taken = taken or self._outbox.take(self._patience_s())
                if not (taken or self._report_is_due()):
                    if self._outbox.closed and not self._outbox.waiting:
                        return
                    continue
                connected = connected or self._redis_answers()
                if not connected:
                    self._abandoned.wait(pause_s)
                    pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                    continue
                self._in_flight = len(taken)
                if self._outbox.withdraw(taken):
                    connected, taken, pause_s = self._send(taken), [], _FIRST_PAUSE_S

    def _patience_s(self) -> float | None:
        """How long to wait for the next event: until news have to be told, for ever if there are none."""
        if self._outbox.closed:
            return 0.0
        return max(0.0, self._next_report_s - time.monotonic()) if self._has_news() else None

    def _has_news(self) -> bool:
        return self._losses != self._announced

    def _report_is_due(self) -> bool:
        return self._has_news() and (self._outbox.closed or time.monotonic() >= self._next_report_s)

    def _redis_answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except (redis.RedisError, OSError) as problem:
            _log.warning("Redis does not answer, events wait: %s", problem)
            return False

    def _send(self, batch: Sequence[OutgoingEvent]) -> bool:
        """Send the batch and, if due, the news of losses. False if the connection broke."""
        entries = _encoded(batch)
        unsendable = {NOT_ENCODABLE: len(batch) - len(entries)}
        with self._changed:
            losses = Counter(self._losses) if self._report_is_due() else None
        news = [_loss_alert(losses - self._announced, losses)] if losses else []
        try:
            replies = self._replies([*entries, *_encoded(news)])
        except Exception as problem:  # noqa: BLE001 - the thread must live on; the batch is not repeated, parts may have arrived
            self._settle({CONNECTION_LOST: len(entries), **unsendable})
            _log.warning("the connection to Redis broke, %d events have no confirmation: %s", len(entries), problem)
            return False
        refusals = [reply for reply in replies[: len(entries)] if isinstance(reply, Exception)]
        if refusals:
            _log.warning("Redis refused %d of %d events: %s", len(refusals), len(entries), refusals[0])
        published = len(entries) - len(refusals)
        self._settle({REFUSED_BY_REDIS: len(refusals), **unsendable}, published=published, announced=losses)
        return True

    def _replies(self, entries: Sequence[_Entry]) -> list[Any]:
        """What Redis says to each; a refusal is an exception among them. Raises redis errors."""
        with self._client.pipeline(transaction=False) as pipeline:
            for stream, fields in entries:
                pipeline.xadd(stream, fields, maxlen=self._maxlen)
            return pipeline.execute(raise_on_error=False)

    def _settle(
        self, losses: Mapping[str, int], *, published: int = 0, announced: Counter[str] | None = None, in_flight: int = 0
    ) -> None:
        with self._changed:
            self._losses.update({reason: count for reason, count in losses.items() if count})
            self._published += published
            if announced is not None:
                _log.warning("events lost so far: %s", _in_words(announced))
                self._announced = announced
                self._next_report_s = time.monotonic() + _REPORT_INTERVAL_S
            self._in_flight = in_flight
            self._changed.notify_all()


def _encoded(events: Sequence[OutgoingEvent]) -> list[_Entry]:
    """Streams and fields of those that are JSON."""
    entries: list[_Entry] = []
    for outgoing in events:
        try:
            entries.append((outgoing.event.stream, dict(outgoing.fields())))
        except Exception as problem:  # noqa: BLE001 - whatever a payload does when it is read, the thread must live on
            _log.warning("%s is not JSON and was not sent: %s", outgoing.event.event_type, problem)
    return entries


def _loss_alert(news: Mapping[str, int], total: Mapping[str, int]) -> OutgoingEvent:
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
    return OutgoingEvent.of(alert)


def _in_words(losses: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(losses.items()))
