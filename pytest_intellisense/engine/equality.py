"""Typed, exact equality: 10 equals 10.0, 0.1 is exactly 0.1, true is not 1, a text is never a number."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pytest_intellisense.errors import PlanError

_WRITTEN_TOLERANCE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*")
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two numbers may be apart: `amount` in their unit, or as a share of the expected number."""

    amount: Decimal
    relative: bool = False

    def allows(self, actual: Decimal, expected: Decimal) -> bool:
        room = abs(expected) * self.amount if self.relative else self.amount
        return abs(actual - expected) <= room

    def __str__(self) -> str:
        return f"{self.amount * 100:f} %" if self.relative else f"{self.amount:f}"


def parse_tolerance(value: object) -> Tolerance | None:
    """A number >= 0 in the unit compared, or a text like "0.5 %". Raises PlanError naming both forms."""
    if value is None:
        return None
    if is_number(value):
        amount = decimal_of(value)
        if amount.is_finite() and amount >= 0:
            return Tolerance(amount)
    elif isinstance(value, str) and (written := _WRITTEN_TOLERANCE.fullmatch(value)):
        return Tolerance(Decimal(written[1]) / 100, True) if written[2] else Tolerance(Decimal(written[1]))
    raise PlanError(f'{describe(value)} is not a tolerance: write a number that is not negative, or a text like "0.5 %"')


def is_number(value: object) -> bool:
    """True and False are no numbers here."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def decimal_of(number: Any) -> Decimal:
    """The number as it is written: the shortest decimal that reads back as the same float."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def difference(actual: Any, expected: Any, tolerance: Tolerance | None = None) -> str | None:
    """Why the two are not equal, or None. A tolerance applies to every number, also inside lists and objects."""
    if isinstance(actual, str) and isinstance(expected, str):
        return None if actual == expected else f"{describe(actual)} is not {show(expected)}"
    if is_number(actual) and is_number(expected):
        return _numeric_difference(actual, expected, tolerance)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        return _object_difference(actual, expected, tolerance)
    if isinstance(actual, list | tuple) and isinstance(expected, list | tuple):
        return _list_difference(actual, expected, tolerance)
    if type(actual) is type(expected) and actual == expected:
        return None
    return f"{describe(actual)} is not {describe(expected)}"


def same(actual: Any, expected: Any) -> bool:
    return difference(actual, expected) is None


def _numeric_difference(actual: Any, expected: Any, tolerance: Tolerance | None) -> str | None:
    if math.isnan(actual) or math.isnan(expected):
        return "NaN equals nothing"
    left, right = decimal_of(actual), decimal_of(expected)
    if left == right:
        return None
    if not (left.is_finite() and right.is_finite()):
        return f"{show(actual)} is not {show(expected)}"
    if tolerance is not None and tolerance.allows(left, right):
        return None
    allowed = f", tolerance {tolerance}" if tolerance else ""
    return f"{show(actual)} is not {show(expected)} (delta {left - right:+}{allowed})"


def _list_difference(actual: Any, expected: Any, tolerance: Tolerance | None) -> str | None:
    if len(actual) != len(expected):
        return f"a list of {len(actual)} is not a list of {len(expected)}"
    for index, (left, right) in enumerate(zip(actual, expected, strict=True)):
        if reason := difference(left, right, tolerance):
            return f"at [{index}]: {reason}"
    return None


def _object_difference(actual: Mapping[Any, Any], expected: Mapping[Any, Any], tolerance: Tolerance | None) -> str | None:
    if lacking := [key for key in expected if key not in actual]:
        return f"lacks {', '.join(map(str, lacking))}"
    if extra := [key for key in actual if key not in expected]:
        return f"has {', '.join(map(str, extra))} beside what is expected"
    for key, right in expected.items():
        if reason := difference(actual[key], right, tolerance):
            return f"at {key}: {reason}"
    return None


def show(value: Any) -> str:
    """A value as JSON people write it, long texts shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _LONGEST_TEXT else f'"{value[:_LONGEST_TEXT]}…" ({len(value)} characters)'
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def describe(value: Any) -> str:
    """A value with its type, for a sentence about a mismatch of types."""
    if isinstance(value, str):
        return f"text {show(value)}"
    if is_number(value):
        return f"the number {show(value)}"
    if isinstance(value, Mapping):
        return f"an object with {', '.join(map(str, list(value)[:6])) or 'no keys'}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return show(value)
