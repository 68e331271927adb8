"""How the writers of TESTRADE's envelopes differ: where each puts the body, the ids and the times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

_EPOCH_NS = 10**18
_LARGEST = 10**30
_BOOKKEEPING = frozenset(
    {
        "payload",
        "correlation_event_name",
        "event_type",
        "correlation_id",
        "master_correlation_id",
        "origin_correlation_id",
        "causation_id",
        "timestamp",
        "origin_timestamp_s",
        "source_component",
    }
)


def body(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as an object.

    A writer whose object had metadata of its own sent it as it was: the body stands beside them.
    A payload that is no object becomes `{"value": …}`.
    """
    if "payload" not in envelope:
        return {key: value for key, value in envelope.items() if key != "metadata"}
    payload = envelope["payload"]
    if payload is None:
        return {}
    return _unwrapped(payload) if isinstance(payload, dict) else {"value": payload}


def correlation_id(metadata: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """The master id: what the payload calls so, else the sender's, else any the payload has.

    `REPAIRED_…` and MISSING_CORRELATION_ID were made up by a sender for an event that had none.
    """
    order = payload.get("order_request_data")
    candidates = (
        text(payload, "master_correlation_id"),
        text(payload, "causing_correlation_id"),
        text(metadata, "correlationId", "correlation_id"),
        text(payload, "correlation_id"),
        text(payload, "origin_correlation_id"),
        text(order, "correlation_id") if isinstance(order, dict) else None,
    )
    return next((stated for stated in candidates if stated and not _is_made_up(stated)), None)


def monotonic_ns(metadata: Mapping[str, Any]) -> int | None:
    """The sender's `perf_counter_ns`; None for the writer that puts nanoseconds since 1970 there."""
    stated = metadata.get("timestamp_ns")
    return stated if type(stated) is int and stated < _EPOCH_NS else None


def epoch_s(envelope: Mapping[str, Any]) -> float | None:
    """The sender's wall clock in seconds since 1970, from wherever its writer puts it."""
    metadata = envelope["metadata"]
    for stated in (
        metadata.get("epoch_timestamp_s"),
        metadata.get("timestamp"),
        metadata.get("origin_timestamp_s"),
        envelope.get("ocr_process_timestamp"),
    ):
        if _is_number(stated):
            return float(stated)
    stated_ns = metadata.get("timestamp_ns")
    return stated_ns / 1e9 if _is_number(stated_ns) and stated_ns >= _EPOCH_NS else None


def text(mapping: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that says anything, as text."""
    for name in names:
        value = mapping.get(name)
        if value not in (None, ""):
            return str(value)
    return None


def _unwrapped(payload: dict[str, Any]) -> dict[str, Any]:
    """Some writers nest the body once more in `payload.payload`, beside bookkeeping only."""
    inner = payload.get("payload")
    if isinstance(inner, dict) and payload.keys() <= _BOOKKEEPING:
        return {**{key: value for key, value in payload.items() if key != "payload"}, **inner}
    return payload


def _is_made_up(stated: str) -> bool:
    return stated.startswith("REPAIRED_") or stated == "MISSING_CORRELATION_ID"


def _is_number(stated: object) -> TypeGuard[float]:
    return isinstance(stated, int | float) and not isinstance(stated, bool) and abs(stated) < _LARGEST
