"""The short way to read what nearly every entry is: a declared event in its declared envelope, without surprises.

It comes to what the general way comes to, or leaves the entry to it. The published text goes into the log as it is,
so only the envelope is decoded; the payload stays text until somebody asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import msgspec

from pytest_intellisense.codec.entries import CLOCK_FIELD, TEXT_FIELD, Entry, PlainColumns
from pytest_intellisense.codec.event_names import is_named_by_payload, timeline_name
from pytest_intellisense.codec.redaction import may_hold_secrets
from pytest_intellisense.model.timeline import Sense, TimelineEvent
from testrade_hooks import clock, wire

LONGEST_TEXT = 64 * 1024
"""Longer texts go the general way, which knows limits for every part."""

_NOT_PLAIN = frozenset({wire.PROCESSED_ROI_IMAGE_TYPE})
_LINE_END = ord("\n")
_LATEST_MONOTONIC_NS = 10**18
_MADE_UP = ("REPAIRED_", "MISSING_", "corr_")
"""What a sender puts where it does not know the correlation id; the payload may know it."""

_WITHOUT_ID = ("\n\n", *(f"\n{made_up}" for made_up in _MADE_UP))
"""How that shows in a row of ids with a line end around each."""

_Names = TypeVar("_Names")


class _Metadata(msgspec.Struct, Generic[_Names], gc=False):
    eventId: str
    correlationId: str
    timestamp_ns: int
    eventType: _Names
    sourceComponent: str
    causationId: str | None = None


class _NoSurprise(msgspec.Struct, gc=False):
    """A payload without the parts after which the general way would read something else: other ids, images, one more level."""

    master_correlation_id: None = None
    causing_correlation_id: None = None
    frame_base64: None = None
    processed_frame_base64: None = None
    raw_frame_b64: None = None
    image_data: None = None
    image_bytes: None = None
    payload: None = None
    packed: None = msgspec.field(default=None, name="_is_compressed")
    stripped: None = msgspec.field(default=None, name="_was_stripped")
    triaged: None = msgspec.field(default=None, name="_was_aggressively_triaged")


class PlainEnvelope(msgspec.Struct, Generic[_Names], gc=False):
    metadata: _Metadata[_Names]
    payload: _NoSurprise

    @property
    def sense(self) -> Sense:
        return sense_of(str(self.metadata.eventType))


@dataclass(frozen=True, slots=True)
class PlainRow:
    """Plain entries of one stream: the published type of each, and whether each states whose event it is."""

    types: Sequence[str]
    are_correlated: bool


class _WholePayload(msgspec.Struct):
    payload: msgspec.Raw


_payload_in = msgspec.json.Decoder(_WholePayload).decode


def plain_envelope(entry: Entry) -> PlainEnvelope[str] | None:
    """The envelope, or None where the general way has to look at the entry."""
    fields = entry.fields
    text = fields.get(TEXT_FIELD)
    decode = _decoder(entry.stream)
    if text is None or decode is None or len(fields) > (2 if CLOCK_FIELD in fields else 1):
        return None
    if len(text) > LONGEST_TEXT or not text.isascii() or _LINE_END in text or may_hold_secrets(entry.stream, text):
        return None
    try:
        return decode(text)
    except (ValueError, RecursionError):
        return None


def plain_row(stream: str, columns: PlainColumns) -> PlainRow | None:
    """What all these entries say of themselves, or None where the general way has to look at one of them."""
    decode = _decoder(stream)
    if decode is None:
        return None
    whole = b"".join(columns.texts)
    if not whole.isascii() or _LINE_END in whole or max(map(len, columns.texts)) > LONGEST_TEXT:
        return None
    if may_hold_secrets(stream, whole):
        return None
    try:
        said = [decode(text).metadata for text in columns.texts]
    except (ValueError, RecursionError):
        return None
    ids = "\n".join(["", *[one.correlationId for one in said], ""])
    return PlainRow([one.eventType for one in said], not any(without in ids for without in _WITHOUT_ID))


def plain_event(entry: Entry, envelope: PlainEnvelope[str], received: clock.Reading, sequence: int) -> TimelineEvent | None:
    """The event; None where the general way finds another id or time: what is stated is empty, made up or not monotonic."""
    said = envelope.metadata
    if not (said.eventId and said.correlationId and said.sourceComponent and 0 < said.timestamp_ns < _LATEST_MONOTONIC_NS):
        return None
    if said.correlationId.startswith(_MADE_UP):
        return None
    body = bytes(_payload_in(entry.fields[TEXT_FIELD]).payload)
    event_type, sense, wire_type = _naming(said.eventType)
    if is_named_by_payload(wire_type):
        event_type, sense = timeline_name(wire_type, msgspec.json.decode(body))
    return TimelineEvent(
        global_sequence_id=sequence,
        stream=entry.stream,
        entry_id=entry.entry_id,
        sense=sense,
        event_type=event_type,
        wire_type=wire_type,
        source_component=said.sourceComponent,
        event_id=said.eventId,
        correlation_id=said.correlationId,
        causation_id=said.causationId or None,
        app_time_ns=said.timestamp_ns,
        app_clock=_clock_name(entry.fields.get(CLOCK_FIELD, b"")),
        received_ns=received.monotonic_ns,
        received_epoch_ns=received.epoch_ns,
        body=body,
    )


@functools.cache
def _decoder(stream: str) -> Callable[[bytes], PlainEnvelope[str]] | None:
    """Takes envelopes of the events that are declared for this stream."""
    names = tuple(name for name, spec in wire.EVENTS.items() if spec.stream == stream and name not in _NOT_PLAIN)
    if not names:
        return None
    return msgspec.json.Decoder(PlainEnvelope[Literal[names]]).decode  # type: ignore[valid-type]


def sense_of(wire_type: str) -> Sense:
    """Of a declared type; the payload may decide its name, never its sense."""
    return _naming(wire_type)[1]


@functools.cache
def _naming(wire_type: str) -> tuple[str, Sense, str]:
    return *timeline_name(wire_type, {}), wire_type


@functools.lru_cache(maxsize=64)
def _clock_name(text: bytes) -> str | None:
    return text.decode(errors="replace") or None
