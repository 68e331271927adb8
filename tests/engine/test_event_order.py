"""The order of events that come more than once."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import MemoryTestrade, fills_orders
from helpers.validation_points import FILL_STAGE, judged, trading_app

from pytest_intellisense.model.results import Fault


@pytest.fixture
def app() -> MemoryTestrade:
    return trading_app()


def fills_and_books_twice(app: MemoryTestrade, command: Any, receipt: Any) -> None:
    fills_orders(fills=(0.5, 0.5))(app, command, receipt)
    app.emit("POSITION_UPDATE", {"symbol": "AAPL"}, after_ms=30, correlation_id=command.correlation_id)


ORDERS_WITH_REPEATED_NAMES: list[tuple[list[Any], str]] = [
    (["FILL", "POSITION_UPDATE", "FILL"], ""),
    ([FILL_STAGE, "POSITION_UPDATE", FILL_STAGE, "POSITION_UPDATE"], ""),
    (["ACK", "FILL", {"event_type": "POSITION_UPDATE"}, "FILL", {"event_type": "POSITION_UPDATE"}], ""),
    (["FILL", "FILL", "POSITION_UPDATE"], "POSITION_UPDATE arrived before FILL #2"),
    (["FILL", "POSITION_UPDATE", "POSITION_UPDATE", "FILL"], "FILL #2 arrived before POSITION_UPDATE #2"),
    (["FILL", "FILL", "FILL"], "FILL came 2 times and stands in the order 3 times"),
    (["ACK", "ACK"], "ACK came once and stands in the order 2 times"),
    (["T3_BrokerAckLog", "FILL", "T3_BrokerAckLog"], "T3_BrokerAckLog came once and stands in the order 2 times"),
    (["ORDER_FILL", "POSITION_UPDATE", "TESTRADE_ORDER_FILL", "TESTRADE_POSITION_UPDATE"], ""),
    (["FILL", {"event_type": "ORDER_FILL"}, "POSITION_UPDATE"], "POSITION_UPDATE arrived before FILL #2"),
    (["TESTRADE_ORDER_FILL", "FILL", "ORDER_FILL"], "TESTRADE_ORDER_FILL came 2 times and stands in the order 3 times"),
    (["VALIDATED_ORDER", "TESTRADE_VALIDATED_ORDER_REQUEST"], "VALIDATED_ORDER came once and stands in the order 2 times"),
    (["T4_BrokerFillLog", "FILL", "POSITION_UPDATE"], ""),
]


@pytest.mark.parametrize(("wanted", "words"), ORDERS_WITH_REPEATED_NAMES, ids=str)
def test_a_name_that_stands_in_an_order_again_is_the_next_event_of_that_name(
    app: MemoryTestrade, wanted: list[Any], words: str
) -> None:
    """Two partial fills with a booking after each; too few of a name are missing, and it is said how many came."""
    app.reactions["trade_command"] = fills_and_books_twice
    outcome = judged(app, {"type": "event_order", "expected_value": wanted})
    assert outcome.passed == (not words)
    assert outcome.details.startswith(words)
    assert outcome.fault is (None if not words else Fault.MISSING if "came" in words else Fault.VALUE)
