"""Queries over a step: finding nothing is a result only where the plan says that it is expected."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import MemoryTestrade
from helpers.validation_points import judged, query, trading_app

from pytest_intellisense.model.results import Fault


@pytest.fixture
def app() -> MemoryTestrade:
    return trading_app()


NOTHING, NO_TEXT = "events[?event_type=='FIL'].payload.side", "''"

VACUOUS: list[tuple[dict[str, Any], str]] = [
    (query(NOTHING, operator="subset", expected_value=["SELL"]), "an empty list, so subset ['SELL'] says nothing"),
    (query(NOTHING, operator="!=", expected_value=["BUY"]), "an empty list, so != ['BUY'] says nothing"),
    (query(NOTHING, operator="not_in", expected_value=["BUY"]), "an empty list, so not_in ['BUY'] says nothing"),
    (query(NOTHING, operator="superset", expected_value=[]), "an empty list, so superset [] says nothing"),
    (query(NOTHING, operator="exists"), "an empty list, so exists says nothing"),
    (query(NOTHING, operator="type", expected_value="array"), 'an empty list, so type "array" says nothing'),
    (query("stages.nothing", operator="!=", expected_value="BUY"), 'nothing, so != "BUY" says nothing'),
    (query("merge(`{}`, `{}`)", operator="subset", expected_value={"side": "BUY"}), "an empty object, so subset"),
    (query(NO_TEXT, operator="in", expected_value="BUY"), 'an empty text, so in "BUY"'),
    (query(NO_TEXT, operator="matches_regex", expected_value=".*"), "an empty text, so matches_regex"),
]


@pytest.mark.parametrize(("point", "words"), VACUOUS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_query_that_finds_nothing_says_nothing(app: MemoryTestrade, point: dict[str, Any], words: str) -> None:
    """Null, or an empty list, object or text, passes only where the plan says that it is expected."""
    outcome = judged(app, point)
    assert outcome.details.startswith(f"the query found {words}")
    assert (outcome.passed, outcome.fault, outcome.rests_on_absence) == (False, Fault.MISSING, True)


NOTHING_EXPECTED: list[dict[str, Any]] = [
    query("stages.nothing", operator="not_exists"),
    query("stages.nothing", operator="==", expected_value=None),
    query("stages.nothing", operator="in", expected_value=[None, 1]),
    query("stages.nothing", operator="type", expected_value="null"),
    query("stages.nothing", operator="is_empty"),
    query(NOTHING, operator="is_empty"),
    query(NOTHING, operator="==", expected_value=[]),
    query(NOTHING, operator="approx", expected_value=[]),
    query(NOTHING, operator="in", expected_value=[["SELL"], []]),
    query(NOTHING, operator="length", expected_value=0),
    query(NOTHING, operator="subset", expected_value=[]),
    query(NO_TEXT, operator="==", expected_value=""),
    query("merge(`{}`, `{}`)", operator="==", expected_value={}),
    query(f"length({NOTHING})", operator="==", expected_value=0),
    query(f"length({NOTHING})", operator="<", expected_value=1),
    query("stages.T3_BrokerAckLog.arrived && `false`", operator="==", expected_value=False),
]


@pytest.mark.parametrize("point", NOTHING_EXPECTED, ids=str)
def test_a_query_may_find_nothing_where_that_is_expected(app: MemoryTestrade, point: dict[str, Any]) -> None:
    """Then emptiness is the point; 0 and false are values like others."""
    outcome = judged(app, point)
    assert (outcome.passed, outcome.details) == (True, "")
