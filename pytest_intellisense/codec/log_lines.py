"""One line of a log file: `{"seq":N,"crc":"…","event":{…}}`.

`seq` counts the lines of a file from 0, `crc` is the CRC-32 of the event's text, started at `seq`.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.model.timeline import ImageRef, Sense, TimelineEvent
from testrade_hooks import clock

_HEAD = b'{"seq":%d,"crc":"%08x","event":'


class DamagedLine(ValueError):
    """The line is not what was written; `str()` says how that shows."""


def event_text(event: TimelineEvent, generation: int = 0) -> bytes:
    """The event as JSON, with the keys by which plans address it. NaN and lone surrogates survive."""
    record = event.record()
    del record["payload"]
    record |= {
        "received_ns": event.received_ns,
        "received_epoch_ns": event.received_epoch_ns,
        "clock": event.app_clock,
        "image": asdict(event.image) if event.image else None,
        "generation": generation,
    }
    return _json(record)


def unparsed_text(entry: Entry, received: clock.Reading, reason: str) -> bytes:
    """An entry that could not be read, raw: field names and values in base64."""
    raw = {base64.b64encode(name).decode(): base64.b64encode(value).decode() for name, value in entry.fields.items()}
    return _json(
        {
            "redis_stream": entry.stream,
            "redis_stream_event_id": entry.entry_id,
            "reason": reason,
            "received_ns": received.monotonic_ns,
            "received_epoch_ns": received.epoch_ns,
            "fields_base64": raw,
        }
    )


def line_of(text: bytes, seq: int) -> bytes:
    """A line to append, newline included."""
    return b"".join((_HEAD % (seq, zlib.crc32(text, seq & 0xFFFFFFFF)), text, b"}\n"))


def read_line(line: bytes) -> tuple[int, dict[str, Any]]:
    """The number of the line and its record. Raises DamagedLine."""
    head, separator, rest = line.partition(b'"event":')
    text = rest.removesuffix(b"\n").removesuffix(b"}")
    try:
        stated = json.loads(head + b'"event":0}')
        seq, crc = int(stated["seq"]), int(stated["crc"], 16)
    except (ValueError, KeyError, TypeError):
        raise DamagedLine("no seq and crc") from None
    if not separator or zlib.crc32(text, seq & 0xFFFFFFFF) != crc:
        raise DamagedLine("the checksum does not fit")
    record: dict[str, Any] = json.loads(text)
    return seq, record


def event_of(record: Mapping[str, Any]) -> TimelineEvent:
    """The TimelineEvent that `event_text` wrote. Raises DamagedLine for a record of another kind."""
    try:
        image = record["image"]
        return TimelineEvent(
            global_sequence_id=record["global_sequence_id"],
            stream=record["redis_stream"],
            entry_id=record["redis_stream_event_id"],
            sense=Sense(record["source_sense"]),
            event_type=record["event_type"],
            wire_type=record["testrade_event_type"],
            source_component=record["source_component_name"],
            event_id=record["event_id"],
            correlation_id=record["correlation_id"],
            causation_id=record["causation_id"],
            app_time_ns=record["perf_timestamp_ns"],
            app_clock=record["clock"],
            received_ns=record["received_ns"],
            received_epoch_ns=record["received_epoch_ns"],
            payload=record["event_payload"],
            image=ImageRef(**image) if image else None,
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise DamagedLine(f"not an event record: {problem!r}") from None


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()
