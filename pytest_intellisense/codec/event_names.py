"""How each wire event is called on the timeline, and which sense it belongs to."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_intellisense.codec.logged_names import LOGGED_NAMES
from pytest_intellisense.model.timeline import Sense
from testrade_hooks import wire

Payload = Mapping[str, Any]

_FIXED: Mapping[str, tuple[str, Sense]] = {
    "TESTRADE_RAW_IMAGE_GRAB": ("RAW_IMAGE_GRAB_CAPTURED", Sense.VISUAL),
    "TESTRADE_PROCESSED_ROI_IMAGE": ("PROCESSED_ROI_IMAGE", Sense.VISUAL),
    "TESTRADE_RAW_OCR_DATA": ("OCR_FRAME_RAW", Sense.OCR),
    "TESTRADE_CLEANED_OCR_SNAPSHOT": ("OCR_SNAPSHOT_CLEANED", Sense.OCR),
    "TESTRADE_NO_TRADE_DATA": ("NO_TRADE_DATA", Sense.OCR),
    "TESTRADE_OCR_CONDITIONING_ERROR": ("OCR_CONDITIONING_ERROR", Sense.OCR),
    "TESTRADE_SIGNAL_DECISION": ("SIGNAL_DECISION", Sense.BROKER),
    "TESTRADE_SIGNAL_SUPPRESSION": ("SIGNAL_SUPPRESSION", Sense.BROKER),
    "TESTRADE_SIGNAL_VALIDATION_FAILURE": ("SIGNAL_VALIDATION_FAILURE", Sense.BROKER),
    "TESTRADE_SIGNAL_GENERATION_FAILURE": ("SIGNAL_GENERATION_FAILURE", Sense.BROKER),
    "TESTRADE_SIGNAL_INTERPRETATION": ("SIGNAL_INTERPRETATION", Sense.BROKER),
    "TESTRADE_MAF_DECISION": ("MAF_DECISION", Sense.BROKER),
    "TESTRADE_ORDER_REQUEST": ("ORDER_REQUEST", Sense.BROKER),
    "TESTRADE_VALIDATED_ORDER_REQUEST": ("VALIDATED_ORDER", Sense.BROKER),
    "TESTRADE_RISK_REJECTION": ("RISK_REJECTION", Sense.BROKER),
    "TESTRADE_ORDER_FILL": ("FILL", Sense.BROKER),
    "TESTRADE_ORDER_REJECTION": ("REJECT", Sense.BROKER),
    "TESTRADE_POSITION_UPDATE": ("POSITION_UPDATE", Sense.TRADE_LIFECYCLE),
    "TESTRADE_CONFIG_CHANGE_APPLIED": ("CONFIG_CHANGE_DETECTED", Sense.SYSTEM_CONFIG),
    "TESTRADE_CONFIG_CHANGE": ("CONFIG_CHANGE_DETECTED", Sense.SYSTEM_CONFIG),
    "TESTRADE_CONFIG_BOOTSTRAP": ("CONFIG_BOOTSTRAP", Sense.SYSTEM_CONFIG),
    "TESTRADE_MARKET_TICK": ("PRICE_TRADE", Sense.PRICE),
    "TESTRADE_MARKET_QUOTE": ("PRICE_QUOTE", Sense.PRICE),
    "TESTRADE_ACCOUNT_SUMMARY_UPDATE": ("ACCOUNT_SUMMARY_UPDATED", Sense.ACCOUNT),
    "TESTRADE_SYSTEM_ALERT": ("SYSTEM_ALERT_RAISED", Sense.SYSTEM_ALERT),
    "TESTRADE_CORE_HEALTH_STATUS": ("CORE_HEALTH_STATUS", Sense.SYSTEM_ALERT),
    "INTELLISENSE_INJECTION_COMMAND": ("INJECTION_COMMAND", Sense.INJECTION_CONTROL),
    "INTELLISENSE_INJECTION_RESPONSE": ("INJECTION_RESPONSE", Sense.INJECTION_CONTROL),
}

_ACKNOWLEDGED = frozenset(
    {
        "acknowledged",
        "acknowledgedbybroker",
        "submittedtobroker",
        "lssubmitted",
        "lsacceptedbyexchange",
        "accepted",
        "working",
        "submitted",
        "pendingnew",
    }
)
_LIFECYCLE_STATES = ("NONE", "OPEN_PENDING", "OPEN_ACTIVE", "CLOSE_PENDING", "CLOSED", "ERROR")
_CANCELLED = frozenset({"cancelled", "canceled"})
_NO = frozenset({"false", "no", "off", "0", "disabled"})
_NO_LETTER = re.compile(r"[^A-Za-z0-9]")


@functools.cache
def declared_names() -> frozenset[str]:
    """Every name under which plans know a declared event: ours and TESTRADE's, with and without its prefix."""
    ours = {name for name, _ in _FIXED.values()} | {"ACK", "CANCEL_ACK", "STATUS_UPDATE"}
    states = {"TRADING_STATE_ENABLED", "TRADING_STATE_DISABLED"}
    lifecycle = {f"TRADE_LIFECYCLE_{state}" for state in _LIFECYCLE_STATES}
    wire_types = {*_FIXED, *_BY_PAYLOAD, *wire.EVENTS}
    return frozenset(
        LOGGED_NAMES | ours | states | lifecycle | wire_types | {name.removeprefix("TESTRADE_") for name in wire_types}
    )


