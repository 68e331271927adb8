"""How an event stands in a log line, and back.

A plain entry stands there as it was published, byte for byte, with where and when it was read; everything else as the event
that was read from it.
"""

from __future__ import annotations

import json
from itertools import count, repeat

import msgspec

from pytest_intellisense.codec.entries import CLOCK_FIELD, TEXT_FIELD, Entry, PlainColumns
from pytest_intellisense.codec.log_lines import DamagedLine, json_text
from pytest_intellisense.codec.timeline import to_timeline
from pytest_intellisense.model.timeline import ImageRef, Sense, TimelineEvent, read_json
from testrade_hooks import clock

_ENTRY = b'{"entry":%b,"redis_stream_event_id":"%b","global_sequence_id":%d,%b'


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


class EntryRecord(msgspec.Struct, gc=False):
    """A plain entry as it stands in a log: `entry` is the text that was published."""

    entry: msgspec.Raw
    redis_stream: str
    redis_stream_event_id: str
    clock_domain: str | None
    global_sequence_id: int
    received_ns: int
    received_epoch_ns: int
    generation: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LogRecord).decode
_decode_entry = msgspec.json.Decoder(EntryRecord).decode


def event_text(event: TimelineEvent, generation: int = 0) -> bytes:
    """The event as JSON. NaN and lone surrogates survive."""
    body = event.body
    if not isinstance(body, bytes):
        body = json_text(body)
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
        return json_text(fields | {"event_payload": read_json(body), "image": msgspec.to_builtins(event.image)})


class EntryTexts:
    """Texts of the plain entries of one batch: each holds what was published, byte for byte."""

    def __init__(self, received: clock.Reading) -> None:
        self._received = received
        self._facts: dict[tuple[str, bytes | None, int], bytes] = {}

    def text(self, entry: Entry, sequence: int) -> bytes:
        clock_text = entry.fields.get(CLOCK_FIELD)
        key = entry.stream, clock_text, entry.generation
        facts = self._facts.get(key) or self._facts_of(*key)
        return _ENTRY % (entry.fields[TEXT_FIELD], entry.entry_id.encode(), sequence, facts)

    def texts(self, stream: str, columns: PlainColumns, generation: int, sequence: int) -> list[bytes]:
        """Of entries in a row, numbered from `sequence`."""
        facts = self._facts_of(stream, columns.clock_domain, generation)
        return [_ENTRY % parts for parts in zip(columns.texts, columns.ids, count(sequence), repeat(facts))]

    def _facts_of(self, stream: str, clock_text: bytes | None, generation: int) -> bytes:
        facts = {
            "redis_stream": stream,
            "clock_domain": clock_text.decode(errors="replace") if clock_text is not None else None,
            "received_ns": self._received.monotonic_ns,
            "received_epoch_ns": self._received.epoch_ns,
            "generation": generation,
        }
        text = self._facts[stream, clock_text, generation] = json_text(facts)[1:]
        return text


def event_of(text: bytes) -> tuple[TimelineEvent, int]:
    """The TimelineEvent of a record, and its generation. Raises DamagedLine for a record of another kind."""
    if text.startswith(b'{"entry":'):
        return _event_of_entry(text)
    try:
        record = _record_of(text)
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
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


def _event_of_entry(text: bytes) -> tuple[TimelineEvent, int]:
    try:
        record = _decode_entry(text)
        fields = {TEXT_FIELD: bytes(record.entry)}
        if record.clock_domain is not None:
            fields[CLOCK_FIELD] = record.clock_domain.encode()
        entry = Entry(record.redis_stream, record.redis_stream_event_id, fields, record.generation)
        received = clock.Reading(record.received_ns, record.received_epoch_ns, "")
        return to_timeline(entry, received, record.global_sequence_id).event, record.generation
    except ValueError as problem:
        raise DamagedLine(f"not an event record: {problem}") from None


def _record_of(text: bytes) -> LogRecord:
    """What the fast reader refuses (NaN, lone surrogates) the other takes. Raises ValueError or TypeError."""
    try:
        return _decode(text)
    except ValueError:
        fields = {"marks": ()} | json.loads(text)  # the first logs had no marks
        return msgspec.convert(fields | {"event_payload": msgspec.Raw(json_text(fields["event_payload"]))}, LogRecord)
