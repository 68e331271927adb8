"""What was observed: one TimelineEvent per stream entry, whatever dialect it was written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class Sense(StrEnum):
    """Which sense of TESTRADE an event belongs to; one log file each."""

    OCR = "OCR"
    PRICE = "PRICE"
    BROKER = "BROKER"
    VISUAL = "VISUAL"
    SYSTEM_CONFIG = "SYSTEM_CONFIG"
    SYSTEM_STATE = "SYSTEM_STATE"
    TRADE_LIFECYCLE = "TRADE_LIFECYCLE"
    SYSTEM_ALERT = "SYSTEM_ALERT"
    ACCOUNT = "ACCOUNT"
    INJECTION_CONTROL = "INJECTION_CONTROL"
    CAPTURE = "CAPTURE"


class ImageRef(msgspec.Struct, frozen=True):
    """An image kept beside the log. `path` is relative to the session directory; sizes in bytes and pixels."""

    path: str
    sha256: str
    size_bytes: int
    width_px: int | None
    height_px: int | None


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One captured event.

    `app_time_ns` was read by the publisher on the clock `app_clock` (None: unknown clock); `received_ns` is our own
    monotonic clock when the entry reached us. Subtract only times of one clock.
    `body` is the payload, or its JSON text as long as nobody has asked for it. `marks` say what had to be done to read it.
    """

    global_sequence_id: int
    stream: str
    entry_id: str
    sense: Sense
    event_type: str
    wire_type: str
    source_component: str
    event_id: str
    correlation_id: str | None
    causation_id: str | None
    app_time_ns: int | None
    app_clock: str | None
    received_ns: int
    received_epoch_ns: int
    body: Mapping[str, Any] | bytes
    image: ImageRef | None = None
    marks: tuple[str, ...] = ()

    @property
    def payload(self) -> Mapping[str, Any]:
        """The body as published; large base64 images are replaced by the `image` reference."""
        body = self.body
        if isinstance(body, bytes):
            body = read_json(body)
            msgspec.structs.force_setattr(self, "body", body)
        return body

    def __eq__(self, other: object) -> bool:
        """Whether the same was captured; text and what it says are the same."""
        if not isinstance(other, TimelineEvent):
            return NotImplemented
        return self.payload == other.payload and all(
            getattr(self, name) == getattr(other, name) for name in self.__struct_fields__ if name != "body"
        )

    def record(self) -> dict[str, Any]:
        """The event as plans address it: the keys of one log record."""
        return {
            "global_sequence_id": self.global_sequence_id,
            "event_type": self.event_type,
            "testrade_event_type": self.wire_type,
            "source_sense": str(self.sense),
            "source_component_name": self.source_component,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "event_id": self.event_id,
            "redis_stream": self.stream,
            "redis_stream_event_id": self.entry_id,
            "perf_timestamp_ns": self.app_time_ns,
            "epoch_timestamp_s": self.received_epoch_ns / 1e9,
            "event_payload": self.payload,
            "payload": self.payload,
        }


def read_json(text: bytes) -> Any:
    """Every event waits for this; what the fast reader refuses (NaN, lone surrogates) the other may take. Raises ValueError."""
    try:
        return msgspec.json.decode(text)
    except ValueError:
        return json.loads(text)
