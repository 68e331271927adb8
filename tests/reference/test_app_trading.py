"""Orders through the running application: injected over Redis, read from its streams."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from helpers.reference_app import Chain, Driver

from testrade_hooks import clock


def buy(app: Driver, symbol: str = "AAPL", quantity: float = 10, side: str = "BUY", **more: Any) -> Chain:
    return app.send("trade_command", symbol=symbol, side=side, quantity=quantity, **more)


def set_position(app: Driver, symbol: str, shares: float, price: float, **more: Any) -> None:
    app.ask("set_position_state", symbol=symbol, open=shares != 0, total_shares=shares, total_avg_price=price, **more)


def test_a_market_order_goes_all_the_way(app: Driver) -> None:
    """Request, risk, broker, fill, position, trade: each event follows from the one before."""
    order = buy(app, quantity=100, request_id="inj_AAPL_1").settled()
    assert order.answer()["data"] == {"request_id": "inj_AAPL_1"}
    position = order.await_("POSITION_UPDATE")
    assert order.causes(position) == [
        "INTELLISENSE_INJECTION_COMMAND",
        "ORDER_REQUEST",
        "VALIDATED_ORDER_REQUEST",
        "OrderProcessed",
        "ExecutionDecision",
        "BrokerOrderSubmitted",
        "BrokerOrderSent",
        "ORDER_STATUS_UPDATE",
        "BrokerMessageReceived",
        "ORDER_STATUS_UPDATE",
        "BrokerMessageReceived",
        "ORDER_STATUS_UPDATE",
        "BrokerFillReceived",
        "ORDER_FILL",
        "POSITION_UPDATE",
    ]
    assert order.status_words() == ["SentToLightspeed", "Accepted", "Working", "Filled"]
    fill = order.await_("ORDER_FILL").payload
    assert (fill["fill_quantity"], fill["fill_price"], fill["remaining_quantity"]) == (100, 150.0, 0)
    assert (position.payload["quantity"], position.payload["average_price"]) == (100, 150.0)
    assert [e.payload["lifecycle_state"] for e in order.events("TRADE_LIFECYCLE_EVENT")] == ["OPEN_PENDING", "OPEN_ACTIVE"]


def test_every_event_of_a_chain_has_the_master_id_and_an_own_one(app: Driver) -> None:
    """Nothing of a chain is lost to a missing id, and every cause is an event of the chain."""
    order = buy(app).settled()
    events = order.events()
    ids = {event.event_id for event in events}
    assert len(ids) == len(events) > 25
    assert {event.causation_id for event in events} - {None} <= ids
    assert {event.clock_domain for event in events if event.stream.startswith("testrade")} == {clock.clock_domain()}


def test_the_times_of_risk_and_broker_are_of_one_clock_and_in_order(app: Driver) -> None:
    """T13 to T19 can be subtracted from each other and from the events' own time."""
    order = buy(app).settled()
    names = {
        "RiskAssessmentMilestones": ("T13_RiskCheckStart_ns", "T14_RiskCheckEnd_ns", "T15_RiskEventPublished_ns"),
        "BrokerOrderSubmitted": ("T16_ExecutionStart_ns", "T17_BrokerSubmission_ns"),
        "BrokerOrderSent": ("T18_BrokerSend_ns",),
        "BrokerFillReceived": ("T19_BrokerMessageReceived_ns",),
    }
    times = [order.await_("ORDER_REQUEST").timestamp_ns or 0]
    for name, fields in names.items():
        times += [order.await_(name).payload[field] for field in fields]
    times.append(order.await_("ORDER_FILL").timestamp_ns or 0)
    assert all(before <= after for before, after in itertools.pairwise(times))


def test_a_validation_id_goes_with_the_order(app: Driver) -> None:
    """The stages of the execution path, in order, all under one validation id."""
    order = buy(app).settled()
    stages = [
        "order_request_published",
        "order_request_received_by_risk",
        "risk_assessment_completed",
        "validated_order_received_by_executor",
        "order_sent_to_broker_interface",
        "broker_ack_received",
        "order_fill_received",
    ]
    assert [name for name in order.names() if name in stages] == stages
    ids = {order.await_(stage).payload["validation_id"] for stage in stages}
    assert ids == {order.await_("ORDER_REQUEST").payload["validation_id"]}
    assert ids.pop().startswith("val_")


