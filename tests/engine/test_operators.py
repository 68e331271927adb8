"""Operators compare by type and exactly, and say in words why something does not hold."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.engine.operators import OPERATORS, built_in_operators
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.errors import PlanError

HOLDS = [
    ("==", 10, 10.0, None),
    ("==", 0.1, 0.1, None),
    ("==", None, None, None),
    ("==", [1, {"a": 2.0}], [1.0, {"a": 2}], None),
    ("==", 150.26, 150.25, 0.01),
    ("==", 100.4, 100, "0.5 %"),
    ("!=", "150.25", 150.25, None),
    ("!=", True, 1, None),
    ("!=", None, 5, None),
    ("!=", 150.27, 150.25, 0.01),
    (">", 2, 1.5, None),
    ("<=", 0.1, 0.1, None),
    ("in", 10, [10.0, "x"], None),
    ("in", "AA", "AAPL", None),
    ("not_in", "1", [1], None),
    ("not_in", None, [1], None),
    ("exists", 0, None, None),
    ("exists", "", True, None),
    ("not_exists", MISSING, None, None),
    ("not_exists", None, None, None),
    ("is_empty", None, None, None),
    ("is_empty", {}, None, None),
    ("is_not_empty", 0, None, None),
    ("starts_with", "AAPL", "AA", None),
    ("ends_with", "AAPL", "PL", None),
    ("matches_regex", "Order quantity 5 exceeds max", r"exceeds\s+max", None),
    ("contains", "exceeds max", "max", None),
    ("contains", [1, 2.0], 2, None),
    ("contains", {"AAPL": 1}, "AAPL", None),
    ("contains_ignore_case", "Exceeds MAX", "max", None),
    ("contains_ignore_case", ["AAPL"], "aapl", None),
    ("contains_all", [1, 2, 3], [3, 1.0], None),
    ("contains_any", "stale price", ["fresh", "stale"], None),
    ("between", 5, [1, 5], None),
    ("approx", 0.1 + 0.2, 0.3, None),
    ("approx", 101, 100, "1 %"),
    ("length", [1, 2], 2, None),
    ("length", "AAPL", 4, None),
    ("type", 5.0, "integer", None),
    ("type", True, "boolean", None),
    ("type", None, "null", None),
    ("subset", [1], [2, 1.0], None),
    ("subset", {"a": 1}, {"a": 1.0, "b": 2}, None),
    ("superset", {"a": 1, "b": 2}, {"b": 2}, None),
]


@pytest.mark.parametrize(("name", "actual", "expected", "tolerance"), HOLDS)
def test_holds(name: str, actual: Any, expected: Any, tolerance: Any) -> None:
    """What holds gives no reason."""
    assert OPERATORS.compare(name, actual, expected, tolerance) is None


FAILS = [
    ("==", "150.25", 150.25, None, 'text "150.25" is not the number 150.25'),
    ("==", True, 1, None, "true is not the number 1"),
    ("==", True, "True", None, 'true is not text "True"'),
    ("==", 0.1 + 0.2, 0.3, None, "0.30000000000000004 is not 0.3 (delta +4E-17)"),
    ("==", 1260.0, 1250, 5, "1260.0 is not 1250 (delta +10.0, tolerance 5)"),
    ("==", 2**53 + 1, float(2**53), None, "9007199254740993 is not 9007199254740992.0 (delta +1.0)"),
    ("==", None, 5, None, "null is not the number 5"),
    ("==", float("nan"), float("nan"), None, "NaN equals nothing"),
    ("==", {"a": 1}, {"a": 1, "b": 2}, None, "lacks b"),
    ("==", {"a": 1, "c": 0}, {"a": 1}, None, "has c beside what is expected"),
    ("==", [1, 2], [1, 3], None, "at [1]: 2 is not 3 (delta -1)"),
    ("!=", 10, 10.0, None, "10 equals 10.0"),
    (">", "2", 1, None, 'text "2" is not a number'),
    (">", None, 1, None, "null is not a number"),
    (">=", 1, 2, None, "1 is not at least 2"),
    ("in", "1", [1, 2], None, 'text "1" is not in [1, 2]'),
    (
        "in",
        "a long text",
        "long",
        None,
        'text "a long text" is not in "long"; to look for a part of the actual value use contains',
    ),
    ("not_in", 10, [10.0], None, "the number 10 is in [10.0]"),
    ("exists", None, None, None, "it is null"),
    ("exists", MISSING, None, None, "there is no such value"),
    ("!=", MISSING, 5, None, "there is no such value"),
    ("not_exists", 0, None, None, "it exists: 0"),
    ("is_empty", 0, None, None, "the number 0 is not empty"),
    ("is_not_empty", "", None, None, 'text "" is empty'),
    ("starts_with", 150, "15", None, "the number 150 is not a text"),
    ("matches_regex", "abc", "^b", None, 'text "abc" does not match "^b"'),
    ("contains", 5, 5, None, "the number 5 contains nothing"),
    ("contains", "5", 5, None, 'text "5" can only contain a text, not the number 5'),
    ("contains_all", ["a"], ["a", "b"], None, "['a'] lacks \"b\""),
    ("contains_any", "x", ["a", "b"], None, 'text "x" contains none of "a", "b"'),
    ("between", 6, [1, 5], None, "6 is not between 1 and 5"),
    ("length", 5, 1, None, "the number 5 has no length"),
    ("length", [1], 2, None, "its length is 1, not 2"),
    ("type", "5", "number", None, 'text "5" is not of type number'),
    ("type", True, "number", None, "true is not of type number"),
    ("subset", [1, 2], [1], None, "2 is not in the expected values"),
    ("superset", [1], [1, 2], None, "2 is not in the actual values"),
    ("superset", {"a": 1}, {"a": 2}, None, "at a: 1 is not 2 (delta -1)"),
    ("superset", {"side": "BUY"}, {"side": "SELL"}, None, 'at side: text "BUY" is not "SELL"'),
    ("subset", {"side": "BUY"}, {"side": "SELL"}, None, 'at side: text "BUY" is not "SELL"'),
    ("superset", {"a": 1}, {"b": 2}, None, '"b" is not in the actual values'),
    ("subset", {"a": 1}, {"b": 2}, None, '"a" is not in the expected values'),
    ("superset", "a", ["a"], None, 'text "a" and a list of 1 cannot be compared as sets: two lists or two objects can'),
    ("subset", "a", ["a"], None, 'text "a" and a list of 1 cannot be compared as sets: two lists or two objects can'),
]


@pytest.mark.parametrize(("name", "actual", "expected", "tolerance", "reason"), FAILS)
def test_fails_with_a_reason(name: str, actual: Any, expected: Any, tolerance: Any, reason: str) -> None:
    """What does not hold says why, with both values."""
    assert OPERATORS.compare(name, actual, expected, tolerance) == reason


MISTAKES = [
    ("===", 1, 1, None, '"===" is no operator'),
    ("matches_regex", "a", "(", None, "is not a regular expression"),
    (">", 1, "0", None, 'operator ">" needs a number'),
    (">", 1, 0, 0.1, 'operator ">" takes no tolerance'),
    ("==", 1, 1, -1, "is not a tolerance"),
    ("==", 1, 1, "a bit", "is not a tolerance"),
    ("in", 1, 5, None, "needs a list of allowed values"),
    ("between", 1, [5, 1], None, "write the lower bound first"),
    ("between", 1, [1], None, "needs [lowest, highest]"),
    ("contains_all", [1], [], None, "at least one value"),
    ("length", "a", 1.5, None, "needs a whole number"),
    ("type", 1, "float", None, "is no type: string"),
    ("exists", 1, False, None, "contradicts itself"),
]


@pytest.mark.parametrize(("name", "actual", "expected", "tolerance", "words"), MISTAKES)
def test_a_comparison_that_cannot_be_meant_is_a_mistake_of_the_plan(
    name: str, actual: Any, expected: Any, tolerance: Any, words: str
) -> None:
    """It neither passes nor fails."""
    with pytest.raises(PlanError) as refused:
        OPERATORS.compare(name, actual, expected, tolerance)
    assert words in str(refused.value)


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "^(a|a)*$"])
def test_a_pattern_that_takes_too_long_is_given_up(pattern: str) -> None:
    """After a second, and the same text is not tried again; other texts still are."""
    text = "a" * 60 + "b"
    began = time.process_time()
    for _ in range(3):
        with pytest.raises(PlanError, match="takes too long on a text of 61 characters") as refused:
            OPERATORS.compare("matches_regex", text, pattern)
        assert "simplify it" in refused.value.hint
    assert time.process_time() - began < 2.5
    assert OPERATORS.compare("matches_regex", "aa", pattern) is None
    assert OPERATORS.compare("matches_regex", "aab", pattern) == f'text "aab" does not match "{pattern}"'


PATTERNS: list[tuple[str, str, str]] = [
    ("order {e}", "order {e}", "order x"),
    (r"\{i\}x{s}", "{i}x{s}", "ix"),
    ("[{d}]{2}", "{}", "{x"),
    ("^a{2,3}$", "aaa", "a{2,3}"),
    ("^a{,2}$", "a", "a{,2}"),
    ("x{}y{,z}", "x{}y{,z}", "xyz"),
    (r"\N{DIGIT ONE}{e}", "1{e}", "2{e}"),
    ("(?i)^buy$", "BUY", "BUYS"),
    (r"(?P<side>BUY|SELL) (?P=side)", "BUY BUY", "BUY SELL"),
]


@pytest.mark.parametrize(("pattern", "match", "other"), PATTERNS)
def test_patterns_mean_what_they_mean_in_python(pattern: str, match: str, other: str) -> None:
    """Braces that count nothing are braces."""
    assert re.search(pattern, match) and not re.search(pattern, other)
    assert OPERATORS.compare("matches_regex", match, pattern) is None
    assert OPERATORS.compare("matches_regex", other, pattern) is not None


def test_a_misspelt_operator_is_told_apart() -> None:
    """The hint names the nearest one."""
    with pytest.raises(PlanError) as refused:
        OPERATORS.compare("contain", 1, 1)
    assert refused.value.hint.startswith('did you mean "contains"?')


def test_an_operator_of_ones_own() -> None:
    """Users add operators; a name that is taken is refused."""
    operators = built_in_operators()
    operators.register("is_even", lambda actual, expected, tolerance: None if actual % 2 == 0 else f"{actual} is odd")
    assert operators.compare("is_even", 4, None) is None
    assert operators.compare("is_even", 5, None) == "5 is odd"
    assert "is_even" not in OPERATORS
    with pytest.raises(ValueError, match="defined twice"):
        operators.register("==", lambda actual, expected, tolerance: None)


NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@given(VALUES)
def test_every_value_equals_itself(value: Any) -> None:
    """Equality is reflexive."""
    assert OPERATORS.compare("==", value, value) is None


@given(VALUES, VALUES)
def test_equality_is_symmetric_and_the_opposite_of_inequality(left: Any, right: Any) -> None:
    """Exactly one of == and != holds, whichever side a value stands on."""
    equal = OPERATORS.compare("==", left, right) is None
    assert (OPERATORS.compare("==", right, left) is None) == equal
    assert (OPERATORS.compare("!=", left, right) is None) != equal


@given(VALUES, st.lists(VALUES, min_size=1, max_size=4))
def test_in_and_not_in_face_the_same_way(actual: Any, allowed: list[Any]) -> None:
    """Exactly one of them holds."""
    assert (OPERATORS.compare("in", actual, allowed) is None) != (OPERATORS.compare("not_in", actual, allowed) is None)


@given(NUMBERS, NUMBERS)
def test_numbers_have_one_order(left: float, right: float) -> None:
    """Exactly one of <, == and > holds."""
    held = [name for name in ("<", "==", ">") if OPERATORS.compare(name, left, right) is None]
    assert len(held) == 1


@given(VALUES, VALUES, st.sampled_from(sorted(OPERATORS)), st.one_of(st.none(), NUMBERS, st.text(max_size=3)))
def test_nothing_but_a_reason_or_a_mistake_comes_out(actual: Any, expected: Any, name: str, tolerance: Any) -> None:
    """No pair of values makes an operator raise anything but PlanError."""
    try:
        reason = OPERATORS.compare(name, actual, expected, tolerance)
    except PlanError:
        return
    assert reason is None or isinstance(reason, str)
