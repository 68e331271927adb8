"""The declared field names of an event whose writer called them otherwise, and its numbers where it sent them as text.

What was published stays; the declared names stand beside it, so that one plan fits every writer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Payload = Mapping[str, Any]

NUMBERS_FROM_TEXT = "numbers were sent as text"

_LOCAL = ("local_id", "local_copy_id")
_BROKER = ("broker_id", "ls_order_id")
_OTHER_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "TESTRADE_ORDER_FILL": {"order_id": ("broker_order_id", *_BROKER), "local_order_id": _LOCAL},
    "TESTRADE_ORDER_STATUS_UPDATE": {
        "local_order_id": _LOCAL,
        "broker_order_id": ("order_id", *_BROKER),
        "status": ("new_status",),
    },
    "TESTRADE_ORDER_REJECTION": {
        "local_order_id": _LOCAL,
        "broker_order_id": ("order_id", *_BROKER),
        "reason": ("rejection_reason", "reject_reason"),
    },
    "TESTRADE_VALIDATED_ORDER_REQUEST": {"request_id": ("original_request_id",)},
    "TESTRADE_RISK_REJECTION": {"original_request_id": ("request_id",), "reason": ("rejection_reason",)},
    "TESTRADE_MAF_DECISION": {"reason": ("filtering_reason", "decision_reason"), "details": ("decision_details",)},
    "TESTRADE_MARKET_TICK": {"volume": ("size",), "tick_type": ("data_type",)},
    "TESTRADE_MARKET_QUOTE": {"bid_price": ("bid",), "ask_price": ("ask",)},
    "TESTRADE_RAW_OCR_DATA": {"full_raw_text": ("text",), "overall_confidence": ("confidence",)},
    "TESTRADE_RAW_IMAGE_GRAB": {"roi_used": ("roi_used_for_capture",)},
    "TESTRADE_ACCOUNT_SUMMARY_UPDATE": {"account_value": ("equity",), "cash_balance": ("cash",)},
    "TESTRADE_CONFIG_CHANGE_APPLIED": {
        "parameter": ("change_details.changed_parameter",),
        "old_value": ("change_details.old_value",),
        "new_value": ("change_details.new_value",),
        "source": ("change_source", "change_details.change_source"),
        "effective_timestamp": ("change_timestamp", "change_details.change_timestamp"),
    },
    "TESTRADE_SYSTEM_ALERT": {
        "alert_id": ("correlation_id",),
        "severity": ("alert_details.severity",),
        "message": ("alert_details.message",),
        "details": ("alert_details",),
    },
}
_NUMBERS = frozenset(
    {
        "quantity",
        "limit_price",
        "stop_price",
        "current_price",
        "current_position",
        "fill_quantity",
        "fill_price",
        "fill_timestamp",
        "filled_quantity",
        "remaining_quantity",
        "average_fill_price",
        "average_price",
        "price",
        "volume",
        "size",
        "bid",
        "ask",
        "bid_price",
        "ask_price",
        "bid_size",
        "ask_size",
        "timestamp",
        "frame_timestamp",
        "overall_confidence",
        "raw_ocr_confidence",
        "account_value",
        "equity",
        "buying_power",
        "buying_power_used",
        "day_pnl",
        "cash_balance",
        "cash",
        "shares",
        "avg_price",
        "realized_pnl_session",
    }
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30})(?P<rest>\.[0-9]{0,30})?(?P<power>[eE][+-]?[0-9]{1,3})?")


def with_declared_fields(wire_type: str, payload: Payload) -> tuple[Payload, tuple[str, ...]]:
    """The payload of an event that means `wire_type`, and marks."""
    numbers = {name: number for name in payload.keys() & _NUMBERS if (number := _number(payload[name])) is not None}
    full = {**payload, **numbers}
    for name, others in _OTHER_NAMES.get(wire_type, {}).items():
        if full.get(name) is None:
            found = next((value for other in others if (value := _at(full, other)) is not None), None)
            if found is not None:
                full[name] = found
    if wire_type == "TESTRADE_CONFIG_CHANGE_APPLIED":
        full = {**_only_change(full), **full}
    for name, shape in _SHAPES.items():
        if full.get(name) is not None and name in _OTHER_NAMES.get(wire_type, {}):
            full[name] = shape(full[name])
    return full, ((NUMBERS_FROM_TEXT,) if numbers else ())


def _at(payload: Payload, path: str) -> Any:
    name, _, inner = path.partition(".")
    value = payload.get(name)
    return (value.get(inner) if isinstance(value, Mapping) else None) if inner else value


def _only_change(payload: Payload) -> dict[str, Any]:
    """A change of several parameters stays a table; a change of one is said as such."""
    changes = payload.get("changed_parameters")
    if not isinstance(changes, Mapping) or len(changes) != 1:
        return {}
    ((parameter, change),) = changes.items()
    values = (
        {name: change[name] for name in ("old_value", "new_value") if name in change} if isinstance(change, Mapping) else {}
    )
    return {"parameter": parameter, **values}


def _number(value: object) -> int | float | None:
    found = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 80 else None
    if found is None:
        return None
    return float(found[0]) if found["rest"] or found["power"] else int(found[0])


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _status_text(value: object) -> object:
    """`OrderStatus.WORKING` is how the language shows a member of an enumeration."""
    return (
        value.rpartition(".")[2]
        if isinstance(value, str) and value.startswith(("OrderStatus.", "OrderLSAgentStatus."))
        else value
    )


_SHAPES: Mapping[str, Callable[[object], object]] = {
    "local_order_id": _id_text,
    "broker_order_id": _id_text,
    "order_id": _id_text,
    "status": _status_text,
}
