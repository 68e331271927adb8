"""The wire contract: what we write, and every dialect we read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testrade_hooks import clock, wire

STREAM = "testrade:order-fills"
FILL = {"local_order_id": "17", "symbol": "AAPL", "fill_price": 150.31}


def entry(
    metadata: Mapping[str, Any], payload: Any = FILL, *, field: bytes = b"json_payload", **beside: Any
) -> dict[bytes, bytes]:
    return {field: json.dumps({"metadata": metadata, "payload": payload, **beside}).encode()}


DIALECTS = {
    "D1 telemetry service": (
        {
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
            "timestamp_ns": 83_211_004_500_123,
            "epoch_timestamp_s": 1758720301.5,
            "correlationId": "master",
            "causationId": "cause",
            "msgId": "own",
            "originTimestampS": None,
        },
        83_211_004_500_123,
        1758720301.5,
    ),
    "D2 message bus": (
        {
            "eventId": "own",
            "correlationId": "master",
            "causationId": "cause",
            "timestamp_ns": 83_211,
            "origin_timestamp_s": 1758720300.0,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
        },
        83_211,
        1758720300.0,
    ),
    "D3 health": (
        {
            "eventId": "own",
            "correlationId": "master",
            "causationId": "cause",
            "timestamp_ns": 83_211,
            "epoch_timestamp_s": 1758720301.5,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
        },
        83_211,
        1758720301.5,
    ),
    "D4 user interface: both times are wall clock": (
        {
            "eventId": "own",
            "eventType": "TESTRADE_ORDER_FILL",
            "correlationId": "master",
            "causationId": "cause",
            "sourceComponent": "OrderEventProcessor",
            "timestamp": 1758720301.5,
            "timestamp_ns": 1_758_720_301_500_000_000,
            "version": "1.0",
        },
        None,
        1758720301.5,
    ),
    "D5 snake case": (
        {
            "event_type": "TESTRADE_ORDER_FILL",
            "event_id": "own",
            "timestamp": 1758720301.5,
            "correlation_id": "master",
            "causation_id": "cause",
            "source_component": "OrderEventProcessor",
            "version": "1.0",
        },
        None,
        1758720301.5,
    ),
    "D6 unified timeline": (
        {
            "eventId": "own",
            "correlationId": "master",
            "causationId": "cause",
            "timestamp_ns": 83_211,
            "epoch_timestamp_s": 1758720301.5,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
            "originalStream": "testrade:order-fills",
            "originalEventType": "TESTRADE_ORDER_FILL",
        },
        83_211,
        1758720301.5,
    ),
    "D7 declared": (
        {
            "eventId": "own",
            "correlationId": "master",
            "causationId": "cause",
            "timestamp_ns": 83_211,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
        },
        83_211,
        None,
    ),
    "D8 old replay service": (
        {
            "eventId": "own",
            "correlationId": "master",
            "causationId": "cause",
            "timestamp": 1758720301.5,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
        },
        None,
        1758720301.5,
    ),
}


@pytest.mark.parametrize(("metadata", "monotonic_ns", "epoch_s"), DIALECTS.values(), ids=DIALECTS.keys())
@pytest.mark.parametrize("field", [b"json_payload", b"data"])
def test_every_dialect_says_the_same(
    metadata: dict[str, Any], monotonic_ns: int | None, epoch_s: float | None, field: bytes
) -> None:
    """Ids, type, component and body come out alike; a wall clock is never taken for a monotonic one."""
    assert wire.decode(STREAM, entry(metadata, field=field)) == wire.WireEvent(
        stream=STREAM,
        event_type="TESTRADE_ORDER_FILL",
        source_component="OrderEventProcessor",
        payload=FILL,
        event_id="own",
        correlation_id="master",
        causation_id="cause",
        timestamp_ns=monotonic_ns,
        epoch_s=epoch_s,
    )


def test_the_reading_process_adds_a_key_beside_metadata() -> None:
    """A writer with a field `data` and its time beside the metadata is read; the time is its wall clock."""
    fields = entry({"eventType": "T", "eventId": "own"}, field=b"data", ocr_process_timestamp=1758720301.5)
    assert wire.decode(STREAM, fields).epoch_s == 1758720301.5


def test_an_empty_envelope_is_still_an_event() -> None:
    """Without a type, an id or a body an event is kept; nothing is invented."""
    event = wire.decode(STREAM, {b"json_payload": b'{"metadata": {}, "payload": null}'})
    assert (event.event_type, event.source_component, event.event_id, event.payload) == ("UNKNOWN", "unknown", "", {})
    assert (event.correlation_id, event.timestamp_ns, event.clock_domain, event.epoch_s) == (None, None, None, None)


def test_an_unknown_type_is_read() -> None:
    """A type that is not declared keeps its name."""
    assert wire.decode("order_events", entry({"eventType": "TESTRADE_ORPHANED_FILL"})).event_type == "TESTRADE_ORPHANED_FILL"


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        pytest.param({"payload": {"symbol": "AAPL"}}, {"symbol": "AAPL"}, id="nested once more"),
        pytest.param(
            {"payload": {"symbol": "AAPL"}, "correlation_event_name": "BrokerError", "timestamp": 1.5},
            {"symbol": "AAPL", "correlation_event_name": "BrokerError", "timestamp": 1.5},
            id="nested beside bookkeeping",
        ),
        pytest.param(
            {"payload": {"symbol": "AAPL"}, "retries": 3},
            {"payload": {"symbol": "AAPL"}, "retries": 3},
            id="a field of that name",
        ),
        pytest.param({"payload": "text"}, {"payload": "text"}, id="a text of that name"),
        pytest.param("plain text", {"value": "plain text"}, id="text"),
        pytest.param([1, 2], {"value": [1, 2]}, id="list"),
        pytest.param(None, {}, id="nothing"),
    ],
)
def test_the_body_is_found(payload: Any, body: dict[str, Any]) -> None:
    """The body is unwrapped where a writer nested it, and an object whatever was sent."""
    assert wire.decode(STREAM, entry({"eventType": "T"}, payload)).payload == body


def test_a_body_beside_the_metadata_is_found() -> None:
    """An object that had metadata of its own was sent as it was."""
    text = json.dumps({"metadata": {"eventType": "TESTRADE_RAW_OCR_EVENT"}, "full_raw_text": "Long AAPL", "snapshots": {}})
    assert wire.decode(STREAM, {b"json_payload": text.encode()}).payload == {"full_raw_text": "Long AAPL", "snapshots": {}}


@pytest.mark.parametrize(
    ("stated", "payload", "expected"),
    [
        ("master", {"correlation_id": "corr_1"}, "master"),
        ("own", {"master_correlation_id": "master", "correlation_id": "own"}, "master"),
        ("own", {"causing_correlation_id": "master"}, "master"),
        ("REPAIRED_1", {"correlation_id": "master"}, "master"),
        ("REPAIRED_1", {"correlation_id": None, "origin_correlation_id": "master"}, "master"),
        ("REPAIRED_1", {"order_request_data": {"correlation_id": "master"}}, "master"),
        ("MISSING_CORRELATION_ID", {"correlation_id": "MISSING_CORRELATION_ID"}, None),
        ("REPAIRED_1", {"local_id": 17}, None),
        ("", {}, None),
        (None, {"correlation_id": "master"}, "master"),
    ],
)
def test_the_master_id_is_the_one_that_was_meant(stated: str | None, payload: dict[str, Any], expected: str | None) -> None:
    """An id that a sender made up for an event without one is never taken for the master id."""
    assert wire.decode(STREAM, entry({"correlationId": stated}, payload)).correlation_id == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "no field json_payload or data (fields: none)"),
        ({b"command_type": b"x", b"payload": b"{}"}, "no field json_payload or data (fields: command_type, payload)"),
        ({b"json_payload": b"{"}, "not JSON"),
        ({b"json_payload": b"\xff\xfe\xfa"}, "not JSON"),
        ({b"json_payload": b"[" * 100_000}, "not JSON"),
        ({b"json_payload": b"[]"}, "no metadata object"),
        ({b"json_payload": b'{"payload": {}}'}, "no metadata object"),
        ({b"json_payload": b'{"metadata": []}'}, "no metadata object"),
    ],
)
def test_what_cannot_be_read_says_why(fields: dict[bytes, bytes], reason: str) -> None:
    """An entry without an envelope is told from an event, with a reason."""
    with pytest.raises(wire.UnreadableEntry) as problem:
        wire.decode(STREAM, fields)
    assert reason in str(problem.value)


def test_we_write_the_declared_envelope() -> None:
    """The envelope has exactly the declared keys; clock and binary image stand beside it."""
    event = wire.event("TESTRADE_ORDER_FILL", FILL, correlation_id="master", causation_id="cause", image_bytes=b"\x89PNG\0")
    fields = wire.encode(event)
    written = json.loads(fields[b"json_payload"])
    assert written == {
        "metadata": {
            "eventId": event.event_id,
            "correlationId": "master",
            "causationId": "cause",
            "timestamp_ns": event.timestamp_ns,
            "eventType": "TESTRADE_ORDER_FILL",
            "sourceComponent": "OrderEventProcessor",
        },
        "payload": FILL,
    }
    assert fields[b"clock_domain"] == clock.clock_domain().encode()
    assert fields[b"image_bytes"] == b"\x89PNG\0"
    assert event.stream == wire.ORDER_FILLS


def test_a_payload_may_be_any_mapping() -> None:
    """A read-only view is written like the dict behind it."""
    assert wire.decode(STREAM, wire.encode(wire.event("TESTRADE_ORDER_FILL", MappingProxyType(FILL)))).payload == FILL


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", {1, 2}])
def test_what_is_not_json_is_refused(value: object) -> None:
    """NaN, infinity and objects never reach a stream."""
    with pytest.raises((TypeError, ValueError)):
        wire.encode(wire.event("TESTRADE_ORDER_FILL", {"price": value}))


def test_an_undeclared_type_is_refused() -> None:
    """A misspelt event type is noticed where it is built."""
    with pytest.raises(KeyError):
        wire.event("TESTRADE_ORDER_FIL", {})


def test_a_processed_image_happened_when_its_processing_had_finished() -> None:
    """Its own time is that of the grab; every other event happened at its time."""
    image = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"preprocessing_finish_perf_ns": 5})
    assert wire.occurred_ns(image) == 5
    fill = wire.event("TESTRADE_ORDER_FILL", {"preprocessing_finish_perf_ns": 5})
    assert wire.occurred_ns(fill) == fill.timestamp_ns
    unfinished = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {})
    assert wire.occurred_ns(unfinished) == unfinished.timestamp_ns


def test_every_stream_and_type_is_declared_once() -> None:
    """No type is on two streams and no field is named twice."""
    assert set(wire.STREAMS) == {spec.stream for spec in wire.EVENTS.values()}
    for name, spec in wire.EVENTS.items():
        assert name == spec.event_type
        assert len(set(spec.fields)) == len(spec.fields) > 0


names = st.text(min_size=1).filter(lambda text: not text.startswith("REPAIRED_") and text != "MISSING_CORRELATION_ID")
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
read_elsewhere = {
    *("payload", "order_request_data", "meta"),
    *("correlation_id", "__correlation_id", "master_correlation_id", "causing_correlation_id", "origin_correlation_id"),
    *("_is_compressed", "_was_stripped", "_was_aggressively_triaged"),
}
bodies = st.dictionaries(st.text().filter(lambda key: key not in read_elsewhere), json_values, max_size=6)


@settings(deadline=None, max_examples=60)
@given(
    st.builds(
        wire.WireEvent,
        stream=st.just(STREAM),
        event_type=names,
        source_component=names,
        payload=bodies,
        event_id=names,
        correlation_id=st.none() | names,
        causation_id=st.none() | names,
        timestamp_ns=st.none() | st.integers(0, 10**18 - 1),
        clock_domain=st.none() | st.from_regex(r"[a-z0-9/:\[\]]{1,40}", fullmatch=True),
        epoch_s=st.none(),
        image_bytes=st.none() | st.binary(),
    )
)
def test_what_was_written_is_read(event: wire.WireEvent) -> None:
    """Encoding and decoding are inverse, for every text, number and byte."""
    assert wire.decode(STREAM, wire.encode(event)) == event


envelope_like = st.fixed_dictionaries(
    {
        "metadata": st.dictionaries(
            st.sampled_from(["eventId", "timestamp_ns", "timestamp", "eventType", "correlationId"]), json_values
        )
    },
    optional={"payload": json_values, "ocr_process_timestamp": json_values},
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from([b"json_payload", b"data", b"image_bytes", b"clock_domain"]), st.binary()))
def test_garbage_is_an_event_or_a_reason(fields: dict[bytes, bytes]) -> None:
    """Whatever bytes an entry holds, the reader gets an event or UnreadableEntry."""
    try:
        wire.decode(STREAM, fields)
    except wire.UnreadableEntry as problem:
        assert str(problem)


@settings(deadline=None, max_examples=60)
@given(envelope_like)
def test_an_envelope_of_strange_values_is_an_event(envelope: dict[str, Any]) -> None:
    """Whatever stands where an id or a time should, the event is read."""
    assert wire.decode(STREAM, {b"json_payload": json.dumps(envelope).encode()}).stream == STREAM
