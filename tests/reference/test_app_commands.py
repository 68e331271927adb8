"""Commands to the running application: what they change, and what they are told when they cannot be meant."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from helpers.reference_app import Driver

from testrade_hooks import wire


def test_configuration_changes_are_told_one_by_one(app: Driver) -> None:
    """Each with its old and new value, under the injected id."""
    change = app.send("config_change", parameters={"manual_shares": 10, "halted_symbols": ["TSLA"]}, component="TEST").settled()
    told = [event.payload for event in change.events("CONFIG_CHANGE_APPLIED")]
    assert [(t["parameter"], t["old_value"], t["new_value"], t["source"]) for t in told] == [
        ("manual_shares", 50, 10, "TEST"),
        ("halted_symbols", [], ["TSLA"], "TEST"),
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [("alert_cooldown_seconds", (30.0, 31.0)), ("price_feed_interval_seconds", (0.5, 0.501))],
    ids=["another parameter", "the interval"],
)
def test_changes_of_the_configuration_do_not_hold_up_what_is_due(app: Driver, name: str, values: tuple[float, float]) -> None:
    """However often they come, prices are repeated: a new interval counts from the last time, not from the change."""
    app.ask("config_change", parameters={"price_feed_interval_seconds": 0.5})
    app.settle()
    told_before = len([event for event in app.events if event.stream == wire.MARKET_TRADES])
    changes = itertools.cycle(values)

    def repeated() -> bool:
        app.ask("config_change", parameters={name: next(changes)})
        return len([event for event in app.events if event.stream == wire.MARKET_TRADES]) > told_before

    app.wait_for(repeated, "a repeated price")


@pytest.mark.parametrize(
    ("command", "parameters", "told"),
    [
        ("config_change", {"parameters": {"manual_share": 1}}, "did you mean manual_shares?"),
        ("config_change", {"parameters": {"manual_shares": 0}}, "an integer from 1 to"),
        ("config_change", {}, "parameters must be an object"),
        ("trade_command", {"symbol": "AAPL", "side": "HOLD", "quantity": 1}, "side must be one of BUY, SELL"),
        ("trade_command", {"symbol": "AAPL", "side": "BUY", "quantity": 0}, "quantity must be a number above 0"),
        ("trade_command", {"symbol": "AAPL", "side": "BUY"}, "quantity is missing"),
        ("price_update", {"symbol": "AAPL", "bid_price": 1.0}, "ask_price is missing"),
        ("trading_state_change", {"enabled": "yes"}, "enabled must be true or false"),
        ("set_position_state", {"symbol": "AAPL", "open": True}, "needs total_shares"),
        ("query_state", {"component": "moon"}, "one of orders, positions, prices, trading_state, config"),
        ("broker_response", {"order_id": 1, "status": "MAYBE"}, "status must be one of"),
    ],
)
def test_a_command_that_cannot_be_meant_is_answered_with_what_is_allowed(
    app: Driver, command: str, parameters: dict[str, Any], told: str
) -> None:
    """The answer names the parameter; nothing is done."""
    answer = app.send(command, **parameters).answer()
    assert answer["status"] == "error"
    assert told in answer["message"]
