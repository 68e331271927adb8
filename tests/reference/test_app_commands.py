"""Commands to the running application: what they change, and what they are told when they cannot be meant."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from helpers.reference_app import Driver

from testrade_hooks import wire

BUY = {"symbol": "AAPL", "side": "BUY", "quantity": 1}
FIVE = {"symbol": "AAPL", "total_shares": 5, "total_avg_price": 150.0}
TEXT = {"full_raw_text": "Long AAPL 150.25 +0.12 0.00"}


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
        ("broker_response", {"order_id": 1, "status": "REJECTED", "reject_reason": 7}, "reject_reason must be a string, not 7"),
        ("trade_command", {**BUY, "source_strategy": 5}, "source_strategy must be a string, not 5"),
        ("trade_command", {**BUY, "source_strategy": {"a": 1}}, "source_strategy must be a string, not {'a': 1}"),
        ("trade_command", {**BUY, "source_strategy": ["x"]}, "source_strategy must be a string, not ['x']"),
        ("trade_command", {**BUY, "quantity": 10**400}, "quantity must be a number above 0, not 1000"),
        ("trade_command", {**BUY, "limit_price": 10**400}, "limit_price must be a number, not 1000"),
        ("query_state", {"component": "positions", "key": ["a"]}, "key must be a string, not ['a']"),
        (
            "set_position_state",
            {"symbol": "AAPL", "total_shares": 5, "total_avg_price": -1},
            "total_avg_price must be a number of",
        ),
        (
            "set_position_state",
            {**FIVE, "open": True, "strategy": "closed"},
            "strategy is closed, so total_shares must be 0, not 5",
        ),
        ("set_position_state", {**FIVE, "open": False}, "open is false, so total_shares must be 0, not 5"),
        (
            "set_position_state",
            {**FIVE, "total_shares": -5, "strategy": "long"},
            "strategy is long, so total_shares must not be",
        ),
        ("ocr_event", {"raw_data": {**TEXT, "overall_confidence": 500}}, "overall_confidence must be a number from 0 to 100"),
        ("ocr_event", {"raw_data": TEXT, "frame_number_override": 1.5}, "frame_number_override must be an integer, not 1.5"),
    ],
)
def test_a_command_that_cannot_be_meant_is_answered_with_what_is_allowed(
    app: Driver, command: str, parameters: dict[str, Any], told: str
) -> None:
    """The answer names the parameter; nothing is done."""
    answer = app.send(command, **parameters).answer()
    assert answer["status"] == "error"
    assert told in answer["message"]
    assert len(answer["message"]) < 3000


@pytest.mark.parametrize(
    ("command", "parameters", "name"),
    [
        ("raw_image_injection", '{"grab_timestamp_ns": NaN}', "grab_timestamp_ns"),
        ("raw_image_injection", '{"grab_timestamp_ns": "now"}', "grab_timestamp_ns"),
        ("trade_command", '{"symbol": "AAPL", "side": "BUY", "quantity": Infinity}', "quantity"),
        ("ocr_event", '{"raw_data": {"full_raw_text": "Long", "snapshots": {"AAPL": {"cost_basis": NaN}}}}', "raw_data"),
        ("activate_ocr_mocks", '{"profiles": {"AAPL": {"cost_basis": -Infinity}}}', "profiles"),
        ("price_update", '{"symbol": "AAPL", "price": 1e999}', "price"),
    ],
)
def test_a_number_that_is_none_is_answered_and_nothing_done(app: Driver, command: str, parameters: str, name: str) -> None:
    """No success with silence after it: what cannot be published is not taken."""
    chain = app.send(command, as_json=parameters, image=b"\x89PNG\r\n\x1a\n")
    answer = chain.settled().answer()
    assert answer["status"] == "error"
    assert f"{name} must" in answer["message"]
    assert chain.names() == []
