"""Criteria select events by type, by fields of the record and by fields of the payload."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import timeline_event

from pytest_intellisense.engine.criteria import RECORD_FIELDS, Matcher
from pytest_intellisense.errors import PlanError

FILL = timeline_event("FILL", {"symbol": "AAPL", "fill_quantity": 100.0, "fills": [{"price": 150}]}, correlation_id="chain-1")


@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"event_type": "FILL"},
        {"event_type": "TESTRADE_ORDER_FILL"},
        {"event_type": "ORDER_FILL"},
        {"event_type": ["REJECT", "FILL"]},
        {"event_type": {"starts_with": "FI"}},
        {"symbol": "AAPL"},
        {"symbol": ["MSFT", "AAPL"]},
        {"fill_quantity": 100},
        {"fill_quantity": {">": 99}},
        {"fills[0].price": 150.0},
        {"payload.symbol": "AAPL"},
        {"event_payload.symbol": "AAPL"},
        {"correlation_id": "chain-1", "source_sense": "BROKER"},
        {"reason": {"not_exists": True}},
    ],
)
def test_criteria_that_the_event_meets(criteria: dict[str, Any]) -> None:
    """Types in all their spellings; values typed; a list means any of; an operator where wanted."""
    assert Matcher(criteria)(FILL)


@pytest.mark.parametrize(
    ("criteria", "differs"),
    [
        ({"symbol": "MSFT"}, ['symbol: text "AAPL" is not "MSFT"']),
        ({"fill_quantity": "100"}, ['fill_quantity: the number 100.0 is not text "100"']),
        ({"reason": "x"}, ["reason: there is no such value"]),
        (
            {"fill_quantity": {">": 100}, "symbol": ["X"]},
            ["fill_quantity: 100.0 is not greater than 100", 'symbol: "AAPL" is none of "X"'],
        ),
    ],
)
def test_criteria_that_the_event_does_not_meet_are_told(criteria: dict[str, Any], differs: list[str]) -> None:
    """Each difference in words; a text is not a number."""
    assert not Matcher(criteria)(FILL)
    assert Matcher(criteria).differences(FILL) == differs


def test_the_type_alone_can_differ() -> None:
    """Events of another type are not even looked into."""
    matcher = Matcher({"event_type": "REJECT"})
    assert not matcher(FILL)
    assert not matcher.is_of_type(FILL)


def test_criteria_that_cannot_be_read_are_a_mistake_of_the_plan() -> None:
    """A bad path is found when the criteria are read, not when an event comes."""
    with pytest.raises(PlanError, match="is not a path"):
        Matcher({"a..b": 1})


def test_the_fields_of_the_record_are_those_of_the_log() -> None:
    """Criteria know every key that a record of the log has, with the same values."""
    assert {name: read(FILL) for name, read in RECORD_FIELDS.items()} == FILL.record()