def timeline_name(wire_type: str, payload: Payload) -> tuple[str, Sense]:
    """The event type and sense of a wire event; one that nobody declared keeps its name."""
    fixed = _FIXED.get(wire_type)
    if fixed is not None:
        return fixed
    by_payload = _BY_PAYLOAD.get(wire_type)
    if by_payload is not None:
        return by_payload(payload)
    return wire_type.removeprefix("TESTRADE_"), Sense.CAPTURE


def is_named_by_payload(wire_type: str) -> bool:
    return wire_type in _BY_PAYLOAD


def folded(status: object) -> str:
    """A status without its class, case and underscores: `OrderStatus.PARTIALLY_FILLED` is partiallyfilled."""
    return _NO_LETTER.sub("", str(status or "").rpartition(".")[2]).casefold()


def _order_status(payload: Payload) -> tuple[str, Sense]:
    status = folded(payload.get("status") or payload.get("new_status"))
    if status in _ACKNOWLEDGED:
        return "ACK", Sense.BROKER
    return ("CANCEL_ACK" if status in _CANCELLED else "STATUS_UPDATE"), Sense.BROKER


def _trade_lifecycle(payload: Payload) -> tuple[str, Sense]:
    state = payload.get("lifecycle_state")
    if type(state) is int and 0 <= state < len(_LIFECYCLE_STATES):
        state = _LIFECYCLE_STATES[state]
    return f"TRADE_LIFECYCLE_{str(state or 'UNKNOWN').rpartition('.')[2]}", Sense.TRADE_LIFECYCLE


def _trading_state(payload: Payload) -> tuple[str, Sense]:
    enabled = payload.get("enabled")
    off = not enabled or (isinstance(enabled, str) and enabled.casefold() in _NO)
    return f"TRADING_STATE_{'DISABLED' if off else 'ENABLED'}", Sense.SYSTEM_STATE


def _correlation_log(payload: Payload) -> tuple[str, Sense]:
    return str(payload.get("correlation_event_name") or "CORRELATION_LOG"), Sense.CAPTURE


_BY_PAYLOAD: Mapping[str, Callable[[Payload], tuple[str, Sense]]] = {
    "TESTRADE_ORDER_STATUS_UPDATE": _order_status,
    "TESTRADE_TRADE_LIFECYCLE_EVENT": _trade_lifecycle,
    "TESTRADE_TRADING_STATE_CHANGE": _trading_state,
    "TESTRADE_CORRELATION_LOG": _correlation_log,
}
