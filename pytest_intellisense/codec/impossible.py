"""Checks that can never hold, or hold whatever happens: what they expect cannot be meant.

Each rule follows from what the operators and checks do (`engine.comparisons`, `engine.checks`); values that hold a
reference are left out, they are known in the run only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.model.durations import format_ns, parse_ns
from pytest_intellisense.model.plan import JsonPath

Point = Mapping[str, Any]

LATENCIES = frozenset({"pipeline_latency", "latency_between"})
UPPER = frozenset({"<", "<=", "==", "approx"})
LOWER = frozenset({">", ">="})
JSON_TYPES = ("string", "number", "integer", "boolean", "null", "array", "object")
PORTFOLIO_FIGURES = ("gross_notional", "net_shares", "realized_pnl", "open_positions")
QUICKEST_NS = 10_000
"""No event goes through Redis and back in 10 µs; inside of a component 100 ns are possible."""
QUICKEST_INSIDE_NS = 100
LONGEST_NS = 3_600_000_000_000
_TOLERANCE = re.compile(r"\s*\d+(?:\.\d+)?\s*%?\s*")


def findings(point: Point, at: JsonPath, kind: str, deadline_ns: int | None) -> Iterator[Finding]:
    """`deadline_ns`: after which the step is no longer observed; None if that is not known."""
    operator, expected = point.get("operator", "=="), point.get("expected_value")
    if isinstance(operator, str) and "expected_value" in point and not is_reference(expected):
        there = (*at, "expected_value")
        if kind in LATENCIES:
            yield from _latency(point, operator, expected, there, deadline_ns)
        elif (rule := _OF_OPERATORS.get(operator)) and kind != "ocr_text_accuracy":
            yield from rule(operator, expected, there)
        if of_kind := _OF_KINDS.get(kind):
            yield from of_kind(operator, expected, there)
    if kind == "correlation_log_event_count" and isinstance(operator, str):
        key = "expected_event_count" if "expected_event_count" in point else "expected_value"
        yield from _count(operator, point.get(key), (*at, key))
        yield from _two_counts(point, at)
    if kind == "portfolio_risk_metric" and isinstance(field := point.get("field_to_check"), str):
        yield from _figure(field, (*at, "field_to_check"))
    if "tolerance" in point:
        yield from _tolerance(point["tolerance"], (*at, "tolerance"))
    if kind == "custom_query":
        yield from _query(point.get("custom_query_payload"), (*at, "custom_query_payload"))


def operand(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    """What an operator in criteria compares with."""
    if is_reference(expected):
        return
    if rule := _OF_OPERATORS.get(operator):
        yield from rule(operator, expected, at)
    if operator == "matches_regex" and isinstance(expected, str):
        yield from pattern(expected, at)


def pattern(text: str, at: JsonPath) -> Iterator[Finding]:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as problem:
        yield Finding(at, f"this is no regular expression: {problem}")


def is_reference(value: Any) -> bool:
    """Whether a value, or a part of it, is filled in later."""
    if isinstance(value, str):
        return "${" in value or value.startswith("$")
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(is_reference(member) for member in members)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ordering(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not is_number(expected):
        yield Finding(at, f"{operator} needs a number to compare with")


def _list_or_text(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not isinstance(expected, list | str):
        yield Finding(at, f"{operator} needs a list of values")
    elif not expected:
        always = "nothing is in it" if operator == "in" else "everything is outside of it"
        yield Finding(at, f"this is empty: {always}")


def _between(_operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not (isinstance(expected, list) and len(expected) == 2 and all(map(is_number, expected))):
        yield Finding(at, "between needs [lowest, highest]")
    elif expected[0] > expected[1]:
        yield Finding(at, f"between {expected[0]} and {expected[1]} there is nothing: write the lower bound first")


def _text(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not isinstance(expected, str):
        yield Finding(at, f"{operator} needs a text")
    elif not expected:
        yield Finding(at, f"every text passes {operator} with an empty text")


def _contains(_operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if expected == "":
        yield Finding(at, "every text contains an empty text")


def _values(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not isinstance(expected, list) or not expected:
        yield Finding(at, f"{operator} needs a list of at least one value")


def _length(_operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not isinstance(expected, int) or isinstance(expected, bool) or expected < 0:
        yield Finding(at, "length needs a whole number that is not negative")


def _type(_operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if expected not in JSON_TYPES:
        yield Finding(at, f'"{expected}" is no type', JSON_TYPES, nearest(expected, JSON_TYPES))


def _contradicts_itself(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if expected is False:
        yield Finding(at, f"{operator} with false contradicts itself: turn the operator round instead")


Rule = Callable[[str, Any, JsonPath], Iterator[Finding]]

_OF_OPERATORS: Mapping[str, Rule] = {
    **dict.fromkeys((">", "<", ">=", "<="), _ordering),
    **dict.fromkeys(("in", "not_in"), _list_or_text),
    **dict.fromkeys(("starts_with", "ends_with", "matches_regex"), _text),
    **dict.fromkeys(("contains", "contains_ignore_case"), _contains),
    **dict.fromkeys(("contains_all", "contains_any"), _values),
    **dict.fromkeys(("exists", "is_empty", "is_not_empty"), _contradicts_itself),
    "between": _between,
    "length": _length,
    "type": _type,
}


def _true_or_false(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if operator in ("==", "!=") and not isinstance(expected, bool):
        meant = str(expected).casefold()
        suggestion = meant if meant in ("true", "false") else ""
        yield Finding(at, "this is compared with true or false, and with nothing else", ("true", "false"), suggestion)


def _ratio(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if is_number(expected) and operator in UPPER and expected <= 0:
        yield Finding(at, "a ratio of two latencies is above 0: this can never hold")


def _order(_operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not isinstance(expected, list) or len(expected) < 2:
        yield Finding(at, "event_order needs a list of at least two stage keys or event types")


_OF_KINDS: Mapping[str, Rule] = {
    "pipeline_completion_status": _true_or_false,
    "pipeline_timeout_status": _true_or_false,
    "latency_comparison": _ratio,
    "event_order": _order,
}


def _count(operator: str, expected: Any, at: JsonPath) -> Iterator[Finding]:
    if not is_number(expected):
        return
    if (operator == ">=" and expected <= 0) or (operator == ">" and expected < 0):
        yield Finding(at, "a count is never below 0: this holds whatever happens")
    elif (operator in ("==", "<=", "approx") and expected < 0) or (operator == "<" and expected <= 0):
        yield Finding(at, "a count is never below 0: this can never hold")
    elif operator == "==" and expected != int(expected):
        yield Finding(at, "a count is a whole number: this can never hold")


def _two_counts(point: Point, at: JsonPath) -> Iterator[Finding]:
    """`expected_event_count` is short for an `expected_value`."""
    count, expected = point.get("expected_event_count"), point.get("expected_value")
    if count is None or expected is None or is_reference(expected) or (is_number(expected) and expected == count):
        return
    message = 'write this or "expected_value": they contradict each other'
    yield Finding((*at, "expected_event_count"), message, first_path=(*at, "expected_value"))


def _figure(field: str, at: JsonPath) -> Iterator[Finding]:
    if field not in PORTFOLIO_FIGURES and not is_reference(field):
        yield Finding(at, f'"{field}" is no figure over all positions', PORTFOLIO_FIGURES, nearest(field, PORTFOLIO_FIGURES))


def _tolerance(value: Any, at: JsonPath) -> Iterator[Finding]:
    if is_number(value) and value < 0:
        yield Finding(at, "a tolerance is never negative")
    elif isinstance(value, str) and not is_reference(value) and not _TOLERANCE.fullmatch(value):
        yield Finding(at, 'this is no tolerance: write a number, or a share like "1 %"')


def _query(payload: Any, at: JsonPath) -> Iterator[Finding]:
    text = payload.get("query") if isinstance(payload, dict) else payload
    if payload is None or is_reference(payload):
        return
    if not isinstance(text, str) or not text:
        yield Finding(at, 'this must be a JMESPath query, or {"query": "…"}')
        return
    import jmespath

    try:
        jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as problem:
        first = str(problem).partition("\n")[0].rstrip(":")
        yield Finding(at if text is payload else (*at, "query"), f"this is no JMESPath query: {first}")


def _latency(point: Point, operator: str, expected: Any, at: JsonPath, deadline_ns: int | None) -> Iterator[Finding]:
    """Values that are no durations are told elsewhere."""
    if operator == "between":
        if not (isinstance(expected, list) and len(expected) == 2):
            yield Finding(at, 'between needs [shortest, longest], such as ["1 ms", "5 ms"]')
            return
        limits = [_ns(each) for each in expected]
        if None not in limits and limits[0] > limits[1]:  # type: ignore[operator]
            yield Finding(at, "between these two there is nothing: write the shorter time first")
        else:
            yield from _limit(point, "<=", expected[1], (*at, 1), deadline_ns)
        return
    if operator in UPPER | LOWER:
        yield from _limit(point, operator, expected, at, deadline_ns)


def _limit(point: Point, operator: str, expected: Any, at: JsonPath, deadline_ns: int | None) -> Iterator[Finding]:
    limit_ns = _ns(expected)
    if limit_ns is None:
        return
    if limit_ns < 0:
        verdict = "this holds whatever happens" if operator in LOWER else "this can never hold"
        yield Finding(at, f"a latency is never negative: {verdict}")
    elif operator in UPPER:
        quickest_ns = QUICKEST_INSIDE_NS if "component_internal" in str(point.get("field_to_check")) else QUICKEST_NS
        if limit_ns < quickest_ns:
            message = f"no event comes within {format_ns(limit_ns)}: this can never hold"
            yield Finding(at, message, suggestion=_in_ms(expected, limit_ns))
        elif limit_ns >= LONGEST_NS:
            message = f"{_long(limit_ns)}: no step is observed that long, so this holds whatever happens"
            yield Finding(at, message, suggestion=_as_ns(expected))
    elif deadline_ns is not None and limit_ns > deadline_ns:
        yield Finding(at, f"the step is over after {format_ns(deadline_ns)}: this can never hold")


def _ns(expected: Any) -> int | None:
    try:
        return parse_ns(expected, bare_unit="ms")
    except ValueError:
        return None


def _in_ms(expected: Any, limit_ns: int) -> str:
    """`250 ns` was probably meant to be `250 ms`."""
    number = re.match(r"\s*(\d+(?:\.\d+)?)\s*(?:ns|us|µs)", expected) if isinstance(expected, str) else None
    return f"{number[1]} ms" if number and limit_ns else ""


def _as_ns(expected: Any) -> str:
    """A bare number counts in ms; one that large was probably counted in ns."""
    return format_ns(expected).replace(".00 ", " ") if is_number(expected) else ""


def _long(limit_ns: int) -> str:
    hours = limit_ns / LONGEST_NS
    return f"{hours:.3g} hours" if hours < 10_000 else f"{hours / 8766:.3g} years"
