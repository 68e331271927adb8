"""The short way from a stream entry to an event, for what nearly every entry is: a declared event without surprises.

It gives what the general way gives, or nothing. The payload stays text until somebody asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from pytest_intellisense.codec.event_names import is_named_by_payload, timeline_name
from pytest_intellisense.model.timeline import Sense, TimelineEvent
from testrade_hooks import clock, wire

LONGEST_TEXT = 64 * 1024
"""Longer texts go the general way, which knows limits for every part."""

_LARGEST_MONOTONIC_NS = 10**18
_GENERAL_STREAMS = frozenset({wire.CONFIG_CHANGES})


class _Metadata(msgspec.Struct, gc=False):
    eventId: str = ""
    correlationId: str = ""
    causationId: str | None = None
    timestamp_ns: int = 0
    eventType: str = ""
    sourceComponent: str = ""


class _Envelope(msgspec.Struct):
    metadata: _Metadata
    payload: msgspec.Raw


class _NoSurprise(msgspec.Struct, gc=False):
    """A payload without the parts after which the general way would read something else: other ids, images, one more level."""

    master_correlation_id: None = None
    causing_correlation_id: None = None
    frame_base64: None = None
    processed_frame_base64: None = None
    image_bytes: None = None
    payload: None = None


_decode = msgspec.json.Decoder(_Envelope).decode
_check = msgspec.json.Decoder(_NoSurprise).decode


def plain_event(
    stream: str, entry_id: str, fields: Mapping[bytes, bytes], received: clock.Reading, sequence: int
) -> TimelineEvent | None:
    """The event, or None where the general way has to look at the entry."""
    text = fields.get(b"json_payload")
    if text is None or len(text) > LONGEST_TEXT or not text.isascii() or b"\n" in text:
        return None
    clock_text = fields.get(b"clock_domain", b"")
    if len(fields) > (2 if clock_text else 1):
        return None
    try:
        envelope = _decode(text)
        _check(envelope.payload)
    except (ValueError, RecursionError):
        return None
    said = envelope.metadata
    known = _declared().get(said.eventType)
    body: Any = bytes(envelope.payload)
    if (
        known is None
        or known[0] != stream
        or not (said.eventId and said.sourceComponent and said.correlationId)
        or said.correlationId.startswith(("REPAIRED_", "MISSING_"))
        or not 0 < said.timestamp_ns < _LARGEST_MONOTONIC_NS
    ):
        return None
    _, wire_type, event_type, sense = known
    if event_type is None:
        body = msgspec.json.decode(body)
        event_type, sense = timeline_name(wire_type, body)
    return TimelineEvent(
        global_sequence_id=sequence,
        stream=stream,
        entry_id=entry_id,
        sense=sense,
        event_type=event_type,
        wire_type=wire_type,
        source_component=said.sourceComponent,
        event_id=said.eventId,
        correlation_id=said.correlationId,
        causation_id=said.causationId or None,
        app_time_ns=said.timestamp_ns,
        app_clock=_clock_name(clock_text),
        received_ns=received.monotonic_ns,
        received_epoch_ns=received.epoch_ns,
        body=body,
    )


@functools.cache
def _declared() -> dict[str, tuple[str, str, str | None, Sense]]:
    """Wire type -> stream, wire type, timeline name (None: the payload decides) and sense."""
    table: dict[str, tuple[str, str, str | None, Sense]] = {}
    for name, spec in wire.EVENTS.items():
        if spec.stream in _GENERAL_STREAMS or name == wire.PROCESSED_ROI_IMAGE_TYPE:
            continue
        event_type, sense = timeline_name(name, {})
        table[name] = (spec.stream, name, None if is_named_by_payload(name) else event_type, sense)
    return table


@functools.lru_cache(maxsize=64)
def _clock_name(text: bytes) -> str | None:
    return text.decode(errors="replace") or None
