"""Signals that have to wait: what is on its way is not asked for twice, and what was held back is not forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.reference_app import Chain, Driver

LONG = "Long AAPL 150.25 +0.12 0.00"
CLOSED = "Closed AAPL 0.00 0.00 0.00"


def shows(app: Driver, line: str) -> Chain:
    """The screen shows this line, and the application has done with it what it can now."""
    return app.send("ocr_event", raw_data={"full_raw_text": line}).settled()


def holds(app: Driver, shares: float, **more: Any) -> None:
    app.ask("set_position_state", symbol="AAPL", total_shares=shares, total_avg_price=150.0, **more)


def configure(app: Driver, **parameters: Any) -> None:
    app.ask("config_change", parameters=parameters)


def answer(app: Driver, order: Chain, status: str, **more: Any) -> None:
    """The broker says this about the order that came of a screen."""
    request_id = order.await_("ORDER_REQUEST").payload["request_id"]
    app.ask("broker_response", order_id=request_id, status=status, **more)


def sold(chain: Chain) -> list[float]:
    return [event.payload["quantity"] for event in chain.events("ORDER_REQUEST") if event.payload["side"] == "SELL"]


def shares_of(app: Driver) -> float:
    shares: float = app.query("positions", "AAPL")["AAPL"]["total_shares"]
    return shares


def test_a_close_on_its_way_is_not_asked_for_again(app: Driver) -> None:
    """However often the numbers of the closed line change; in the end nothing is held."""
    configure(app, broker_silent=True)
    holds(app, 100)
    close = shows(app, CLOSED)
    again = shows(app, "Closed AAPL 0.00 0.00 5.00")
    context = again.await_("SIGNAL_INTERPRETATION").payload["interpretation_context"]
    assert (sold(close), sold(again), context["reason"]) == ([100], [], "an order to close is pending")
    answer(app, close, "FILLED")
    assert shares_of(app) == 0


def test_what_a_reduce_sells_is_not_sold_by_the_close(app: Driver) -> None:
    """A close takes what is left, and a reduce after it nothing."""
    configure(app, broker_silent=True)
    holds(app, 100)
    lines = ["Long AAPL 150.00 +0.10 60.00", CLOSED, "Long AAPL 150.00 +0.10 200.00"]
    assert [sold(shows(app, line)) for line in lines] == [[50], [50], []]


@pytest.mark.parametrize("ending", ["CANCELLED", "REJECTED"])
def test_a_close_that_came_to_nothing_is_asked_for_again(app: Driver, ending: str) -> None:
    """By the same screen, for as much as is still held."""
    configure(app, broker_silent=True)
    holds(app, 100)
    first = shows(app, CLOSED)
    answer(app, first, "PARTIAL", filled_quantity=40)
    answer(app, first, ending)
    assert sold(shows(app, CLOSED)) == [60]


def test_a_close_within_the_grace_period_comes_after_it(app: Driver) -> None:
    """The same screen closes as soon as the period is over."""
    holds(app, 100, source="SYNC")
    assert sold(shows(app, CLOSED)) == []
    configure(app, sync_grace_period_seconds=0.0)
    assert sold(shows(app, CLOSED)) == [100]


def test_an_open_without_a_price_comes_with_the_price(app: Driver) -> None:
    """The feed was dead for a moment; the unchanged screen opens when it lives again."""
    shows(app, CLOSED)
    configure(app, price_feed_enabled=False, price_cache_staleness_seconds_for_fallback=0.01)
    app.wait_for(
        lambda: not app.ask("is_price_feed_active", symbol="AAPL", staleness_s=0.01)["active"],
        "a stale price",
    )
    assert shows(app, LONG).await_("SIGNAL_GENERATION_FAILURE").payload["failure_reason"] == "PRICE_VALIDATION_FAILED"
    configure(app, price_cache_staleness_seconds_for_fallback=60.0)
    assert shows(app, LONG).events("ORDER_REQUEST")


def test_an_open_that_was_cancelled_is_asked_for_again(app: Driver) -> None:
    """As is one that waited for another order to open, when that is cancelled."""
    configure(app, broker_silent=True)
    first = shows(app, LONG)
    answer(app, first, "CANCELLED")
    by_hand = app.send("trade_command", symbol="AAPL", side="BUY", quantity=1).settled()
    assert shows(app, LONG).events("ORDER_REQUEST") == []
    answer(app, by_hand, "CANCELLED")
    second = shows(app, LONG)
    assert second.events("ORDER_REQUEST")
    answer(app, second, "FILLED")
    assert shows(app, LONG).await_("SIGNAL_SUPPRESSION").payload["suppression_reason"] == "NO_CHANGE_DETECTED"


def test_the_end_of_an_order_by_hand_repeats_no_signal(app: Driver) -> None:
    """What the screen asked for is done; an order that it did not ask for changes nothing about that."""
    shows(app, LONG)
    by_hand = app.send("trade_command", symbol="AAPL", side="SELL", quantity=1, order_type="LMT", limit_price=200).settled()
    answer(app, by_hand, "CANCELLED")
    assert shows(app, LONG).await_("SIGNAL_SUPPRESSION").payload["suppression_reason"] == "NO_CHANGE_DETECTED"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        ({"RISK_MAX_ORDER_QTY": 1}, CLOSED),
        ({"RISK_MAX_ORDER_QTY": 1}, "Long AAPL 150.50 +0.10 0.00"),
        ({"halted_symbols": ["AAPL"]}, CLOSED),
    ],
    ids=["close, risk", "add, risk", "close, halted"],
)
def test_what_a_gate_refused_is_asked_for_again(app: Driver, problem: dict[str, Any], line: str) -> None:
    """Until the gate lets it pass."""
    holds(app, 100)
    configure(app, **problem)
    assert shows(app, line).status_words() in ([], ["Rejected"])
    configure(app, RISK_MAX_ORDER_QTY=1000, halted_symbols=[])
    assert shows(app, line).status_words()[-1] == "Filled"
