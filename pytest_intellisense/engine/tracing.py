"""Which captured events belong to an injection: by its correlation id, and by other ids where that one breaks."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pytest_intellisense.engine.latency import precedes
from pytest_intellisense.model.timeline import TimelineEvent

Key = tuple[str, str]

REQUEST, LOCAL_ORDER, BROKER_ORDER = "request_id", "local_order_id", "broker_order_id"
_CAUSE, _SELF = "causation_id", "event_id"

_ORDER_ID_FIELDS: Mapping[str, str] = {
    "request_id": REQUEST,
    "original_request_id": REQUEST,
    "order_request_id": REQUEST,
    "local_order_id": LOCAL_ORDER,
    "local_id": LOCAL_ORDER,
    "local_copy_id": LOCAL_ORDER,
    "broker_order_id": BROKER_ORDER,
    "order_id": BROKER_ORDER,
    "broker_id": BROKER_ORDER,
    "ls_order_id": BROKER_ORDER,
}
_ORDER_ID_NAMES = frozenset(_ORDER_ID_FIELDS)
_BODIES = ("order_request_data", "original_request", "broker_payload", "context", "meta")
"""Where senders put an order, or what they know of it, inside a payload."""
_MASTER_ID_FIELDS = ("master_correlation_id", "causing_correlation_id", "correlation_id", "origin_correlation_id")
_LAST_ORDER_ID_FIELD = "last_order_correlation_id"
"""On a position: the chain that changed it last. It outlives that chain, so it counts only where the event has no id."""
_CAUSE_FIELDS = frozenset(
    {"causation_id", "original_ocr_event_id", "related_ocr_event_id", "origin_ocr_event_id"}
    | {"cleaned_snapshot_event_id", "source_event_id", "parent_event_id"}
)
_NO_ID = frozenset({"", "None", "null", "0", "-1", "-999", "MISSING_CORRELATION_ID"})


class Joined(msgspec.Struct, frozen=True):
    """An event of the chain; `by` names the id that joined it."""

    event: TimelineEvent
    by: str

    def renewed(self, now: Mapping[int, TimelineEvent]) -> Joined:
        event = now.get(self.event.global_sequence_id)
        return self if event is None else Joined(event, self.by)


class Chain:
    """The events of one injection, joined one at a time, in any order.

    `correlation_id` is the master id. `seeds` are ids known beforehand (the request id of a trade command, the order
    an answer of the broker is about). `foreign` holds the master ids of other injections: their events are not joined
    by an order id, because order ids are reused after a reset, unless `adopts_foreign` (an answer of the broker
    continues the chain of an earlier order). Even then only what came after the injection is its doing: an event of
    the order's earlier life may be captured late.
    """

    def __init__(
        self, correlation_id: str, *, seeds: Iterable[Key] = (), foreign: Container[str] = (), adopts_foreign: bool = False
    ) -> None:
        self.correlation_id = correlation_id
        self.joined: list[Joined] = []
        self._known: set[Key] = set(seeds)
        self._foreign = foreign
        self._adopts_foreign = adopts_foreign
        self._unlearned: list[TimelineEvent] = []
        self._parked: dict[Key, list[TimelineEvent]] = {}
        self._numbers: set[int] = set()
        self._command: TimelineEvent | None = None
        self._before_command: list[TimelineEvent] = []

    def __contains__(self, event: TimelineEvent) -> bool:
        return event.global_sequence_id in self._numbers

    def add(self, event: TimelineEvent) -> list[Joined]:
        """Take one captured event; returns what it brought into the chain: itself, and earlier ones it explains."""
        first = len(self.joined)
        if event.correlation_id == self.correlation_id:
            self._join(event, "correlation_id")
            if self._adopts_foreign and self._command is None and event.event_type == "INJECTION_COMMAND":
                self._command = event
                for early in self._before_command:
                    self.add(early)
            return self.joined[first:]
        if self._adopts_foreign:
            if self._command is None:
                self._before_command.append(event)
                return []
            if precedes(event, self._command):
                return []
        self._learn()
        links = self._links(event)
        reason = self._reason(event, links)
        if reason is not None:
            self._join(event, reason)
            return self.joined[first:]
        for key in links:
            self._parked.setdefault(key, []).append(event)
        return []

    def _reason(self, event: TimelineEvent, links: Iterable[Key]) -> str | None:
        own = self.correlation_id
        if any(body.get(name) == own for body in _bodies(event.payload) for name in _MASTER_ID_FIELDS):
            return "correlation_id"
        if event.payload.get(_LAST_ORDER_ID_FIELD) == own and is_broken(event.correlation_id):
            return "correlation_id"
        return next((_label(key) for key in links if key in self._known), None)

    def _join(self, event: TimelineEvent, reason: str) -> None:
        waiting = [(event, reason)]
        while waiting:
            event, reason = waiting.pop()
            if event.global_sequence_id in self._numbers:
                continue
            self._numbers.add(event.global_sequence_id)
            self.joined.append(Joined(event, reason))
            self._unlearned.append(event)
            if self._parked:
                for key in self._learn():
                    waiting.extend((parked, _label(key)) for parked in self._parked.pop(key, ()))

    def _learn(self) -> list[Key]:
        """Take the ids of joined events to heart, new ones returned. Not before they are needed: few chains break."""
        fresh = [key for event in self._unlearned for key in _lessons(event) if key not in self._known]
        self._unlearned.clear()
        self._known.update(fresh)
        return fresh

    def _links(self, event: TimelineEvent) -> list[Key]:
        """The keys by which an event could be joined that does not carry the master id."""
        keys = [(_CAUSE, cause) for cause in causes_of(event)]
        if self._adopts_foreign or event.correlation_id not in self._foreign:
            keys.extend(_order_keys(event.payload))
        if is_broken(event.correlation_id):
            keys.extend((_SELF, own) for own in ids_of(event))
        return keys


def _lessons(event: TimelineEvent) -> list[Key]:
    """The keys by which further events are joined once this one belongs to the chain."""
    keys = [(_CAUSE, own) for own in ids_of(event)]
    keys.extend((_SELF, cause) for cause in causes_of(event))
    keys.extend(_order_keys(event.payload))
    return keys


def _label(key: Key) -> str:
    return "causation_id" if key[0] == _SELF else key[0]


def is_broken(correlation_id: str | None) -> bool:
    """Whether the id says nothing: missing, or made up by the sender for an event that had none."""
    return not correlation_id or correlation_id.startswith("REPAIRED_") or correlation_id in _NO_ID


def ids_of(event: TimelineEvent) -> list[str]:
    """The ids by which other events name this one as their cause."""
    own = [event.event_id] if event.event_id else []
    inner = event.payload.get("event_id")
    if isinstance(inner, str) and inner and inner != event.event_id:
        own.append(inner)
    return own


def causes_of(event: TimelineEvent) -> list[str]:
    """The ids of the events this one says it follows from."""
    causes = [event.causation_id] if event.causation_id else []
    for body in _bodies(event.payload):
        for name in body.keys() & _CAUSE_FIELDS:
            cause = body[name]
            if isinstance(cause, str) and cause and cause not in causes:
                causes.append(cause)
    return causes


def _order_keys(payload: Mapping[str, Any]) -> list[Key]:
    keys = []
    for body in _bodies(payload):
        for name in body.keys() & _ORDER_ID_NAMES:
            text = _id_text(body[name])
            if text not in _NO_ID:
                keys.append((_ORDER_ID_FIELDS[name], text))
    return keys


def _bodies(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The payload, and what stands one or two levels down in it about an order."""
    yield payload
    for name in _BODIES:
        inner = payload.get(name)
        if isinstance(inner, Mapping):
            yield inner
            meta = inner.get("meta")
            if isinstance(meta, Mapping):
                yield meta


def _id_text(value: object) -> str:
    """An id as text, so that 17, 17.0 and "17" are one; "" for what is no id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def order_seeds(order_id: object) -> tuple[Key, ...]:
    """Seeds for an order that is named by its request, local or broker id, nobody says which."""
    text = str(order_id)
    return (REQUEST, text), (LOCAL_ORDER, text), (BROKER_ORDER, text)
