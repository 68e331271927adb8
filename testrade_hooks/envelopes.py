"""What stands in the fields of a stream entry: the JSON envelope, or one of the forms that writers used instead of it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[bytes, bytes]
Loads = Callable[[bytes], Any]

_TEXT_FIELDS = (b"json_payload", b"data")
_READ_FIELDS = frozenset({*_TEXT_FIELDS, b"clock_domain", b"image_bytes"})
_COMMAND_FIELDS = frozenset(
    {b"command_type", b"command_id", b"session_id", b"timestamp", b"perf_counter_ns", b"payload"},
)
_HOT = struct.Struct("<fdQQQQ40sI512s")
_TYPE_NAMES = ("eventType", "event_type", "type")
_MOST_NAMES = 12


class UnreadableEntry(ValueError):
    """The entry carries no envelope that any known writer produces; `str()` says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """`beside` are parts of the envelope that are neither metadata nor body; `rest` are fields that nobody reads."""

    metadata: Mapping[str, Any]
    content: Mapping[str, Any]
    beside: Mapping[str, Any]
    rest: Mapping[bytes, bytes]


def envelope_of(fields: Fields, loads: Loads = json.loads) -> Envelope:
    """Raises UnreadableEntry."""
    text = next((fields[name] for name in _TEXT_FIELDS if name in fields), None)
    if text is None:
        return _old_command(fields, loads)
    rest = {name: value for name, value in fields.items() if name not in _READ_FIELDS}
    if b"json_payload" in fields and b"data" in fields:
        rest[b"data"] = fields[b"data"]
    try:
        read = loads(text)
    except (ValueError, RecursionError) as problem:
        hot = _hot_reading(text) if b"json_payload" not in fields else None
        if hot is not None:
            return Envelope(*hot, {}, rest)
        raise UnreadableEntry(f"not JSON: {problem}") from None
    if isinstance(read, dict) and isinstance(read.get("metadata"), dict):
        known = ("metadata", "payload") if "payload" in read else tuple(read)
        return Envelope(read["metadata"], read, {name: value for name, value in read.items() if name not in known}, rest)
    if isinstance(read, dict):
        named = next((read[name] for name in _TYPE_NAMES if isinstance(read.get(name), str)), None)
        if named is not None:
            return Envelope({**read, "eventType": named}, read, {}, rest)
    raise UnreadableEntry("no metadata object")


def _old_command(fields: Fields, loads: Loads) -> Envelope:
    """A command of the older injector: its parts are fields of their own, and all of them text."""
    if not {b"command_type", b"command_id", b"payload"} <= fields.keys():
        names = sorted(name.decode(errors="replace")[:60] for name in fields)
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise UnreadableEntry(f"no field json_payload or data (fields: {', '.join(names[:_MOST_NAMES]) or 'none'}{more})")
    try:
        said = {name.decode(): fields[name].decode() for name in _COMMAND_FIELDS if name in fields}
    except UnicodeDecodeError:
        raise UnreadableEntry("a command whose fields are no UTF-8 text") from None
    try:
        parameters = loads(said["payload"].encode()) if said["payload"] else {}
    except (ValueError, RecursionError):
        parameters = {"value": said["payload"]}
    metadata = {
        "eventType": "INTELLISENSE_INJECTION_COMMAND",
        "eventId": said["command_id"],
        "sourceComponent": "IntelliSenseInjector",
        "timestamp_ns": said.get("perf_counter_ns"),
        "timestamp": said.get("timestamp"),
    }
    body = {"command_id": said["command_id"], "command_type": said["command_type"], "parameters": parameters}
    if said.get("session_id"):
        body["session_id"] = said["session_id"]
    rest = {name: value for name, value in fields.items() if name not in _COMMAND_FIELDS and name not in _READ_FIELDS}
    return Envelope(metadata, {"payload": body}, {}, rest)


def _hot_reading(record: bytes) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A reading of the OCR process in its binary form, None if it is none. Its times are of that process's own clock."""
    if len(record) != _HOT.size:
        return None
    confidence, origin_s, t1, t2, t3, t4, correlation_id, length, text = _HOT.unpack(record)
    if not 0 <= confidence <= 100 or length > len(text):
        return None
    body = {
        "confidence": confidence,
        "origin_timestamp_s": origin_s,
        **{f"t{number}_ns": at for number, at in enumerate((t1, t2, t3, t4), start=1)},
        "text": text[:length].decode(errors="replace"),
    }
    master = correlation_id.partition(b"\0")[0].decode(errors="replace")
    metadata = {"eventType": "ocr_trading_signal", "sourceComponent": "OCRService", "correlationId": master}
    return metadata, {"payload": body}