def test_risk_says_no_with_its_reason_and_nothing_reaches_the_broker(app: Driver) -> None:
    """One share beyond the limit."""
    order = buy(app, quantity=1001).settled()
    rejection = order.await_("RISK_REJECTION")
    assert rejection.payload["reason"] == "Order quantity 1001 exceeds max allowed 1000"
    assert order.causes(rejection) == ["INTELLISENSE_INJECTION_COMMAND", "ORDER_REQUEST", "RISK_REJECTION"]
    verdict = order.await_("RiskAssessmentCompleted").payload
    assert (verdict["risk_assessment_status"], verdict["event_name"]) == ("REJECTED", "OrderRequestEvent")
    assert not {"VALIDATED_ORDER_REQUEST", "ORDER_STATUS_UPDATE", "BrokerOrderSent"} & set(order.names())
    assert app.query("orders") == []


def test_a_symbol_without_a_price_is_no_risk_to_take(app: Driver) -> None:
    """Unknown symbols have no price."""
    order = buy(app, symbol="NOPE").settled()
    assert "No valid current_price" in order.await_("RISK_REJECTION").payload["reason"]


def test_a_share_of_pennies_can_be_traded(app: Driver) -> None:
    """Its bid and ask are the latest price, which is no spread at all."""
    app.ask("price_update", symbol="NOK", price=0.005)
    assert buy(app, "NOK").settled().await_("ORDER_FILL").payload["fill_price"] == 0.005


def test_a_feed_that_is_off_is_active_for_nobody_it_never_spoke_of(app: Driver) -> None:
    """One that is on begins to follow whoever is asked for."""
    app.ask("config_change", parameters={"price_feed_enabled": False})
    assert app.ask("is_price_feed_active", symbol="AMD") == {"active": False, "age_s": None}
    assert "AMD" not in app.query("prices")
    app.ask("config_change", parameters={"price_feed_enabled": True})
    assert app.ask("is_price_feed_active", symbol="AMD")["active"] is True
    assert app.ask("is_price_feed_active", symbol="NOBODY") == {"active": False, "age_s": None}


def test_a_dead_price_feed_stops_orders(app: Driver) -> None:
    """A price that is too old is none."""
    app.ask("config_change", parameters={"price_feed_enabled": False, "price_cache_staleness_seconds_for_fallback": 0.01})
    answer = app.wait_for(
        lambda: not (found := app.ask("is_price_feed_active", symbol="AAPL", staleness_s=0.01))["active"] and found,
        "a stale price",
    )
    assert answer["age_s"] > 0.01
    assert "No valid current_price" in buy(app).settled().await_("RISK_REJECTION").payload["reason"]


def test_the_broker_rejects_after_taking_the_order_in(app: Driver) -> None:
    """An acknowledgement, then the reason; no position arises and the trade has failed."""
    app.ask("config_change", parameters={"broker_reject_reason": "no shares to borrow"})
    order = buy(app).settled()
    assert order.await_("ORDER_REJECTION").payload["reason"] == "no shares to borrow"
    assert order.status_words() == ["SentToLightspeed", "Submitted", "Rejected"]
    assert "order_rejected_by_broker" in order.names()
    assert order.events("TRADE_LIFECYCLE_EVENT")[-1].payload["lifecycle_state"] == "ERROR"
    (record,) = app.query("orders")
    assert (record["status"], record["status_history"][-1]["reason"]) == ("REJECTED", "no shares to borrow")
    assert app.query("positions", "AAPL")["AAPL"]["open"] is False


def test_an_unknown_symbol_with_a_price_is_rejected_by_the_broker(app: Driver) -> None:
    """Somebody quotes it, but our broker does not trade it."""
    app.ask("price_update", symbol="XYZ", price=10.0)
    assert buy(app, symbol="XYZ").settled().await_("ORDER_REJECTION").payload["reason"] == "Unknown symbol XYZ"


