"""Trading that is disabled, by somebody or by the loss of the day: nothing opens, closes pass."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.reference_app import Chain, Driver


def buy(app: Driver, symbol: str = "AAPL", quantity: float = 10, side: str = "BUY") -> Chain:
    return app.send("trade_command", symbol=symbol, side=side, quantity=quantity)


def set_position(app: Driver, symbol: str, shares: float, price: float, **more: Any) -> None:
    app.ask("set_position_state", symbol=symbol, open=shares != 0, total_shares=shares, total_avg_price=price, **more)


def test_while_trading_is_disabled_opens_are_refused_and_closes_pass(app: Driver) -> None:
    """The refusal names the state; enabling lets the same order through."""
    set_position(app, "MSFT", 10, 400.0)
    change = app.send("trading_state_change", enabled=False, reason="maintenance").settled()
    event = change.await_("TRADING_STATE_CHANGE").payload
    assert (event["enabled"], event["previous_state"], event["state_type"]) == (False, True, "TRADING_ENABLED")
    refused = buy(app).settled()
    assert "trading disabled (DISABLED by INTELLISENSE: maintenance)" in refused.await_("RISK_REJECTION").payload["reason"]
    assert refused.await_("TradingSkipped").payload["status"] == "SKIPPED_TRADING_DISABLED"
    assert "BrokerOrderSent" not in refused.names()
    assert buy(app, "MSFT", 10, side="SELL").settled().status_words()[-1] == "Filled"
    app.ask("trading_state_change", enabled=True)
    assert buy(app).settled().status_words()[-1] == "Filled"


@pytest.mark.parametrize(("held", "side"), [(100, "SELL"), (-100, "BUY")])
def test_while_trading_is_disabled_no_close_goes_beyond_what_is_held(app: Driver, held: float, side: str) -> None:
    """The part beyond it would open the other way, so the order is refused as a whole."""
    set_position(app, "AAPL", held, 150.0, strategy="long" if held > 0 else "short")
    app.ask("trading_state_change", enabled=False)
    assert "trading disabled" in buy(app, quantity=101, side=side).settled().await_("RISK_REJECTION").payload["reason"]
    assert buy(app, quantity=100, side=side).settled().status_words()[-1] == "Filled"
    assert app.query("positions")["AAPL"]["total_shares"] == 0


def test_while_trading_is_disabled_closes_on_their_way_count(app: Driver) -> None:
    """Two of them together end at zero, not beyond it."""
    app.ask("config_change", parameters={"broker_silent": True})
    set_position(app, "AAPL", 100, 150.0)
    app.ask("trading_state_change", enabled=False)
    buy(app, quantity=60, side="SELL").settled()
    assert "trading disabled" in buy(app, quantity=41, side="SELL").settled().await_("RISK_REJECTION").payload["reason"]
    assert buy(app, quantity=40, side="SELL").settled().status_words() == ["SentToLightspeed"]


def test_the_daily_loss_limit_pauses_trading_until_it_is_enabled_again(app: Driver) -> None:
    """ACTIVE, RISK_PAUSED, ACTIVE; the loss counts anew after that."""
    app.ask("config_change", parameters={"risk_max_daily_loss": 100.0})
    set_position(app, "AAPL", 100, 150.0)
    app.ask("price_update", symbol="AAPL", price=149.01)
    assert app.query("trading_state")["state"] == "ACTIVE"
    fall = app.send("price_update", symbol="AAPL", price=149.0).settled()
    assert fall.await_("TRADING_STATE_CHANGE").payload["state"] == "RISK_PAUSED"
    assert "daily loss $100.00 reached the limit $100.00" in fall.await_("RiskTradingStopped").payload["reason"]
    assert fall.await_("SYSTEM_ALERT").payload["severity"] == "CRITICAL"
    assert "RISK_PAUSED" in buy(app).settled().await_("RISK_REJECTION").payload["reason"]
    app.ask("trading_state_change", enabled=True, reason="reset")
    assert app.query("trading_state")["state"] == "ACTIVE"
    assert buy(app).settled().status_words()[-1] == "Filled"
    app.ask("price_update", symbol="AAPL", price=147.9)
    assert app.query("trading_state")["state"] == "RISK_PAUSED"
