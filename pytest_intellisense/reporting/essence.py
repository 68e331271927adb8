"""The essence of an event in a few words: what its stage read, decided or did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.reporting.plain import plain

LONGEST = 120
_MEANINGFUL = ("symbol", "status", "decision_type", "reason", "message", "price", "quantity", "value")


def essence(event: TimelineEvent) -> str:
    """A few words for the waterfall, at most 120 characters, on one line; empty if the payload says nothing."""
    describe = _BY_TYPE.get(event.wire_type, _fields)
    words = " ".join(describe(event.payload, event).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _raw_ocr(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    confidence = payload.get("overall_confidence")
    said = f"  conf {number(confidence)}" if confidence is not None else ""
    lines = [line.strip() for line in str(payload.get("full_raw_text") or "").splitlines() if line.strip()]
    return json.dumps(" / ".join(lines)[: LONGEST - 12], ensure_ascii=False) + said


def _cleaned(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    snapshots = payload.get("snapshots")
    if not isinstance(snapshots, Mapping):
        return ""
    return " | ".join(
        f"{symbol} {row.get('strategy_hint', '')} {number(row.get('cost_basis'))} pnl {number(row.get('pnl_per_share'))}"
        for symbol, row in snapshots.items()
        if isinstance(row, Mapping)
    )


def _picture(payload: Mapping[str, Any], event: TimelineEvent) -> str:
    if event.image and event.image.width_px:
        return f"{event.image.width_px}x{event.image.height_px} px"
    return str(payload.get("image_format") or "")


def _order(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    limit = payload.get("limit_price")
    price = f"@ {number(limit)}" if limit is not None else ""
    what = f"{payload.get('side', '')} {number(payload.get('quantity'))} {payload.get('symbol', '')}"
    return f"{what} {payload.get('order_type', '')} {price}"


def _signal(payload: Mapping[str, Any], event: TimelineEvent) -> str:
    order = payload.get("order_request_data")
    if isinstance(order, Mapping):
        return _order(order, event)
    why = payload.get("suppression_reason") or payload.get("failure_reason") or payload.get("reason") or ""
    return f"{payload.get('decision_type', '')} {payload.get('symbol', '')} {payload.get('action', '')} {why}"


def _risk_rejection(payload: Mapping[str, Any], event: TimelineEvent) -> str:
    return f"{payload.get('reason', '')} ({_order(payload, event).strip()})"


def _fill(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return (
        f"{payload.get('side', '')} {number(payload.get('fill_quantity'))} {payload.get('symbol', '')} "
        f"@ {number(payload.get('fill_price'))}"
    )


def _status(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    filled = f"filled {number(payload.get('filled_quantity'))}" if payload.get("filled_quantity") else ""
    return f"{payload.get('status', '')} {payload.get('symbol', '')} {filled} {payload.get('message') or ''}"


def _position(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    if not payload.get("is_open", True):
        return f"{payload.get('symbol', '')} closed"
    return f"{payload.get('symbol', '')} {number(payload.get('quantity'))} @ {number(payload.get('average_price'))}"


def _lifecycle(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return f"{payload.get('symbol', '')} {payload.get('event_type', '')} {payload.get('lifecycle_state', '')}"


def _trading_state(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return f"{'enabled' if payload.get('enabled') else 'disabled'} by {payload.get('changed_by', '?')}"


def _config(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return f"{payload.get('parameter', '')}: {plain(payload.get('old_value'))} -> {plain(payload.get('new_value'))}"


def _tick(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return f"{payload.get('symbol', '')} {number(payload.get('price'))}"


def _quote(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    return f"{payload.get('symbol', '')} {number(payload.get('bid_price'))} / {number(payload.get('ask_price'))}"


def _fields(payload: Mapping[str, Any], _event: TimelineEvent) -> str:
    shown = [f"{key}={plain(payload[key], text_limit=40)}" for key in _MEANINGFUL if payload.get(key) not in (None, "")]
    return "  ".join(shown[:4])


def number(value: Any) -> str:
    """A number as people write it: no `.0`, no exponent; anything else as it stands, `?` for nothing."""
    if value is None:
        return "?"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(plain(value, text_limit=40))


_BY_TYPE = {
    "TESTRADE_RAW_IMAGE_GRAB": _picture,
    "TESTRADE_PROCESSED_ROI_IMAGE": _picture,
    "TESTRADE_RAW_OCR_DATA": _raw_ocr,
    "TESTRADE_CLEANED_OCR_SNAPSHOT": _cleaned,
    "TESTRADE_SIGNAL_DECISION": _signal,
    "TESTRADE_SIGNAL_SUPPRESSION": _signal,
    "TESTRADE_SIGNAL_VALIDATION_FAILURE": _signal,
    "TESTRADE_SIGNAL_GENERATION_FAILURE": _signal,
    "TESTRADE_MAF_DECISION": _signal,
    "TESTRADE_ORDER_REQUEST": _order,
    "TESTRADE_VALIDATED_ORDER_REQUEST": _order,
    "TESTRADE_RISK_REJECTION": _risk_rejection,
    "TESTRADE_ORDER_FILL": _fill,
    "TESTRADE_ORDER_STATUS_UPDATE": _status,
    "TESTRADE_POSITION_UPDATE": _position,
    "TESTRADE_TRADE_LIFECYCLE_EVENT": _lifecycle,
    "TESTRADE_TRADING_STATE_CHANGE": _trading_state,
    "TESTRADE_CONFIG_CHANGE_APPLIED": _config,
    "TESTRADE_MARKET_TICK": _tick,
    "TESTRADE_MARKET_QUOTE": _quote,
}