def test_partial_fills_add_up(app: Driver) -> None:
    """Each part moves the position; the order ends filled at the average price."""
    app.ask("config_change", parameters={"broker_partial_fills": [60, 30]})
    order = buy(app, quantity=100).settled()
    assert [event.payload["remaining_quantity"] for event in order.events("ORDER_FILL")] == [40, 10, 0]
    assert [event.payload["quantity"] for event in order.events("POSITION_UPDATE")] == [60, 90, 100]
    assert order.status_words()[3:] == ["PartiallyFilled", "PartiallyFilled", "Filled"]
    (record,) = app.query("orders")
    assert (record["status"], record["leftover_shares"], len(record["fills"]), record["avg_fill_price"]) == (
        "FILLED",
        0,
        3,
        150.0,
    )


def test_a_question_does_not_wait_for_the_broker(app: Driver) -> None:
    """A broker that takes a minute leaves the order visibly unanswered."""
    app.ask("config_change", parameters={"broker_delay_ms": 60_000})
    buy(app)
    (record,) = app.query("orders")
    assert (record["status"], record["filled_quantity"]) == ("SENT_TO_LIGHTSPEED", 0)


def test_a_delayed_broker_answers_by_itself(app: Driver) -> None:
    """Delays are the broker's, not the application's."""
    app.ask("config_change", parameters={"broker_delay_ms": 20, "broker_fill_delay_ms": 10, "broker_partial_fills": 2})
    order = buy(app, quantity=100)
    assert order.await_("ORDER_FILL", 2).payload["remaining_quantity"] == 0
    assert order.causes(order.await_("POSITION_UPDATE", 2))[0] == "INTELLISENSE_INJECTION_COMMAND"


def test_a_limit_order_rests_until_the_price_comes_and_keeps_its_chain(app: Driver) -> None:
    """The fill belongs to the order's chain and was caused by the tick."""
    set_position(app, "TSLA", 100, 240.0)
    order = buy(app, "TSLA", 50, side="SELL", order_type="LMT", limit_price=251.0).settled()
    (record,) = app.query("orders")
    assert (record["status"], record["limit_price"]) == ("WORKING", 251.0)
    tick = app.send("price_update", symbol="TSLA", bid_price=251.05, ask_price=251.07).settled()
    fill = order.await_("ORDER_FILL")
    assert (fill.payload["fill_price"], fill.correlation_id) == (251.05, order.correlation_id)
    assert order.causes(fill)[:2] == ["INTELLISENSE_INJECTION_COMMAND", "price_data_received_by_pricerepo"]
    assert tick.await_("MARKET_QUOTE").event_id in {event.causation_id for event in order.events()}
    assert app.query("positions", "TSLA")["TSLA"]["overall_realized_pnl"] == pytest.approx(50 * 11.05)


@pytest.mark.parametrize("key", ["local_id", "broker_order_id", "request_id"])
def test_a_dictated_answer_finds_its_order_by_any_id(app: Driver, key: str) -> None:
    """With a silent broker the test speaks for it; what follows is the answer's chain."""
    app.ask("config_change", parameters={"broker_silent": True})
    order = buy(app, quantity=40).settled()
    (record,) = app.query("orders")
    answer = app.send("broker_response", order_id=record[key], status="FILLED", filled_price=149.5).settled()
    fill = answer.await_("ORDER_FILL")
    assert (fill.payload["fill_price"], fill.payload["order_correlation_id"]) == (149.5, order.correlation_id)
    assert answer.causes(answer.await_("POSITION_UPDATE"))[0] == "INTELLISENSE_INJECTION_COMMAND"
    assert app.query("positions")["AAPL"]["total_avg_price"] == 149.5


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        ("ACCEPTED", {}, ["Accepted"]),
        ("WORKING", {}, ["Working"]),
        ("PARTIAL", {"filled_quantity": 10}, ["PartiallyFilled"]),
        ("REJECTED", {"reject_reason": "halted"}, ["Rejected"]),
        ("CANCELLED", {}, ["Cancelled"]),
    ],
)
def test_every_answer_of_a_broker_can_be_dictated(app: Driver, status: str, more: dict[str, Any], words: list[str]) -> None:
    """Each becomes the status update it stands for."""
    app.ask("config_change", parameters={"broker_silent": True})
    buy(app, quantity=40).settled()
    answer = app.send("broker_response", order_id=app.query("orders")[0]["local_id"], status=status, **more).settled()
    assert answer.status_words() == words


