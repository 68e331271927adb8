"""Wire events get the names and senses that plans and reports use."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_intellisense.codec.event_names import timeline_name
from pytest_intellisense.model.timeline import Sense
from testrade_hooks import wire


@pytest.mark.parametrize(
    ("wire_type", "payload", "expected"),
    [
        ("TESTRADE_RAW_OCR_DATA", {}, ("OCR_FRAME_RAW", Sense.OCR)),
        ("TESTRADE_VALIDATED_ORDER_REQUEST", {}, ("VALIDATED_ORDER", Sense.BROKER)),
        ("TESTRADE_ORDER_STATUS_UPDATE", {"status": "WORKING"}, ("ACK", Sense.BROKER)),
        ("TESTRADE_ORDER_STATUS_UPDATE", {"status": "OrderLSAgentStatus.LS_ACCEPTED_BY_EXCHANGE"}, ("ACK", Sense.BROKER)),
        ("TESTRADE_ORDER_STATUS_UPDATE", {"new_status": "OrderStatus.Cancelled"}, ("CANCEL_ACK", Sense.BROKER)),
        ("TESTRADE_ORDER_STATUS_UPDATE", {"status": "SentToLightspeed"}, ("STATUS_UPDATE", Sense.BROKER)),
        ("TESTRADE_ORDER_STATUS_UPDATE", {"status": "PENDING_SUBMISSION"}, ("STATUS_UPDATE", Sense.BROKER)),
        (
            "TESTRADE_TRADE_LIFECYCLE_EVENT",
            {"lifecycle_state": "OPEN_ACTIVE"},
            ("TRADE_LIFECYCLE_OPEN_ACTIVE", Sense.TRADE_LIFECYCLE),
        ),
        ("TESTRADE_TRADING_STATE_CHANGE", {"enabled": False}, ("TRADING_STATE_DISABLED", Sense.SYSTEM_STATE)),
        ("TESTRADE_CORRELATION_LOG", {"correlation_event_name": "OrderProcessed"}, ("OrderProcessed", Sense.CAPTURE)),
        ("TESTRADE_NEVER_HEARD_OF", {}, ("NEVER_HEARD_OF", Sense.CAPTURE)),
    ],
)
def test_a_wire_event_is_named(wire_type: str, payload: dict[str, Any], expected: tuple[str, Sense]) -> None:
    """By its type, and where one type means several things, by its payload."""
    assert timeline_name(wire_type, payload) == expected


def test_every_declared_event_has_a_sense_of_its_own() -> None:
    """Only telemetry stays in the sense CAPTURE."""
    telemetry = {spec.event_type for spec in wire.EVENTS.values() if timeline_name(spec.event_type, {})[1] is Sense.CAPTURE}
    assert telemetry == {
        name for name in wire.EVENTS if wire.EVENTS[name].stream in (wire.PERFORMANCE, wire.ORCHESTRATION, wire.CORRELATION_LOG)
    }
