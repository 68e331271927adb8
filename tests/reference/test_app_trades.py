"""The life of trades with several orders, through the running application."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.reference_app import Chain, Driver

OPENED = ["TRADE_CREATED", "TRADE_OPENED"]


@pytest.fixture
def app(app: Driver) -> Driver:
    """With a broker that says only what the test has it say."""
    app.ask("config_change", parameters={"broker_silent": True})
    return app


def order(app: Driver, request_id: str, side: str, quantity: float) -> Chain:
    chain = app.send("trade_command", symbol="AAPL", side=side, quantity=quantity, request_id=request_id)
    return chain.settled()


def answer(app: Driver, request_id: str, status: str, **more: Any) -> None:
    app.ask("broker_response", order_id=request_id, status=status, **more)


def trades(app: Driver, *, since: int = 0) -> list[dict[str, Any]]:
    """What was told of trades, from the `since`-th event on that the application published."""
    app.settle()
    events = [event for event in app.events[since:] if event.event_type == "TESTRADE_TRADE_LIFECYCLE_EVENT"]
    return [dict(event.payload) for event in events]


def told(app: Driver, since: int) -> list[str]:
    return [trade["event_type"] for trade in trades(app, since=since)]


@pytest.mark.parametrize("ending", ["REJECTED", "CANCELLED"])
def test_a_trade_goes_on_while_one_of_its_orders_works(app: Driver, ending: str) -> None:
    """The end of another one is not its end; the fill opens it."""
    start = len(app.events)
    order(app, "first", "BUY", 10)
    order(app, "second", "BUY", 10)
    answer(app, "second", ending)
    answer(app, "first", "FILLED")
    assert told(app, start) == OPENED
    assert app.query("positions", "AAPL")["AAPL"]["lcm_parent_trade_id"] == trades(app, since=start)[0]["trade_id"]


def test_a_trade_fails_with_its_last_order(app: Driver) -> None:
    """When nothing of it works and nothing was filled."""
    start = len(app.events)
    for name in ("first", "second"):
        order(app, name, "BUY", 10)
    for name in ("first", "second"):
        answer(app, name, "REJECTED")
    assert told(app, start) == ["TRADE_CREATED", "TRADE_FAILED"]


def test_a_close_goes_on_when_another_sale_is_refused(app: Driver) -> None:
    """It is open again only when no order is left that closes all of it."""
    app.ask("set_position_state", symbol="AAPL", total_shares=100, total_avg_price=150.0)
    app.settle()
    start = len(app.events)
    order(app, "close", "SELL", 100)
    order(app, "more", "SELL", 10)
    answer(app, "more", "REJECTED")
    assert told(app, start) == ["TRADE_CLOSING"]
    order(app, "a part", "SELL", 10)
    answer(app, "close", "CANCELLED")
    assert told(app, start) == ["TRADE_CLOSING", "TRADE_OPENED"]


def test_an_order_that_never_left_changes_no_trade(app: Driver) -> None:
    """A gate before the broker stopped it: the close at the broker works on."""
    app.ask("set_position_state", symbol="AAPL", total_shares=100, total_avg_price=150.0)
    app.settle()
    start = len(app.events)
    order(app, "close", "SELL", 100)
    assert order(app, "close", "SELL", 100).await_("ExecutionRejection")
    assert told(app, start) == ["TRADE_CLOSING"]


def test_a_reversal_tells_what_ended_and_what_began(app: Driver) -> None:
    """Each trade with its own shares and price."""
    app.ask("set_position_state", symbol="AAPL", total_shares=100, total_avg_price=140.0)
    app.settle()
    start = len(app.events)
    order(app, "through zero", "SELL", 150)
    answer(app, "through zero", "FILLED", filled_price=151.0)
    _closing, ended, began = trades(app, since=start)
    assert (ended["event_type"], ended["shares"], ended["avg_price"]) == ("TRADE_CLOSED", 100, 140.0)
    assert (began["event_type"], began["shares"], began["avg_price"]) == ("TRADE_OPENED", -50, 151.0)
    assert began["trade_id"] != ended["trade_id"]


def test_a_fill_of_an_order_without_a_trade_opens_one(app: Driver) -> None:
    """The position was set to nothing while its order was on the way."""
    order(app, "late", "BUY", 10)
    app.ask("set_position_state", symbol="AAPL", total_shares=0)
    app.settle()
    start = len(app.events)
    answer(app, "late", "FILLED")
    assert told(app, start) == ["TRADE_OPENED"]