def test_an_answer_about_no_open_order_is_an_error(app: Driver) -> None:
    """Unknown, over, or more than is left."""
    order = buy(app)
    order.await_("POSITION_UPDATE")
    local_id = app.query("orders")[0]["local_id"]
    told = [app.send("broker_response", order_id=key, status="FILLED").answer()["message"] for key in ("nobody", local_id)]
    assert "unknown order 'nobody'" in told[0]
    assert "is FILLED already" in told[1]


def test_a_status_that_comes_late_changes_nothing(app: Driver) -> None:
    """Only its receipt is told: a partly filled order does not become one that the broker has not worked on."""
    app.ask("config_change", parameters={"broker_silent": True})
    order = buy(app, quantity=40, request_id="late").settled()
    app.ask("broker_response", order_id="late", status="PARTIAL", filled_quantity=10)
    for status in ("WORKING", "ACCEPTED"):
        late = app.send("broker_response", order_id="late", status=status).settled()
        assert late.answer()["data"]["status"] == "PARTIALLY_FILLED"
        assert late.await_("BrokerMessageReceived")
        assert late.status_words() == []
    (record,) = app.query("orders")
    assert [step["status"] for step in record["status_history"]][-2:] == ["SentToLightspeed", "PartiallyFilled"]
    assert order.status_words() == ["SentToLightspeed"]


def test_filled_means_all_that_is_left(app: Driver) -> None:
    """Fewer shares would be a partial fill, and the answer says so; nothing is filled."""
    app.ask("config_change", parameters={"broker_silent": True})
    buy(app, quantity=100, request_id="r").settled()
    told = app.send("broker_response", order_id="r", status="FILLED", filled_quantity=10).answer()
    assert "FILLED fills all 100 shares that are left, filled_quantity is 10: say PARTIAL" in told["message"]
    assert app.query("orders")[0]["filled_quantity"] == 0
    assert app.ask("broker_response", order_id="r", status="FILLED", filled_quantity=100)["status"] == "FILLED"


def test_parts_of_shares_add_up_without_dust(app: Driver) -> None:
    """Three times 0.1 fills an order of 0.3, and selling 0.3 leaves nothing."""
    app.ask("config_change", parameters={"broker_silent": True})
    for side, held in (("BUY", 0.3), ("SELL", 0)):
        buy(app, quantity=0.3, side=side, request_id=side).settled()
        told = [app.ask("broker_response", order_id=side, status="PARTIAL", filled_quantity=0.1)["status"] for _ in range(3)]
        assert told == ["PARTIALLY_FILLED", "PARTIALLY_FILLED", "FILLED"]
        assert app.query("positions", "AAPL")["AAPL"]["total_shares"] == held
    assert [(o["filled_quantity"], o["leftover_shares"]) for o in app.query("orders")] == [(0.3, 0.0), (0.3, 0.0)]


def test_a_stale_order_is_given_up(app: Driver) -> None:
    """A broker that says nothing useful for too long loses the order; one that works on it keeps it."""
    app.ask(
        "config_change",
        parameters={"broker_silent": True, "stale_order_timeout_seconds": 0.05, "stale_order_check_interval_seconds": 0.02},
    )
    order = buy(app)
    assert "stale" in order.await_("StaleOrderCancel").payload["reason"]
    app.wait_for(lambda: order.status_words() == ["SentToLightspeed", "Cancelled"], "the cancellation")
    app.ask("config_change", parameters={"broker_silent": False, "broker_ack_only": True})
    buy(app)
    app.ask("config_change", parameters={"broker_silent": True})
    doomed = buy(app)
    doomed.await_("StaleOrderCancel")
    assert [record["status"] for record in app.query("orders")] == ["CANCELLED", "WORKING", "CANCELLED"]


def test_the_same_request_is_not_sent_twice(app: Driver) -> None:
    """The executor recognises its fingerprint."""
    buy(app, request_id="twice").settled()
    again = buy(app, request_id="twice").settled()
    assert again.await_("ExecutionRejection").payload["rejection_type"] == "FINGERPRINT_DUPLICATE_DETECTED"
    assert again.await_("ORDER_REJECTION").payload["reason"] == "request twice was sent before"
    assert app.query("positions")["AAPL"]["total_shares"] == 10


