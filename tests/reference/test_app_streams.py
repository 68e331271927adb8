"""What is declared is published: every stream, every event type, every field, on a real Redis and in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import fakeredis
import pytest
import redis
from helpers.redis_server import RedisServer
from helpers.reference_app import Driver, running

from testrade_hooks import wire
from testrade_hooks.gate import PERMIT_KEY

LINE = "Long AAPL 150.25 +0.12 0.00"
STAGES_OF_A_PRICE = [
    "price_data_received_by_pricerepo",
    "price_data_enqueued_to_risk",
    "risk_pmd_processing_started",
    "risk_pmd_processing_completed",
]


def a_varied_day(app: Driver) -> None:
    """One of everything that the application has to tell about."""

    def shows(text: str) -> None:
        app.send("ocr_event", raw_data={"full_raw_text": text, "overall_confidence": 50.0})

    app.send("raw_image_injection", image=b"\x89PNG\r\n\x1a\n", image_format="PNG")
    app.send("raw_image_injection", image=_blank_png(), image_format="PNG")
    shows(LINE)
    shows(LINE)
    shows("")
    app.ask("price_update", symbol="AAPL", price=150.0)
    app.ask("config_change", parameters={"broker_reject_reason": "no"})
    app.send("trade_command", symbol="AAPL", side="BUY", quantity=1)
    app.send("trade_command", symbol="AAPL", side="BUY", quantity=5000)
    app.ask("config_change", parameters={"add_type": "CostBasis", "broker_reject_reason": ""})
    app.ask("set_position_state", symbol="MSFT", open=True, total_shares=10, total_avg_price=420.0)
    shows("Long MSFT 420.50 +0.10 0.00")
    app.ask("config_change", parameters={"master_action_filter_enabled": False, "enable_flicker_filter": False})
    shows("Long MSFT 421.50 +0.10 0.00")
    app.ask("trading_state_change", enabled=False)
    app.send("trade_command", symbol="AAPL", side="BUY", quantity=1)
    app.settle()


def _blank_png() -> bytes:
    import cv2
    import numpy as np

    return cv2.imencode(".png", np.full((40, 120, 3), 24, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def day() -> Iterator[list[wire.WireEvent]]:
    with RedisServer() as server, running(server.client, health_interval_seconds=0.05) as app:
        a_varied_day(app)
        app.wait_for(lambda: len([e for e in app.events if e.stream == wire.CORE_HEALTH]) > 2, "regular signs of life")
        yield app.read_all()


@pytest.mark.parametrize("event_type", wire.EVENTS)
def test_every_declared_event_is_published_on_its_stream_with_its_fields(day: list[wire.WireEvent], event_type: str) -> None:
    """A reader of the contract finds what the contract promises."""
    spec = wire.EVENTS[event_type]
    seen = [event for event in day if event.event_type == event_type]
    assert seen, f"no {event_type}"
    for event in seen:
        assert event.stream == spec.stream
        assert set(spec.fields) <= event.payload.keys()
        assert event.event_id
        assert event.correlation_id
        assert event.timestamp_ns
    if event_type not in (wire.CORRELATION_LOG_TYPE, "TESTRADE_ORDER_REQUEST", "TESTRADE_OCR_CONDITIONING_ERROR"):
        assert {event.source_component for event in seen} == {spec.source_component}


def test_nothing_undeclared_is_published(day: list[wire.WireEvent]) -> None:
    """No event type and no stream that the contract does not know."""
    assert {event.event_type for event in day} <= wire.EVENTS.keys()
    assert {event.stream for event in day} <= set(wire.STREAMS)


def test_every_event_has_an_id_of_its_own_and_a_cause_that_exists(day: list[wire.WireEvent]) -> None:
    """No event hangs in the air; only commands, prepared images and the application's own beginnings have no cause."""
    ids = [event.event_id for event in day]
    assert len(set(ids)) == len(ids)
    assert {event.causation_id for event in day if event.causation_id} <= set(ids)
    beginnings = {event.event_type for event in day if not event.causation_id}
    assert beginnings == {
        wire.INJECTION_COMMAND_TYPE,
        "TESTRADE_CONFIG_BOOTSTRAP",
        "TESTRADE_PROCESSED_ROI_IMAGE",
        "TESTRADE_CORE_HEALTH_STATUS",
        "TESTRADE_MARKET_TICK",
        "TESTRADE_MARKET_QUOTE",
        "TESTRADE_SYSTEM_ALERT",
    }


def test_an_event_never_comes_before_its_cause(day: list[wire.WireEvent]) -> None:
    """By the one clock of the application."""
    at = {event.event_id: event.timestamp_ns or 0 for event in day}
    late = [event for event in day if event.causation_id and at[event.causation_id] > at[event.event_id]]
    assert late == []


def test_a_price_passes_the_stages_up_to_risk(day: list[wire.WireEvent]) -> None:
    """Under the correlation id of the injected price."""
    chains = itertools.groupby((e for e in day if e.event_type == wire.CORRELATION_LOG_TYPE), lambda e: e.correlation_id)
    names = [[event.payload["correlation_event_name"] for event in events] for _, events in chains]
    assert STAGES_OF_A_PRICE in names


def test_the_start_is_announced_with_the_whole_configuration(day: list[wire.WireEvent]) -> None:
    """Configuration, account, health and a first price of every symbol."""
    bootstrap = next(event for event in day if event.event_type == "TESTRADE_CONFIG_BOOTSTRAP")
    assert bootstrap.payload["full_config_snapshot"]["RISK_MAX_ORDER_QTY"] == 1000
    account = next(event for event in day if event.event_type == "TESTRADE_ACCOUNT_SUMMARY_UPDATE")
    assert account.payload["is_bootstrap"] is True
    prices = {event.payload["symbol"]: event.payload["price"] for event in day if event.event_type == "TESTRADE_MARKET_TICK"}
    assert prices["MSFT"] == 420.0


def test_the_application_runs_in_memory_too() -> None:
    """The same chain through a server inside this process."""
    server = fakeredis.FakeServer()

    def client() -> redis.Redis:
        return fakeredis.FakeRedis(server=server)

    with running(client) as app:
        order = app.send("trade_command", symbol="AAPL", side="BUY", quantity=10).settled()
        assert order.status_words() == ["SentToLightspeed", "Accepted", "Working", "Filled"]


def test_a_redis_that_dies_does_not_take_the_application_along() -> None:
    """It keeps its positions, tells its health again, and takes commands again."""
    with RedisServer() as server, running(server.client, health_interval_seconds=0.2) as app:
        app.send("trade_command", symbol="AAPL", side="BUY", quantity=10).settled()
        server.restart()
        with server.client() as client:
            later = Driver(client, app.application)
            later.wait_for(lambda: client.exists(PERMIT_KEY), "the permit of a listener that is back")
            assert later.query("positions")["AAPL"]["total_shares"] == 10
            later.wait_for(lambda: [e for e in later.events if e.stream == wire.CORE_HEALTH], "a sign of life")
