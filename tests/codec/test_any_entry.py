"""Whatever an entry holds, it becomes an event that a log keeps, or a reason; never an exception that ends a capture."""

from __future__ import annotations

import json
import zlib
from typing import Any
from unittest.mock import patch

import pytest
from helpers.dialects import observe
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_intellisense.capture.senses import EVERY_STREAM
from pytest_intellisense.codec import any_entry, log_records
from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.log_lines import unparsed_text
from testrade_hooks import clock, wire

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "{bulk_ref:x}",
            "binary_blob:x:part_0",
            "OrderStatus.WORKING",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
            "12.5",
            "{}",
            "REJECTED",
        ]
    )
)
names = st.text(max_size=6) | st.sampled_from(
    [
        "payload",
        "metadata",
        "correlation_id",
        "correlation_event_name",
        "event_type",
        "new_status",
        "status",
        "lifecycle_state",
        "enabled",
        "local_id",
        "broker_id",
        "risk_assessment_status",
        "request_id",
        "data_type",
        "changed_parameters",
        "change_details",
        "alert_details",
        "full_config_snapshot",
        "password",
        "parameter",
        "old_value",
        "_is_compressed",
        "_compressed_data",
        "_compression_type",
        "_was_stripped",
        "T14_RiskCheckEnd_ns",
        "t9_end_ns",
        "frame_base64",
        "image_data",
        "reference",
        "data",
        "order_request_data",
        "meta",
        "text",
        "confidence",
        "timestamp",
        "price",
    ]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=10
)
metadata = st.dictionaries(
    st.sampled_from(
        [
            "eventId",
            "msgId",
            "event_id",
            "eventType",
            "event_type",
            "type",
            "correlationId",
            "causationId",
            "timestamp_ns",
            "timestamp",
            "epoch_timestamp_s",
        ]
    ),
    scalars | values,
    max_size=6,
)
types = st.sampled_from(
    [*wire.EVENTS, "TESTRADE_RISK_ASSESSMENT_COMPLETED", "TESTRADE_BULK_DATA", "TESTRADE_CONFIG_CHANGE", "odd"]
)
streams = st.sampled_from(EVERY_STREAM)
field_names = st.sampled_from(
    [b"json_payload", b"data", b"image_bytes", b"clock_domain", b"command_type", b"command_id", b"payload"]
)


class EverythingPossible:
    """Hints that rule nothing out."""

    images = references = secrets = size = True

    def __init__(self, *_: object, **__: object) -> None: ...


class NothingPossible:
    """Hints that see nothing."""

    images = references = secrets = size = False

    def __init__(self, *_: object, **__: object) -> None: ...


def read_and_kept(stream: str, fields: dict[bytes, bytes]) -> None:
    try:
        event = observe(stream, fields).event
    except wire.UnreadableEntry as problem:
        assert b"\n" not in unparsed_text(Entry(stream, "1-0", fields), clock.now(), str(problem))
        return
    with patch.object(any_entry, "Hints", EverythingPossible):
        assert repr(observe(stream, fields).event.payload) == repr(event.payload), "a quick look at the bytes changes nothing"
    text = log_records.event_text(event)
    assert b"\n" not in text
    again, _ = log_records.event_of(text)
    assert repr(again.payload) == repr(event.payload)
    assert (again.event_type, again.marks, again.image, again.app_time_ns) == (
        event.event_type,
        event.marks,
        event.image,
        event.app_time_ns,
    )


@settings(deadline=None, max_examples=100)
@given(streams, metadata, types, values, st.booleans(), st.sampled_from([b"json_payload", b"data"]))
def test_any_envelope(stream: str, said: dict[str, Any], wire_type: str, payload: Any, packed: bool, field: bytes) -> None:
    """Values of every kind under the names that mean something to some reader."""
    if packed:
        payload = {"_is_compressed": True, "_compressed_data": zlib.compress(json.dumps(payload).encode()).hex()}
    read_and_kept(stream, {field: json.dumps({"metadata": {"eventType": wire_type} | said, "payload": payload}).encode()})


@settings(deadline=None, max_examples=100)
@given(
    streams,
    st.dictionaries(field_names | st.binary(max_size=5), st.binary(max_size=30) | values.map(lambda v: json.dumps(v).encode())),
)
def test_any_fields(stream: str, fields: dict[bytes, bytes]) -> None:
    """Bytes of every kind in the fields that readers know, and in others."""
    read_and_kept(stream, fields)


def test_a_quick_look_that_sees_nothing_would_be_found() -> None:
    """The control: what it passes over is another event than the one that is read with care."""
    fields = {b"json_payload": json.dumps({"metadata": {"eventType": "odd"}, "payload": {"password": "hunter2"}}).encode()}
    read_and_kept(wire.ORDER_FILLS, fields)
    with patch.object(any_entry, "Hints", NothingPossible), pytest.raises(AssertionError, match="a quick look"):
        read_and_kept(wire.ORDER_FILLS, fields)