@pytest.mark.parametrize(
    ("config", "order", "kind"),
    [
        ({}, {"order_type": "LMT"}, "INVALID_ORDER_PRICE_PARAMETERS"),
        ({}, {"order_type": "STP LMT", "stop_price": 151.0}, "INVALID_ORDER_PRICE_PARAMETERS"),
        ({"halted_symbols": ["AAPL"]}, {}, "TRADING_HALTED_HALTED"),
    ],
)
def test_the_last_gate_before_the_broker_refuses(app: Driver, config: dict[str, Any], order: dict[str, Any], kind: str) -> None:
    """Orders that make no sense or must not be sent now end rejected, with the reason."""
    app.ask("config_change", parameters=config)
    chain = buy(app, **order).settled()
    assert chain.await_("ExecutionRejection").payload["rejection_type"] == kind
    assert chain.await_("ORDER_REJECTION").payload["reason"]
    assert "BrokerOrderSent" not in chain.names()


def test_a_position_can_be_set_and_closed(app: Driver) -> None:
    """The set position has a trade of its own, which the closing order ends; profit is realized at the bid."""
    set_position(app, "NVDA", 10, 100.0, overall_realized_pnl=-5.0)
    app.ask("price_update", symbol="NVDA", bid_price=119.99, ask_price=120.01)
    position = app.query("positions", "NVDA")["NVDA"]
    assert (position["strategy"], position["unrealized_pnl"], position["market_value"]) == ("long", 200.0, 1200.0)
    order = buy(app, "NVDA", 10, side="SELL").settled()
    assert [e.payload["lifecycle_state"] for e in order.events("TRADE_LIFECYCLE_EVENT")] == ["CLOSE_PENDING", "CLOSED"]
    position = app.query("positions", "NVDA")["NVDA"]
    assert (position["open"], position["strategy"], position["shares"]) == (False, "closed", 0)
    assert position["overall_realized_pnl"] == pytest.approx(-5.0 + 10 * 19.99)


def test_a_position_that_was_synced_knows_of_it(app: Driver) -> None:
    """Every documented field of a position is there."""
    set_position(app, "AAPL", 10, 150.0, source="SYNC")
    position = app.query("positions", "AAPL")["AAPL"]
    assert (position["last_sync_details"]["shares"], position["last_sync_details"]["avg_price"]) == (10, 150.0)
    assert {"last_broker_fingerprint", "potential_avg_price", "lcm_parent_trade_id", "trading_status"} <= position.keys()
    set_position(app, "AAPL", 10, 150.0)
    assert app.query("positions", "AAPL")["AAPL"]["last_sync_details"] is None


def test_the_account_follows_the_positions(app: Driver) -> None:
    """A fill moves cash into shares at the cost of half the spread."""
    app.ask("price_update", symbol="AAPL", bid_price=149.99, ask_price=150.01)
    summary = buy(app, quantity=100).settled().await_("ACCOUNT_SUMMARY_UPDATE").payload
    assert (summary["account_value"], summary["day_pnl"], summary["buying_power_used"]) == (99_999.0, -1.0, 15_000.0)


def test_a_reset_brings_everything_back_to_the_start(app: Driver) -> None:
    """Orders, positions, prices, trading state and, unless kept, the configuration."""
    app.ask("config_change", parameters={"manual_shares": 7})
    app.ask("price_update", symbol="AAPL", price=151.0)
    buy(app).settled()
    app.ask("trading_state_change", enabled=False)
    app.ask("reset_state", keep_config=True)
    assert (app.query("orders"), app.query("positions")) == ([], {})
    assert app.query("prices", "AAPL")["AAPL"]["last_trade_price"] == 150.0
    assert app.query("trading_state")["enabled"] is True
    assert app.query("config", "manual_shares") == {"manual_shares": 7}
    app.ask("reset_state", keep_config=False)
    assert app.query("config", "manual_shares") == {"manual_shares": 50}


def test_a_broker_answer_from_before_a_reset_is_not_heard(app: Driver) -> None:
    """A delayed fill does not haunt the next test."""
    app.ask("config_change", parameters={"broker_delay_ms": 1000})
    order = buy(app).settled()
    app.ask("reset_state", keep_config=True)
    later = buy(app)
    later.await_("POSITION_UPDATE")
    assert order.events("ORDER_FILL") == []
