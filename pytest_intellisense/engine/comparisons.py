"""The comparisons that come with IntelliSense: why a value does not stand in a relation to another, or None if it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_intellisense.engine.equality import decimal_of, describe, difference, is_number, parse_tolerance, same, show
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.engine.patterns import pattern_of
from pytest_intellisense.errors import PlanError


def _equal(actual: Any, expected: Any, tolerance: Any) -> str | None:
    return difference(actual, expected, parse_tolerance(tolerance))


def _not_equal(actual: Any, expected: Any, tolerance: Any) -> str | None:
    allowed = parse_tolerance(tolerance)
    if difference(actual, expected, allowed) is not None:
        return None
    return f"{show(actual)} equals {show(expected)}" + (f" within {allowed}" if allowed else "")


_NEARLY = "0.0001 %"


def _approx(actual: Any, expected: Any, tolerance: Any) -> str | None:
    return difference(actual, expected, parse_tolerance(_NEARLY if tolerance is None else tolerance))


_ORDERINGS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    ">": (lambda left, right: left > right, "greater than"),
    "<": (lambda left, right: left < right, "less than"),
    ">=": (lambda left, right: left >= right, "at least"),
    "<=": (lambda left, right: left <= right, "at most"),
}


def _ordering(name: str) -> Callable[[Any, Any], str | None]:
    holds, words = _ORDERINGS[name]

    def compare(actual: Any, expected: Any) -> str | None:
        if not is_number(expected):
            raise PlanError(f'operator "{name}" needs a number to compare with, not {describe(expected)}')
        if not is_number(actual):
            return f"{describe(actual)} is not a number"
        left, right = decimal_of(actual), decimal_of(expected)
        if left.is_nan() or right.is_nan():
            return "NaN has no order"
        return None if holds(left, right) else f"{show(actual)} is not {words} {show(expected)}"

    return compare


def _is_member(actual: Any, expected: Any, name: str) -> bool:
    if isinstance(expected, list | tuple):
        return any(same(actual, one) for one in expected)
    if isinstance(expected, str) and isinstance(actual, str):
        return actual in expected
    if isinstance(expected, str):
        return False
    raise PlanError(f'operator "{name}" needs a list of allowed values (or a text), not {describe(expected)}')


def _in(actual: Any, expected: Any) -> str | None:
    if _is_member(actual, expected, "in"):
        return None
    turned = "; to look for a part of the actual value use contains" if isinstance(expected, str) else ""
    return f"{describe(actual)} is not in {show(expected)}{turned}"


def _not_in(actual: Any, expected: Any) -> str | None:
    return f"{describe(actual)} is in {show(expected)}" if _is_member(actual, expected, "not_in") else None


def _exists(actual: Any, expected: Any) -> str | None:
    _refuse_contradiction("exists", expected)
    return "it is null" if actual is None else None


def _not_exists(actual: Any, _expected: Any) -> str | None:
    return None if actual is MISSING or actual is None else f"it exists: {show(actual)}"


def _refuse_contradiction(name: str, expected: Any) -> None:
    if expected is False:
        raise PlanError(f'"{name}" with expected_value false contradicts itself', hint="turn the operator round instead")


def holds_nothing(value: Any) -> bool:
    """Whether a value is null, or a text, list or object without anything in it."""
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def _is_empty(actual: Any, expected: Any) -> str | None:
    _refuse_contradiction("is_empty", expected)
    return None if holds_nothing(actual) else f"{describe(actual)} is not empty"


def _is_not_empty(actual: Any, expected: Any) -> str | None:
    _refuse_contradiction("is_not_empty", expected)
    return f"{describe(actual)} is empty" if holds_nothing(actual) else None


def _of_texts(name: str, words: str, holds: Callable[[str, str], bool]) -> Callable[[Any, Any], str | None]:
    def compare(actual: Any, expected: Any) -> str | None:
        if not isinstance(expected, str):
            raise PlanError(f'operator "{name}" needs a text, not {describe(expected)}')
        if not isinstance(actual, str):
            return f"{describe(actual)} is not a text"
        return None if holds(actual, expected) else f"{describe(actual)} does not {words} {show(expected)}"

    return compare


def _contains_one(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, str):
        return isinstance(wanted, str) and wanted in actual
    if isinstance(actual, Mapping):
        return wanted in actual if isinstance(wanted, str) else False
    return any(same(member, wanted) for member in actual)


def _holds_no_parts(actual: Any) -> str | None:
    return None if isinstance(actual, str | list | tuple | Mapping) else f"{describe(actual)} contains nothing"


def _contains(actual: Any, expected: Any) -> str | None:
    if reason := _holds_no_parts(actual):
        return reason
    if isinstance(actual, str) and not isinstance(expected, str):
        return f"{describe(actual)} can only contain a text, not {describe(expected)}"
    return None if _contains_one(actual, expected) else f"{_shown_parts(actual)} does not contain {show(expected)}"


def _contains_ignore_case(actual: Any, expected: Any) -> str | None:
    return _contains(_folded(actual), _folded(expected))


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, list | tuple):
        return [_folded(member) for member in value]
    if isinstance(value, Mapping):
        return {_folded(key): member for key, member in value.items()}
    return value


def _shown_parts(actual: Any) -> str:
    return describe(actual) if isinstance(actual, str | Mapping) else show(actual)


def _listed(name: str, expected: Any) -> list[Any]:
    if isinstance(expected, list | tuple) and expected:
        return list(expected)
    raise PlanError(f'operator "{name}" needs a list with at least one value, not {describe(expected)}')


def _contains_all(actual: Any, expected: Any) -> str | None:
    wanted = _listed("contains_all", expected)
    if reason := _holds_no_parts(actual):
        return reason
    lacking = [one for one in wanted if not _contains_one(actual, one)]
    return f"{_shown_parts(actual)} lacks {', '.join(map(show, lacking))}" if lacking else None


def _contains_any(actual: Any, expected: Any) -> str | None:
    wanted = _listed("contains_any", expected)
    if reason := _holds_no_parts(actual):
        return reason
    if any(_contains_one(actual, one) for one in wanted):
        return None
    return f"{_shown_parts(actual)} contains none of {', '.join(map(show, wanted))}"


def _between(actual: Any, expected: Any) -> str | None:
    if not (isinstance(expected, list | tuple) and len(expected) == 2 and all(map(is_number, expected))):
        raise PlanError(f'operator "between" needs [lowest, highest], not {show(expected)}')
    low, high = map(decimal_of, expected)
    if not low <= high:
        raise PlanError(f"between {show(expected[0])} and {show(expected[1])} there is nothing: write the lower bound first")
    if not is_number(actual):
        return f"{describe(actual)} is not a number"
    number = decimal_of(actual)
    if number.is_nan():
        return "NaN has no order"
    return None if low <= number <= high else f"{show(actual)} is not between {show(expected[0])} and {show(expected[1])}"


def _length(actual: Any, expected: Any) -> str | None:
    if not isinstance(expected, int) or isinstance(expected, bool) or expected < 0:
        raise PlanError(f'operator "length" needs a whole number, not {describe(expected)}')
    if reason := _holds_no_parts(actual):
        return reason.replace("contains nothing", "has no length")
    return None if len(actual) == expected else f"its length is {len(actual)}, not {expected}"


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and value == int(value) if _finite(value) else False,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
}


def _finite(value: Any) -> bool:
    return is_number(value) and decimal_of(value).is_finite()


def _type(actual: Any, expected: Any) -> str | None:
    if not isinstance(expected, str) or expected not in _TYPES:
        raise PlanError(f"{show(expected)} is no type: {', '.join(_TYPES)}")
    return None if _TYPES[expected](actual) else f"{describe(actual)} is not of type {expected}"


def _subset(actual: Any, expected: Any) -> str | None:
    return _as_sets(actual, expected) or _lacks(expected, actual, "is not in the expected values") or _at_key(actual, expected)


def _superset(actual: Any, expected: Any) -> str | None:
    return _as_sets(actual, expected) or _lacks(actual, expected, "is not in the actual values") or _at_key(actual, expected)


def _as_sets(actual: Any, expected: Any) -> str | None:
    for kind in (Mapping, list | tuple):
        if isinstance(actual, kind) and isinstance(expected, kind):
            return None
    return f"{describe(actual)} and {describe(expected)} cannot be compared as sets: two lists or two objects can"


def _lacks(whole: Any, part: Any, words: str) -> str | None:
    """What `part` has that `whole` has not: of lists the values, of objects the keys."""
    if isinstance(whole, Mapping):
        outside = [key for key in part if key not in whole]
    else:
        outside = [one for one in part if not any(same(one, other) for other in whole)]
    return f"{', '.join(map(show, outside))} {words}" if outside else None


def _at_key(actual: Any, expected: Any) -> str | None:
    """Where two objects differ under a key that both have."""
    if not isinstance(actual, Mapping):
        return None
    reasons = ((key, difference(actual[key], expected[key])) for key in expected if key in actual)
    return next((f"at {key}: {reason}" for key, reason in reasons if reason), None)


TOLERANT: Mapping[str, Callable[[Any, Any, Any], str | None]] = {"==": _equal, "!=": _not_equal, "approx": _approx}
"""Comparisons of (actual, expected, tolerance)."""

EXACT: Mapping[str, Callable[[Any, Any], str | None]] = {
    **{name: _ordering(name) for name in _ORDERINGS},
    "in": _in,
    "not_in": _not_in,
    "exists": _exists,
    "not_exists": _not_exists,
    "is_empty": _is_empty,
    "is_not_empty": _is_not_empty,
    "starts_with": _of_texts("starts_with", "start with", str.startswith),
    "ends_with": _of_texts("ends_with", "end with", str.endswith),
    "matches_regex": _of_texts("matches_regex", "match", lambda text, pattern: pattern_of(pattern).is_found_in(text)),
    "contains": _contains,
    "contains_ignore_case": _contains_ignore_case,
    "contains_all": _contains_all,
    "contains_any": _contains_any,
    "between": _between,
    "length": _length,
    "type": _type,
    "subset": _subset,
    "superset": _superset,
}
"""Comparisons of (actual, expected)."""
