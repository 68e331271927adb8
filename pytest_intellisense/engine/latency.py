"""When events happened, and the time between them. Only times of one clock are subtracted."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.model.results import StageResult
from pytest_intellisense.model.timeline import TimelineEvent

APP, RECEIVED = "app", "received"


@dataclass(frozen=True, slots=True)
class Origin:
    """The intended time of an injection on our clock; `clock` is the name publishers on the same clock give it."""

    intended_ns: int
    clock: str | None

    def at(self, event: TimelineEvent) -> tuple[int, str]:
        """Nanoseconds after the injection: by the publisher's stamp on our clock, else by our stamp at receipt."""
        if event.app_time_ns is not None and event.app_clock is not None and event.app_clock == self.clock:
            return event.app_time_ns - self.intended_ns, APP
        return event.received_ns - self.intended_ns, RECEIVED


def _on_one_clock(first: TimelineEvent, second: TimelineEvent) -> int | None:
    """Nanoseconds from one event to another by the publishers' stamps, None if their clocks cannot be compared."""
    if first.app_clock is None or first.app_clock != second.app_clock:
        return None
    if first.app_time_ns is None or second.app_time_ns is None:
        return None
    return second.app_time_ns - first.app_time_ns


def between(first: TimelineEvent, second: TimelineEvent) -> tuple[int, str]:
    """Nanoseconds from one event to another: by the publishers' stamps if they share a clock, else by our receipts."""
    stamped = _on_one_clock(first, second)
    return (stamped, APP) if stamped is not None else (second.received_ns - first.received_ns, RECEIVED)


def precedes(first: TimelineEvent, second: TimelineEvent) -> bool | None:
    """Whether `first` came before `second`; None where neither a common clock nor the server's ids can tell."""
    stamped = _on_one_clock(first, second)
    if stamped is not None:
        return None if stamped == 0 else stamped > 0
    if first.stream == second.stream:
        return first.global_sequence_id < second.global_sequence_id
    mine, others = _server_ms(first.entry_id), _server_ms(second.entry_id)
    return mine < others if mine is not None and others is not None and mine != others else None


def _server_ms(entry_id: str) -> int | None:
    milliseconds = entry_id.partition("-")[0]
    return int(milliseconds) if milliseconds.isdecimal() else None


_INTERNAL_FIELDS = (
    "component_processing_latency_ns",
    "preprocessing_latency_ns",
    "processing_latency_ns",
    "assessment_duration_ns",
    "execution_duration_ns",
)
_MILESTONE = re.compile(r"[Tt](\d+)_\w*_ns")


def component_internal_ns(payload: Mapping[str, Any]) -> int | None:
    """How long the component itself took, as it says: a duration, or the span of its milestones (T4_…_ns to T6_…_ns)."""
    for name in _INTERNAL_FIELDS:
        value = payload.get(name)
        if type(value) is int:
            return value
    stamps = [value for name, value in payload.items() if type(value) is int and _MILESTONE.fullmatch(name)]
    return max(stamps) - min(stamps) if len(stamps) >= 2 else None


def latency_keys(stages: Sequence[StageResult], end_ns: int | None, end_source: str) -> tuple[dict[str, int], frozenset[str]]:
    """Every latency of a traced pipeline, and the names of those measured between our receipts."""
    found: dict[str, int] = {}
    received: set[str] = set()

    def note(name: str, value_ns: int, source: str) -> None:
        found[name] = value_ns
        if source == RECEIVED:
            received.add(name)

    previous: StageResult | None = None
    for stage in stages:
        if stage.event is None or stage.at_ns is None or stage.absent:
            continue
        note(f"{stage.key}_from_inject_ns", stage.at_ns, stage.time_source)
        if previous is not None and previous.event is not None:
            note(f"{previous.key}_to_{stage.key}_ns", *between(previous.event, stage.event))
        if (internal := component_internal_ns(stage.event.payload)) is not None:
            note(f"{stage.key}_component_internal_ns", internal, APP)
        previous = stage
    if end_ns is not None:
        note("total_observed_pipeline_ns", end_ns, end_source)
    return found, frozenset(received)


_PERCENTILES = {"p90": 90, "p95": 95, "p99": 99}


def statistic_of(name: str, values: Sequence[int]) -> int:
    """One figure over values that all occurred: a percentile is a value that was measured, never an interpolation."""
    if name in _PERCENTILES:
        rank = math.ceil(_PERCENTILES[name] / 100 * len(values))
        return sorted(values)[rank - 1]
    if name == "median":
        return round(statistics.median(values))
    if name == "mean":
        return round(statistics.fmean(values))
    return min(values) if name == "min" else max(values)
