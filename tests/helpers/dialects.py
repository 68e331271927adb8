"""Stream entries as other writers of TESTRADE make them, and their events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.codec.any_entry import Observed
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.timeline import read_any
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import clock

MASTER = "6f0c"


def observe(stream: str, fields: Mapping[bytes, bytes], bulk: BulkData | None = None, entry_id: str = "1-0") -> Observed:
    """What one entry becomes, read the general way."""
    return read_any(Entry(stream, entry_id, fields), clock.now(), 0, bulk or BulkData())


def logged(event_type: str, payload: Any, *, correlation_id: str | None = MASTER, **envelope: Any) -> dict[bytes, bytes]:
    """The fields of an entry as the telemetry service writes it: no event id of its own, times of its queue."""
    metadata = {
        "eventType": event_type,
        "sourceComponent": "TelemetryStreamingService",
        "timestamp_ns": 83_211_004_500_123,
        "epoch_timestamp_s": 1758720301.512,
        "correlationId": correlation_id,
        "causationId": None,
        "msgId": "m-1",
        "originTimestampS": None,
    }
    return {b"json_payload": json.dumps({"metadata": metadata, "payload": payload, **envelope}).encode()}


def logged_event(stream: str, event_type: str, payload: Any, **given: Any) -> TimelineEvent:
    return observe(stream, logged(event_type, payload, **given)).event
