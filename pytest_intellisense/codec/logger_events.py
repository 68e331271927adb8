"""Which declared event an entry means that was not written as one: the correlation logger's, or the OCR process's own.

The logger puts most things on one stream under one type and names them in the payload, or in nothing but their shape.
An event that means the same as a declared one gets its type; every other keeps its own name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.codec.event_names import folded, timeline_name
from pytest_intellisense.model.timeline import Sense
from testrade_hooks import wire

Payload = Mapping[str, Any]

_PREFIX = "TESTRADE_"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_SAME: Mapping[str, str] = {
    "ORDER_VALIDATED": "VALIDATED_ORDER_REQUEST",
    "MARKET_TRADE_FILTERED": "MARKET_TICK",
    "MARKET_QUOTE_FILTERED": "MARKET_QUOTE",
    "RAW_OCR_EVENT": "RAW_OCR_DATA",
    "OCR_TRADING_SIGNAL": "RAW_OCR_DATA",
    "OCR_CLEANED_RESULT": "CLEANED_OCR_SNAPSHOT",
    "ROI_IMAGE_FRAME": "PROCESSED_ROI_IMAGE",
    "ACCOUNT_UPDATE": "ACCOUNT_SUMMARY_UPDATE",
    "CONFIG_CHANGE": "CONFIG_CHANGE_APPLIED",
    "BOOTSTRAP_CONFIG": "CONFIG_BOOTSTRAP",
    "TRADE_CREATED": "TRADE_LIFECYCLE_EVENT",
    "TRADE_OPENED": "TRADE_LIFECYCLE_EVENT",
    "TRADE_CLOSED": "TRADE_LIFECYCLE_EVENT",
}

_SHAPES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"risk_assessment_status", "request_id"}), "RISK_ASSESSMENT_COMPLETED"),
    (frozenset({"lifecycle_state", "trade_id"}), "TRADE_LIFECYCLE_EVENT"),
    (frozenset({"update_source_trigger", "average_price", "symbol"}), "POSITION_UPDATE"),
    (frozenset({"state_type", "enabled", "previous_state"}), "TRADING_STATE_CHANGE"),
    (frozenset({"change_source", "full_config_snapshot"}), "CONFIG_CHANGE"),
)
"""Fields that only one kind of event has; the logger loses the name of an event that has a correlation id of its own."""

_SENSES: Mapping[str, Sense] = {
    **dict.fromkeys(("OCR", "CLEANED", "ROI"), Sense.OCR),
    **dict.fromkeys(("ORDER", "ORPHANED", "FILL", "STALE", "RISK", "SIGNAL", "MAF", "BROKER", "EXECUTION"), Sense.BROKER),
    **dict.fromkeys(("MARKET", "PRICE", "MELTDOWN"), Sense.PRICE),
    **dict.fromkeys(("POSITION", "ENRICHED", "TRADE"), Sense.TRADE_LIFECYCLE),
    **dict.fromkeys(("SERVICE", "PERIODIC", "BABYSITTER", "REDIS", "SYSTEM", "CORE"), Sense.SYSTEM_ALERT),
    **dict.fromkeys(("IMAGE", "BULK"), Sense.VISUAL),
    "ACCOUNT": Sense.ACCOUNT,
    "CONFIG": Sense.SYSTEM_CONFIG,
}


def is_declared(event: wire.WireEvent) -> bool:
    """Whether the event stands where it was declared to, in the declared envelope."""
    spec = wire.EVENTS.get(event.event_type)
    envelope = event.envelope
    return spec is not None and spec.stream == event.stream and (envelope is None or "eventId" in envelope.metadata)


def meant_type(event: wire.WireEvent) -> str:
    """The wire type that the event would have if it had been written as declared; its own if there is none."""
    if is_declared(event):
        return event.event_type
    for name in _stated_names(event):
        wire_type = _as_declared(_snake(name), event.payload)
        if wire_type is not None:
            return wire_type
    return event.event_type


def name_of(event: wire.WireEvent, meant: str) -> tuple[str, Sense]:
    """The event type and sense on the timeline."""
    if meant != event.event_type or meant in wire.EVENTS:
        return timeline_name(meant, event.payload)
    name, sense = timeline_name(event.event_type, event.payload)
    if sense is Sense.CAPTURE:
        sense = _SENSES.get(name.partition("_")[0], sense)
    return name, sense


def _stated_names(event: wire.WireEvent) -> tuple[str, ...]:
    if event.event_type != wire.CORRELATION_LOG_TYPE:
        return (event.event_type,)
    payload = event.payload
    name, kind = payload.get("correlation_event_name"), payload.get("event_type")
    if isinstance(name, str) and name:
        return (name,)
    shapes = tuple(shape for fields, shape in _SHAPES if fields <= payload.keys())
    return (*((kind,) if isinstance(kind, str) else ()), *shapes, *_only_type_on(event.stream))


def _as_declared(name: str, payload: Payload) -> str | None:
    if name == "RISK_ASSESSMENT_COMPLETED":
        verdict = folded(payload.get("risk_assessment_status") or payload.get("decision"))
        name = {"validated": "VALIDATED_ORDER_REQUEST", "rejected": "RISK_REJECTION"}.get(verdict, name)
    if name == "MARKET_DATA_PUBLISHED":
        name = "MARKET_QUOTE" if folded(payload.get("data_type")) == "quote" else "MARKET_TICK"
    wire_type = _PREFIX + _SAME.get(name, name)
    return wire_type if wire_type in wire.EVENTS and wire_type != wire.CORRELATION_LOG_TYPE else None


@functools.lru_cache(maxsize=512)
def _snake(name: str) -> str:
    """`OrderFill`, `TestradeOrderFill` and `TESTRADE_ORDER_FILL` are all ORDER_FILL."""
    return _HUMP.sub("_", name[:200]).upper().removeprefix(_PREFIX)


@functools.cache
def _only_type_on(stream: str) -> tuple[str, ...]:
    types = tuple(spec.event_type for spec in wire.EVENTS.values() if spec.stream == stream)
    return types if len(types) == 1 and types[0] != wire.CORRELATION_LOG_TYPE else ()
