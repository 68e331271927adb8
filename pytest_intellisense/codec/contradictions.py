"""Checks of one step that cannot hold together. Only values that are written out are compared; references are left out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.codec.impossible import LATENCIES, is_number, is_reference
from pytest_intellisense.codec.problems import Finding
from pytest_intellisense.model.durations import parse_ns
from pytest_intellisense.model.plan import JsonPath

_POLLED = frozenset(
    {"order_repository_state", "position_manager_state", "price_state", "trading_state", "portfolio_risk_metric"}
)
"""Asked again until they hold, each for itself: two of them may hold one after the other."""
_SUBJECT = ("target_identifier", "field_to_check", "statistic", "event_criteria", "from_event", "to_event", "compare_with_step")
_GROUPS = {"pipeline_timeout_status": "pipeline_completion_status"}

Point = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a check says of its subject: a range of numbers, one other value, or that there is none."""

    path: JsonPath
    name: str
    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False
    value: Any = None
    is_range: bool = False
    is_absent: bool = False

    def excludes(self, other: _Claim) -> bool:
        if self.is_absent or other.is_absent:
            return self.is_absent != other.is_absent
        if self.is_range != other.is_range:
            return True
        if not self.is_range:
            return bool(type(self.value) is not type(other.value) or self.value != other.value)
        first, last = sorted((self, other), key=lambda claim: (claim.low, claim.open_low))
        return first.high < last.low or (first.high == last.low and (first.open_high or last.open_low))


def are_possible(points: Sequence[tuple[JsonPath, Point]]) -> bool:
    """Only checks of one kind can contradict each other."""
    kinds = [_GROUPS.get(kind, kind) for _, point in points if isinstance(kind := point.get("type"), str)]
    return len(set(kinds)) < len(kinds)


def findings(points: Sequence[tuple[JsonPath, Point]]) -> Iterator[Finding]:
    """`points` are the validation points of one step with their paths; the later of two that contradict is the problem."""
    if not are_possible(points):
        return
    by_subject: dict[str, list[_Claim]] = {}
    for path, point in points:
        if (claim := _claim(path, point)) is not None:
            by_subject.setdefault(_subject(point), []).append(claim)
    for claims in by_subject.values():
        for first, second in itertools.combinations(claims, 2):
            if first.excludes(second):
                message = f'this and "{first.name}" cannot both hold'
                yield Finding((*second.path, "validation_id"), message, first_path=(*first.path, "validation_id"))
                break
    yield from _completed_and_timed_out(points)


def _subject(point: Point) -> str:
    return json.dumps([point["type"], *(point.get(name) for name in _SUBJECT)], sort_keys=True, default=str)


def _claim(path: JsonPath, point: Point) -> _Claim | None:
    kind, operator, expected = point.get("type"), point.get("operator", "=="), point.get("expected_value")
    name = str(point.get("validation_id"))
    if (
        not isinstance(kind, str)
        or kind in _POLLED
        or kind == "custom_query"
        or "tolerance" in point
        or is_reference(dict(point))
    ):
        return None
    if kind == "correlation_log_event_count" and "expected_event_count" in point:
        expected = point["expected_event_count"]
    if operator == "not_exists":
        return _Claim(path, name, is_absent=True)
    if operator == "between" and isinstance(expected, list) and len(expected) == 2:
        low, high = (_number(kind, each) for each in expected)
        return None if low is None or high is None else _Claim(path, name, low=low, high=high, is_range=True)
    if (
        operator == "exists"
        or not isinstance(operator, str)
        or (kind == "specific_log_event_field" and "field_to_check" not in point)
    ):
        return None
    number = _number(kind, expected)
    if number is None:
        return _Claim(path, name, value=expected) if operator == "==" and isinstance(expected, str | bool) else None
    return _range(path, name, operator, number)


def _range(path: JsonPath, name: str, operator: str, number: float) -> _Claim | None:
    match operator:
        case "==":
            return _Claim(path, name, low=number, high=number, is_range=True)
        case "<" | "<=":
            return _Claim(path, name, high=number, open_high=operator == "<", is_range=True)
        case ">" | ">=":
            return _Claim(path, name, low=number, open_low=operator == ">", is_range=True)
        case _:
            return None


def _number(kind: str, value: Any) -> float | None:
    if kind in LATENCIES:
        try:
            return parse_ns(value, bare_unit="ms")
        except ValueError:
            return None
    return value if is_number(value) else None


def _completed_and_timed_out(points: Sequence[tuple[JsonPath, Point]]) -> Iterator[Finding]:
    """A pipeline that completed did not run into its deadline."""
    said = {
        (point.get("type"), point.get("operator", "=="), point.get("expected_value")): path
        for path, point in points
        if isinstance(point.get("operator", "=="), str) and isinstance(point.get("expected_value"), bool)
    }
    completed = said.get(("pipeline_completion_status", "==", True))
    timed_out = said.get(("pipeline_timeout_status", "==", True))
    if completed and timed_out:
        first, second = sorted((completed, timed_out), key=lambda path: int(path[-1]))
        message = "a pipeline that completes does not time out: these two cannot both hold"
        yield Finding((*second, "validation_id"), message, first_path=(*first, "validation_id"))
