"""Which events meet criteria: path into the record, then into the payload -> value, list of values, or {operator: value}."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from pytest_intellisense.engine.equality import difference, show
from pytest_intellisense.engine.operators import OPERATORS, OperatorRegistry
from pytest_intellisense.engine.paths import MISSING, Segments, parse_path, walk
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.timeline import TimelineEvent

_WIRE_PREFIX = "TESTRADE_"

RECORD_FIELDS: Mapping[str, Callable[[TimelineEvent], Any]] = {
    "global_sequence_id": attrgetter("global_sequence_id"),
    "event_type": attrgetter("event_type"),
    "testrade_event_type": attrgetter("wire_type"),
    "source_sense": lambda event: str(event.sense),
    "source_component_name": attrgetter("source_component"),
    "correlation_id": attrgetter("correlation_id"),
    "causation_id": attrgetter("causation_id"),
    "event_id": attrgetter("event_id"),
    "redis_stream": attrgetter("stream"),
    "redis_stream_event_id": attrgetter("entry_id"),
    "perf_timestamp_ns": attrgetter("app_time_ns"),
    "epoch_timestamp_s": lambda event: event.received_epoch_ns / 1e9,
    "event_payload": attrgetter("payload"),
    "payload": attrgetter("payload"),
}
"""The keys of `TimelineEvent.record()`, each read without building the whole record."""


def names_of(event: TimelineEvent) -> tuple[str, str, str]:
    """The names a plan may call the event's type by."""
    return event.event_type, event.wire_type, event.wire_type.removeprefix(_WIRE_PREFIX)


def look_up(event: TimelineEvent, segments: Segments) -> Any:
    """The value at a path: in the record, and if there is nothing (or null) there, in the payload."""
    value: Any = MISSING
    getter = RECORD_FIELDS.get(segments[0]) if isinstance(segments[0], str) else None
    if getter is not None:
        value = walk(getter(event), segments[1:])
        if value is not MISSING and value is not None:
            return value
    inside = walk(event.payload, segments)
    return value if inside is MISSING else inside


def field_of(event: TimelineEvent, path: str) -> Any:
    """The value a check reads: in the payload, and if there is nothing there, in the record."""
    segments = parse_path(path)
    value = walk(event.payload, segments)
    return look_up(event, segments) if value is MISSING else value


class Matcher:
    """Criteria, made ready to be asked of many events. Raises PlanError for criteria that cannot be read."""

    def __init__(self, criteria: Mapping[str, Any], operators: OperatorRegistry = OPERATORS) -> None:
        self._operators = operators
        wanted = criteria.get("event_type")
        plain = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list | tuple) else None
        self.event_types = frozenset(plain) if plain and all(isinstance(name, str) for name in plain) else None
        self._conditions = [
            (path, parse_path(path), value)
            for path, value in criteria.items()
            if path != "event_type" or self.event_types is None
        ]

    def __call__(self, event: TimelineEvent) -> bool:
        if self.event_types is not None and not self.is_of_type(event):
            return False
        return all(self._mismatch(event, path, segments, value) is None for path, segments, value in self._conditions)

    def is_of_type(self, event: TimelineEvent) -> bool:
        """Whether the event's type is one the criteria name; True if they name none."""
        if self.event_types is None:
            return True
        return event.event_type in self.event_types or not self.event_types.isdisjoint(names_of(event))

    def differences(self, event: TimelineEvent) -> list[str]:
        """Every condition the event does not meet, in words; the event type is not among them."""
        found = (self._mismatch(event, path, segments, value) for path, segments, value in self._conditions)
        return [words for words in found if words is not None]

    def _mismatch(self, event: TimelineEvent, path: str, segments: Segments, wanted: Any) -> str | None:
        if path == "event_type":
            reasons = [self._reason(name, wanted) for name in names_of(event)]
            return None if None in reasons else f"{path}: {reasons[0]}"
        reason = self._reason(look_up(event, segments), wanted)
        return None if reason is None else f"{path}: {reason}"

    def _reason(self, actual: Any, wanted: Any) -> str | None:
        if isinstance(wanted, Mapping) and len(wanted) == 1:
            ((name, expected),) = wanted.items()
            if name in self._operators:
                return self._operators.compare(name, actual, expected)
        if actual is MISSING:
            return "there is no such value"
        if isinstance(wanted, list | tuple):
            if not wanted:
                raise PlanError("an empty list of allowed values matches nothing")
            if any(difference(actual, one) is None for one in wanted):
                return None
            return f"{show(actual)} is none of {', '.join(map(show, wanted))}"
        return difference(actual, wanted)
