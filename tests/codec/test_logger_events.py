"""What the correlation logger and the OCR process write becomes the same events as what was declared."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from helpers.dialects import MASTER, logged, logged_event, observe

from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.model.timeline import Sense
from testrade_hooks import wire

LOG = wire.CORRELATION_LOG_TYPE
DEFAULT = wire.CORRELATION_LOG


@pytest.mark.parametrize(
    ("stream", "wire_type", "payload", "event_type", "fields"),
    [
        pytest.param(
            "order_events",
            "TESTRADE_ORDER_FILL",
            {"event_type": "ORDER_FILL", "local_id": 17, "broker_id": "90021", "fill_quantity": 100.0, "fill_price": "150.31"},
            "FILL",
            {"local_order_id": "17", "order_id": "90021", "fill_price": 150.31},
            id="fill",
        ),
        pytest.param(
            "order_events",
            "TESTRADE_ORDER_STATUS_UPDATE",
            {"local_id": 17, "broker_id": 90021, "old_status": "X", "new_status": "OrderLSAgentStatus.LS_ACCEPTED_BY_EXCHANGE"},
            "ACK",
            {"local_order_id": "17", "broker_order_id": "90021", "status": "LS_ACCEPTED_BY_EXCHANGE"},
            id="status",
        ),
        pytest.param(
            "order_events",
            "TESTRADE_ORDER_REJECTION",
            {"local_id": 17, "ls_order_id": "90021", "rejection_reason": "no shares"},
            "REJECT",
            {"local_order_id": "17", "broker_order_id": "90021", "reason": "no shares"},
            id="rejection",
        ),
        pytest.param(
            DEFAULT,
            LOG,
            {"correlation_event_name": "OrderFill", "local_id": 17},
            "FILL",
            {"local_order_id": "17"},
            id="a fill on the default stream",
        ),
        pytest.param(
            DEFAULT,
            "TESTRADE_RISK_ASSESSMENT_COMPLETED",
            {"request_id": "r1", "risk_assessment_status": "VALIDATED", "side": "BUY"},
            "VALIDATED_ORDER",
            {"request_id": "r1"},
            id="risk says yes",
        ),
        pytest.param(
            DEFAULT,
            LOG,
            {
                "correlation_event_name": "RiskAssessmentCompleted",
                "request_id": "r1",
                "risk_assessment_status": "REJECTED",
                "rejection_reason": "too many",
            },
            "RISK_REJECTION",
            {"original_request_id": "r1", "reason": "too many"},
            id="risk says no",
        ),
        pytest.param(
            DEFAULT,
            LOG,
            {
                "correlation_event_name": "MarketDataPublished",
                "event_type": "TESTRADE_MARKET_TRADE_FILTERED",
                "data_type": "TRADE",
                "price": "150.25",
                "size": 100,
            },
            "PRICE_TRADE",
            {"price": 150.25, "volume": 100, "tick_type": "TRADE"},
            id="trade",
        ),
        pytest.param(
            DEFAULT,
            LOG,
            {"correlation_event_name": "MarketDataPublished", "data_type": "QUOTE", "bid": 1.0, "ask": 1.1},
            "PRICE_QUOTE",
            {"bid_price": 1.0, "ask_price": 1.1},
            id="quote",
        ),
        pytest.param(
            "testrade:position-updates",
            LOG,
            {"symbol": "AAPL", "quantity": 100.0, "average_price": 150.3, "update_source_trigger": "FILL"},
            "POSITION_UPDATE",
            {"quantity": 100.0},
            id="a position that lost its name",
        ),
        pytest.param(
            "testrade:trade-lifecycle-events",
            LOG,
            {"correlation_event_name": "TradeLifecycleEvent", "event_type": "TRADE_OPENED", "lifecycle_state": "OPEN_ACTIVE"},
            "TRADE_LIFECYCLE_OPEN_ACTIVE",
            {},
            id="lifecycle",
        ),
        pytest.param(
            DEFAULT,
            LOG,
            {"correlation_event_name": "TradingStateChange", "state_type": "TRADING_ENABLED", "enabled": "false"},
            "TRADING_STATE_DISABLED",
            {},
            id="trading state",
        ),
        pytest.param(
            wire.CONFIG_CHANGES,
            "TESTRADE_CONFIG_CHANGE",
            {
                "full_config_snapshot": {"a": 1},
                "change_details": {"changed_parameter": "a", "old_value": 0, "new_value": 1, "change_source": "GUI"},
            },
            "CONFIG_CHANGE_DETECTED",
            {"parameter": "a", "old_value": 0, "new_value": 1, "source": "GUI"},
            id="config change of the message bus",
        ),
        pytest.param(
            wire.CONFIG_CHANGES,
            "TESTRADE_CONFIG_CHANGE",
            {"change_source": "GUI", "change_timestamp": 1.0, "changed_parameters": {"a": {"old_value": 0, "new_value": 1}}},
            "CONFIG_CHANGE_DETECTED",
            {"parameter": "a", "old_value": 0, "new_value": 1, "source": "GUI", "effective_timestamp": 1.0},
            id="config change of the telemetry",
        ),
        pytest.param(
            wire.CONFIG_CHANGES,
            "TESTRADE_BOOTSTRAP_CONFIG",
            {"full_config_snapshot": {}},
            "CONFIG_BOOTSTRAP",
            {},
            id="bootstrap",
        ),
        pytest.param(
            wire.SYSTEM_ALERTS,
            "TESTRADE_SYSTEM_ALERT",
            {"alert_details": {"severity": "HIGH", "message": "cpu"}, "correlation_id": "alert_1_cpu"},
            "SYSTEM_ALERT_RAISED",
            {"severity": "HIGH", "message": "cpu", "alert_id": "alert_1_cpu"},
            id="alert",
        ),
        pytest.param(
            "testrade:account-updates",
            "TESTRADE_ACCOUNT_UPDATE",
            {"equity": 1000.0, "cash": 10.0, "buying_power": "4000"},
            "ACCOUNT_SUMMARY_UPDATED",
            {"account_value": 1000.0, "cash_balance": 10.0, "buying_power": 4000},
            id="account",
        ),
        pytest.param(
            wire.SIGNALS,
            "TESTRADE_SIGNAL_INTERPRETATION",
            {
                "payload": {"symbol": "AAPL", "decision_type": "NO_SIGNAL_GENERATED"},
                "correlation_event_name": "SignalInterpretation",
            },
            "SIGNAL_INTERPRETATION",
            {"symbol": "AAPL"},
            id="nested once more",
        ),
        pytest.param(
            "ocr:events",
            "TESTRADE_RAW_OCR_EVENT",
            {"full_raw_text": "Long AAPL", "overall_confidence": "91.3"},
            "OCR_FRAME_RAW",
            {"full_raw_text": "Long AAPL", "overall_confidence": 91.3},
            id="raw OCR of the OCR process",
        ),
    ],
)
def test_it_means_the_declared_event(
    stream: str, wire_type: str, payload: dict[str, Any], event_type: str, fields: dict[str, Any]
) -> None:
    """The event has the declared name and sense, its fields stand under the declared names, and what was published stays."""
    event = logged_event(stream, wire_type, payload)
    assert (event.event_type, event.wire_type) == (event_type, wire_type)
    assert fields.items() <= event.payload.items()
    published = payload.get("payload", payload)
    assert {name for name in published if name not in event.payload} == set()


@pytest.mark.parametrize("name", ["OrderProcessed", "TradingSkipped", "BrokerFillReceived", "MAFDutyCycle", "SignalDecision_X"])
def test_an_event_of_the_logger_alone_keeps_its_name(name: str) -> None:
    """It means no declared event, whatever its payload calls its kind."""
    event = logged_event(DEFAULT, LOG, {"correlation_event_name": name, "event_type": "ORDER_FILL"})
    assert (event.event_type, event.sense) == (name, Sense.CAPTURE)


def test_the_declared_contract_is_left_alone() -> None:
    """The same name from a writer of the declared contract is not taken for the order that it published as well."""
    said = wire.event(LOG, {"correlation_event_name": "RiskAssessmentCompleted", "risk_assessment_status": "VALIDATED"})
    event = observe(said.stream, wire.encode(said)).event
    assert (event.event_type, event.marks) == ("RiskAssessmentCompleted", ())


@pytest.mark.parametrize(
    ("wire_type", "sense"),
    [
        ("TESTRADE_ORPHANED_FILL", Sense.BROKER),
        ("TESTRADE_STALE_ORDER_CANCEL", Sense.BROKER),
        ("TESTRADE_OCR_CAPTURE_STARTED", Sense.OCR),
        ("TESTRADE_PERIODIC_HEALTH_STATUS", Sense.SYSTEM_ALERT),
        ("TESTRADE_BULK_DATA", Sense.VISUAL),
        ("TESTRADE_NEVER_HEARD_OF", Sense.CAPTURE),
    ],
)
def test_an_undeclared_type_has_the_sense_of_its_name(wire_type: str, sense: Sense) -> None:
    """It keeps its name without the prefix."""
    event = logged_event("order_events", wire_type, {})
    assert (event.event_type, event.sense) == (wire_type.removeprefix("TESTRADE_"), sense)


STATUSES = {
    "ACK": "Submitted Accepted Working WORKING ACKNOWLEDGED_BY_BROKER SUBMITTED_TO_BROKER LS_SUBMITTED LS_ACCEPTED_BY_EXCHANGE "
    "OrderStatus.SUBMITTED OrderLSAgentStatus.WORKING LsAcceptedByExchange PENDING_NEW",
    "CANCEL_ACK": "Cancelled CANCELED OrderStatus.CANCELLED",
    "STATUS_UPDATE": "PENDING PENDING_SUBMISSION SEND_ATTEMPTED_TO_BRIDGE SentToLightspeed PartiallyFilled Filled FULL_FILL "
    "CancelPending CancelRejected CANCEL_REQUESTED Rejected LS_REJECTION_FROM_BROKER Killed EXPIRED UNKNOWN",
}


@pytest.mark.parametrize(
    ("event_type", "status"), [(name, status) for name, all_ in STATUSES.items() for status in all_.split()]
)
def test_every_status_of_the_broker_is_understood(event_type: str, status: str) -> None:
    """Whatever its case, its class and its spelling."""
    assert logged_event("order_events", "TESTRADE_ORDER_STATUS_UPDATE", {"new_status": status}).event_type == event_type


@pytest.mark.parametrize(
    ("payload", "time_ns", "clock"),
    [
        ({"t7_orchestration_start_ns": 5, "t10_decision_ready_ns": 8}, 8, "testrade/core"),
        ({"T16_ExecutionStart_ns": 5, "T17_BrokerSubmission_ns": 6}, 6, "testrade/core"),
        ({"T0_ImageIngress_ns": 1, "T3_FormattedOutput_ns": 4}, 4, "testrade/ocr"),
        ({"T4_ConditioningStart_ns": 1, "T6_ConditioningComplete_ns": 4}, 4, "testrade/conditioning"),
        ({"T14_RiskCheckEnd_ns": 1758720301_000000000}, 83_211_004_500_123, None),
        ({"T16_ExecutionStart_ns": 1758720301_000000000}, 83_211_004_500_123, None),
        ({}, 83_211_004_500_123, None),
    ],
)
def test_an_event_happened_at_its_last_milestone(payload: dict[str, Any], time_ns: int, clock: str | None) -> None:
    """On the clock of that stage; a wall clock is never taken for it, and the stamp of the queue is comparable with nothing."""
    event = logged_event(DEFAULT, LOG, {"correlation_event_name": "X", **payload})
    assert (event.app_time_ns, event.app_clock) == (time_ns, clock)


def test_what_stands_beside_the_payload_is_kept() -> None:
    """Times, fields and parts of the envelope that nobody else reads are under one name of their own."""
    fields = logged("TESTRADE_ORDER_FILL", {"symbol": "AAPL"}, ocr_process_timestamp=1758720301.5)
    event = observe("order_events", fields | {b"trace": b"t-1", b"": b"empty", b"\xff": b"\x00\r\n"}).event
    assert event.payload["beside_payload"] == {
        "metadata": {"epoch_timestamp_s": 1758720301.512},
        "envelope": {"ocr_process_timestamp": 1758720301.5},
        "fields": [
            {"name": "trace", "value": "t-1"},
            {"name": "", "value": "empty"},
            {"name": {"hex": "ff"}, "value": "\x00\r\n"},
        ],
    }


def test_a_reading_of_the_ocr_process_in_binary_is_read() -> None:
    """Confidence, text, times and master id of the fixed record; its times have no clock of ours."""
    text = b"Long AAPL 150.25"
    record = struct.pack("<fdQQQQ40sI512s", 91.5, 1758720301.5, 1, 2, 3, 4, MASTER.encode(), len(text), text)
    event = observe("ocr:cold-path", {b"data": record}).event
    assert (event.event_type, event.correlation_id) == ("OCR_FRAME_RAW", MASTER)
    assert (event.payload["full_raw_text"], event.payload["overall_confidence"]) == (text.decode(), 91.5)
    with pytest.raises(wire.UnreadableEntry):
        observe("ocr:cold-path", {b"data": b"{" * len(record)})


def test_an_object_that_names_its_own_type_is_an_event() -> None:
    """The OCR process sends its readings without an envelope."""
    reading = {"type": "ocr_trading_signal", "correlation_id": MASTER, "text": "Long AAPL", "confidence": 91.5}
    event = observe("ocr:events", {b"data": json.dumps(reading).encode()}).event
    assert (event.event_type, event.correlation_id, event.payload["full_raw_text"]) == ("OCR_FRAME_RAW", MASTER, "Long AAPL")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([], "silent"),
        ([(wire.ORDER_FILLS, "TESTRADE_ORDER_FILL")], "G1"),
        ([("order_events", "TESTRADE_ORDER_FILL")], "G2"),
        ([("ocr:events", "ocr_trading_signal")], "G3"),
        (
            [(wire.ORDER_FILLS, "TESTRADE_ORDER_FILL"), ("order_events", "TESTRADE_ORDER_FILL")],
            "mixed: 1 events of the declared",
        ),
    ],
)
def test_the_generation_is_told(seen: list[tuple[str, str]], words: str) -> None:
    """By what was seen, in words."""
    count = DialectCount()
    for stream, wire_type in seen:
        count.add(stream, wire_type)
    assert count.generation.startswith(words)
