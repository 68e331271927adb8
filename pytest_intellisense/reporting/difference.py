"""What was expected beside what came: both as text, where they differ, and by how much."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pytest_intellisense.engine.equality import is_number
from pytest_intellisense.model.durations import format_ns, parse_ns
from pytest_intellisense.reporting.rows import REGRESSION, OutcomeRow

Span = tuple[int, int]

_IN_MS = frozenset({"pipeline_latency", "latency_between", REGRESSION})
_SAME = frozenset({"==", "equals"})
_EQUALITY = _SAME | {"!=", "approx"}
_SPELLED_OUT_LIMIT = 400
_TYPE_NAMES = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
    type(None): "nothing",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """`*_spans` are the ranges of characters that differ, empty where pointing at characters would say nothing."""

    expected: str
    actual: str
    expected_spans: Sequence[Span]
    actual_spans: Sequence[Span]
    note: str

    @property
    def first_differing(self) -> int | None:
        return _common_prefix(self.expected, self.actual) if self.actual_spans or self.expected_spans else None


def difference(outcome: OutcomeRow) -> Difference:
    show = _shown_duration if outcome["type"] in _IN_MS else shown
    expected, actual = show(outcome["expected"]), show(outcome["actual"])
    if outcome["operator"] not in _SAME:
        return Difference(f"{outcome['operator']} {expected}".strip(), actual, (), (), _note(outcome))
    if outcome["passed"] or not _comparable(outcome["expected"], outcome["actual"]):
        return Difference(expected, actual, (), (), _note(outcome))
    return Difference(expected, actual, *_spans(expected, actual), _note(outcome))


def shown(value: Any) -> str:
    """A value as the plan would write it: texts in quotes, numbers bare."""
    return json.dumps(value, ensure_ascii=False)


def _shown_duration(value: Any) -> str:
    """Durations stand in rows as the plan writes them: texts with a unit, or bare numbers of ms."""
    if isinstance(value, list):
        return " and ".join(map(_shown_duration, value))
    value_ns = _duration_ns(value)
    return shown(value) if value_ns is None else value if isinstance(value, str) else format_ns(value_ns)


def _duration_ns(value: Any) -> int | None:
    try:
        return parse_ns(value, bare_unit="ms")
    except (ValueError, ArithmeticError):
        return None


def _comparable(expected: Any, actual: Any) -> bool:
    return expected is not None and actual is not None and not isinstance(expected, bool)


def _spans(expected: str, actual: str) -> tuple[list[Span], list[Span]]:
    if max(len(expected), len(actual)) > _SPELLED_OUT_LIMIT:
        start = _common_prefix(expected, actual)
        return [(start, len(expected))], [(start, len(actual))]
    changes = [
        change
        for change in difflib.SequenceMatcher(None, expected, actual, autojunk=False).get_opcodes()
        if change[0] != "equal"
    ]
    return [(a, b) for _, a, b, _, _ in changes if b > a], [(c, d) for _, _, _, c, d in changes if d > c]


def _common_prefix(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _note(outcome: OutcomeRow) -> str:
    expected, actual = outcome["expected"], outcome["actual"]
    tolerance = outcome.get("tolerance")
    allowed = f" (tolerance {tolerance})" if tolerance is not None else ""
    if outcome["type"] in _IN_MS:
        limit_ns, took_ns = _duration_ns(expected), _duration_ns(actual)
        return "" if limit_ns is None or took_ns is None else f"delta {_signed_ns(took_ns - limit_ns)}{allowed}"
    if is_number(expected) and is_number(actual):
        if expected == actual:
            return ""
        return f"delta {Decimal(str(actual)) - Decimal(str(expected)):+}{allowed}"
    if _type_name(expected) != _type_name(actual) and outcome["operator"] in _EQUALITY and None not in (expected, actual):
        return f"{_type_name(expected)} expected, {_type_name(actual)} found"
    return allowed.strip(" ()")


def _signed_ns(delta_ns: int) -> str:
    return f"{'+' if delta_ns > 0 else ''}{format_ns(delta_ns)}"


def _type_name(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), "value")


def duration(value_ns: int | float | None) -> str:
    return "—" if value_ns is None else format_ns(value_ns)
