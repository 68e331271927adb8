"""How the writers of TESTRADE's envelopes differ: where each puts the body, the ids and the times."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from testrade_hooks.compression import unpacked

LONGEST_ID = 64 * 1024
"""A longer id is cut; its hash keeps it equal to itself and different from others."""

_EPOCH_NS = 10**18
_EPOCH_S = (10**9, 10**11)
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
_FALLBACK_ID = re.compile(r"corr_[0-9a-f]{8}")
_WHOLE_NUMBER = re.compile(r"\s*-?[0-9]{1,30}\s*")


def body(content: Mapping[str, Any], loads: Callable[[bytes], Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The payload as an object, and marks of what had to be done for it.

    A writer whose object had metadata of its own sent it as it was: the body stands beside them. A payload sent as
    JSON text is the object it says; one that is no object becomes `{"value": …}`.
    """
    beside = {name: value for name, value in content.items() if name != "metadata"}
    if "payload" not in beside or beside.get("_is_compressed"):
        found, marks = unpacked(beside, loads)
    else:
        found, marks = unpacked(_as_object(beside["payload"], loads), loads)
    if marks and isinstance(found.get("metadata"), dict) and isinstance(found.get("payload"), dict):
        found = found["payload"]
    return _unwrapped(found), marks


def correlation_id(metadata: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """The master id: what the payload calls so, else the sender's, else any the payload has.

    `REPAIRED_…` and MISSING_CORRELATION_ID were made up by a sender for an event that had none. `corr_` and eight
    digits is what an order request calls itself when it was not told: it counts where there is nothing better.
    """
    candidates = (
        text(payload, "master_correlation_id"),
        text(payload, "causing_correlation_id"),
        text(metadata, "correlationId", "correlation_id"),
        text(payload, "correlation_id", "__correlation_id"),
        text(payload, "origin_correlation_id"),
        text(_inside(payload, "order_request_data"), "correlation_id"),
        text(_inside(payload, "meta"), "origin_correlation_id"),
        text(_inside(_inside(payload, "order_request_data"), "meta"), "origin_correlation_id"),
    )
    stated = [id_ for id_ in candidates if id_ and not _is_made_up(id_)]
    best = next((id_ for id_ in stated if not _FALLBACK_ID.fullmatch(id_)), None)
    return best or next(iter(stated), None)


def monotonic_ns(metadata: Mapping[str, Any]) -> int | None:
    """The sender's `perf_counter_ns`; None for the writer that puts nanoseconds since 1970 there."""
    stated = _number(metadata.get("timestamp_ns"))
    return stated if type(stated) is int and stated < _EPOCH_NS else None


def epoch_s(metadata: Mapping[str, Any], beside: Mapping[str, Any]) -> float | None:
    """The sender's wall clock in seconds since 1970, from wherever its writer puts it."""
    for stated in (
        metadata.get("epoch_timestamp_s"),
        metadata.get("timestamp"),
        metadata.get("origin_timestamp_s"),
        metadata.get("originTimestampS"),
        beside.get("ocr_process_timestamp"),
    ):
        seconds = _epoch_seconds(stated)
        if seconds is not None:
            return seconds
    stated_ns = _number(metadata.get("timestamp_ns"))
    return stated_ns / 1e9 if stated_ns is not None and _EPOCH_NS <= stated_ns < 100 * _EPOCH_NS else None


def text(mapping: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that says anything, as text of at most LONGEST_ID characters."""
    for name in names:
        value = mapping.get(name)
        if value not in (None, ""):
            said = str(value)
            return said if len(said) <= LONGEST_ID else _cut(said)
    return None


def _cut(said: str) -> str:
    digest = hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()
    return f"{said[:200]}… [truncated: {len(said)} characters, sha256 {digest}]"


def _as_object(payload: object, loads: Callable[[bytes], Any]) -> dict[str, Any]:
    if payload is None:
        return {}
    if isinstance(payload, str) and payload.lstrip()[:1] == "{":
        try:
            read = loads(payload.encode())
        except (ValueError, RecursionError):
            read = None
        payload = read if isinstance(read, dict) else payload
    return payload if isinstance(payload, dict) else {"value": payload}


def _unwrapped(payload: dict[str, Any]) -> dict[str, Any]:
    """Some writers nest the body once more in `payload.payload`, beside bookkeeping only."""
    inner = payload.get("payload")
    if isinstance(inner, dict) and payload.keys() <= _BOOKKEEPING:
        return {**{key: value for key, value in payload.items() if key != "payload"}, **inner}
    return payload


def _inside(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = payload.get(name)
    return inner if isinstance(inner, dict) else {}


def _is_made_up(stated: str) -> bool:
    return stated.startswith("REPAIRED_") or stated == "MISSING_CORRELATION_ID"


def _epoch_seconds(stated: object) -> float | None:
    """A time since 1970, in seconds or as text; None for the readings of other clocks."""
    number = _number(stated)
    if number is None:
        return _zoned(stated) if isinstance(stated, str) else None
    return float(number) if _EPOCH_S[0] <= number < _EPOCH_S[1] else None


def _zoned(stated: str) -> float | None:
    """ISO 8601 with its distance from UTC; without one nobody knows which hour is meant."""
    try:
        moment = datetime.datetime.fromisoformat(stated.strip()[:40])
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def _number(stated: object) -> int | float | None:
    """A number, also where a writer sent it as text."""
    if isinstance(stated, str) and len(stated) <= 40:
        try:
            return int(stated) if _WHOLE_NUMBER.fullmatch(stated) else float(stated)
        except ValueError:
            return None
    return stated if isinstance(stated, int | float) and not isinstance(stated, bool) else None
