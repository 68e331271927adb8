"""One line of a log file: `{"seq":N,"crc":"…","event":{…}}`.

`seq` counts the lines of a file from 0, `crc` is the CRC-32 of the event's text, started at `seq`.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

import msgspec

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.model.timeline import ImageRef, Sense, TimelineEvent, read_json
from testrade_hooks import clock

_HEAD = b'{"seq":%d,"crc":"%08x","event":'
_HEAD_READ = re.compile(rb'\{"seq":([0-9]{1,18}),"crc":"([0-9a-f]{8})",')


class DamagedLine(ValueError):
    """The line is not what was written; `str()` says how that shows."""


class LogRecord(msgspec.Struct, gc=False):
    """An event as it stands in a log: the keys by which plans address it. `event_payload` is the text that was published."""

    global_sequence_id: int
    event_type: str
    testrade_event_type: str
    source_sense: Sense
    source_component_name: str
    correlation_id: str | None
    causation_id: str | None
    event_id: str
    redis_stream: str
    redis_stream_event_id: str
    perf_timestamp_ns: int | None
    clock: str | None
    received_ns: int
    received_epoch_ns: int
    generation: int
    image: ImageRef | None
    marks: tuple[str, ...]
    event_payload: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LogRecord).decode


def event_text(event: TimelineEvent, generation: int = 0) -> bytes:
    """The event as JSON. NaN and lone surrogates survive."""
    body = event.body
    if not isinstance(body, bytes):
        body = _json(body)
    record = LogRecord(
        event.global_sequence_id,
        event.event_type,
        event.wire_type,
        event.sense,
        event.source_component,
        event.correlation_id,
        event.causation_id,
        event.event_id,
        event.stream,
        event.entry_id,
        event.app_time_ns,
        event.app_clock,
        event.received_ns,
        event.received_epoch_ns,
        generation,
        event.image,
        event.marks,
        msgspec.Raw(body),
    )
    try:
        return _encode(record)
    except UnicodeEncodeError:  # a lone surrogate in one of the texts
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        return _json(fields | {"event_payload": read_json(body), "image": msgspec.to_builtins(event.image)})


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


def read_line(line: bytes) -> tuple[int, bytes]:
    """The number of the line and the text of its record. Raises DamagedLine."""
    head, separator, rest = line.partition(b'"event":')
    text = rest.removesuffix(b"\n").removesuffix(b"}")
    stated = _HEAD_READ.fullmatch(head)
    if stated is None:
        raise DamagedLine("no seq and crc")
    seq = int(stated[1])
    if not separator or zlib.crc32(text, seq & 0xFFFFFFFF) != int(stated[2], 16):
        raise DamagedLine("the checksum does not fit")
    return seq, text


def event_of(text: bytes) -> tuple[TimelineEvent, int]:
    """The TimelineEvent that `event_text` wrote, and its generation. Raises DamagedLine for a record of another kind."""
    try:
        record = _record_of(text)
    except (ValueError, TypeError, RecursionError) as problem:
        raise DamagedLine(f"not an event record: {problem}") from None
    event = TimelineEvent(
        global_sequence_id=record.global_sequence_id,
        stream=record.redis_stream,
        entry_id=record.redis_stream_event_id,
        sense=record.source_sense,
        event_type=record.event_type,
        wire_type=record.testrade_event_type,
        source_component=record.source_component_name,
        event_id=record.event_id,
        correlation_id=record.correlation_id,
        causation_id=record.causation_id,
        app_time_ns=record.perf_timestamp_ns,
        app_clock=record.clock,
        received_ns=record.received_ns,
        received_epoch_ns=record.received_epoch_ns,
        body=bytes(record.event_payload),
        image=record.image,
        marks=record.marks,
    )
    return event, record.generation


def _record_of(text: bytes) -> LogRecord:
    """What the fast reader refuses (NaN, lone surrogates) the other takes. Raises ValueError or TypeError."""
    try:
        return _decode(text)
    except ValueError:
        fields = json.loads(text)
        return msgspec.convert(fields | {"event_payload": msgspec.Raw(_json(fields["event_payload"]))}, LogRecord)


def _json(record: Any) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()
