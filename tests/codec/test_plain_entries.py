"""The short way of reading an entry gives what the general way gives, or leaves the entry to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.plain_entries import plain_envelope, plain_event
from pytest_intellisense.codec.timeline import read_any
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import clock, wire

NOW = clock.now()
ORDER = "TESTRADE_ORDER_REQUEST"

names = st.sampled_from(
    [
        "master_correlation_id",
        "causing_correlation_id",
        "correlation_id",
        "payload",
        "frame_base64",
        "image_bytes",
        "symbol",
        "status",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
metadata = st.fixed_dictionaries(
    {},
    optional={
        "eventId": st.text(min_size=1, max_size=12) | values,
        "correlationId": st.sampled_from(["c-1", "", "REPAIRED_1", "MISSING_CORRELATION_ID"]) | values,
        "causationId": st.text(max_size=5) | st.none() | values,
        "timestamp_ns": st.integers(0, 2**63) | st.just(1.0) | values,
        "eventType": st.sampled_from(sorted(wire.EVENTS)) | values,
        "sourceComponent": st.just("App") | values,
    },
)


def entry(event_type: str = ORDER, payload: Any = None, **metadata: Any) -> dict[bytes, bytes]:
    event = wire.event(event_type, {"symbol": "AAPL"}, correlation_id="c-1")
    envelope = json.loads(wire.encode(event)[b"json_payload"])
    envelope["metadata"] |= metadata
    envelope["payload"] = payload or envelope["payload"]
    return {b"json_payload": json.dumps(envelope).encode(), b"clock_domain": b"boot/1"}


def read_plainly(stream: str, fields: dict[bytes, bytes]) -> TimelineEvent | None:
    entry = Entry(stream, "1-0", fields)
    envelope = plain_envelope(entry)
    return plain_event(entry, envelope, NOW, 7) if envelope else None


def both(stream: str, fields: dict[bytes, bytes]) -> tuple[Any, Any]:
    plain = read_plainly(stream, fields)
    if plain is None:
        return None, None
    general = read_any(Entry(stream, "1-0", fields), NOW, 7).event
    return {**plain.record(), "clock": plain.app_clock}, {**general.record(), "clock": general.app_clock}


def same(plain: Any, general: Any) -> bool:
    return repr(plain) == repr(general)


@given(metadata, values, st.sampled_from(wire.STREAMS), st.booleans())
def test_any_entry_reads_the_same_both_ways(meta: dict[str, Any], payload: Any, stream: str, ascii_only: bool) -> None:
    text = json.dumps({"metadata": meta, "payload": payload}, ensure_ascii=ascii_only)
    assert same(*both(stream, {b"json_payload": text.encode(errors="surrogatepass")}))


@pytest.mark.parametrize("event_type", sorted(wire.EVENTS))
def test_every_declared_event_reads_the_same_both_ways(event_type: str) -> None:
    assert same(*both(wire.EVENTS[event_type].stream, entry(event_type)))


def test_most_declared_events_go_the_short_way() -> None:
    short = [name for name, spec in wire.EVENTS.items() if read_plainly(spec.stream, entry(name))]
    assert len(short) >= len(wire.EVENTS) - 4


@pytest.mark.parametrize(
    "fields",
    [
        entry(payload={"master_correlation_id": "m-1"}),
        entry(payload={"causing_correlation_id": "m-1"}),
        entry(payload={"frame_base64": "A" * 40}),
        entry(payload={"payload": {"symbol": "AAPL"}}),
        entry(payload=["no object"]),
        entry(correlationId=None),
        entry(correlationId="REPAIRED_1"),
        entry(correlationId=""),
        entry(eventId=""),
        entry(timestamp_ns=0),
        entry(timestamp_ns=1_700_000_000_000_000_000),
        entry("TESTRADE_CONFIG_CHANGE_APPLIED"),
        entry(eventType="NEVER_HEARD_OF"),
        entry() | {b"image_bytes": b"\x89PNG"},
        entry() | {b"data": b"{}"},
        {b"data": entry()[b"json_payload"]},
        {b"json_payload": b'{"metadata":{},\n"payload":{}}'},
        {b"json_payload": entry()[b"json_payload"].replace(b"AAPL", "Ä".encode())},
        {b"json_payload": entry()[b"json_payload"].replace(b'"symbol"', rb'"\u006daster_correlation_id"')},
        {b"json_payload": b"[" * 60_000},
        {b"json_payload": b"{}"},
    ],
)
def test_whatever_could_surprise_is_left_to_the_general_way(fields: dict[bytes, bytes]) -> None:
    assert read_plainly(wire.ORDER_REQUESTS, fields) is None
    assert read_plainly(wire.CONFIG_CHANGES, fields) is None


def test_a_payload_stays_text_until_it_is_asked_for() -> None:
    event = read_plainly(wire.ORDER_REQUESTS, entry())
    assert event is not None
    assert isinstance(event.body, bytes)
    assert event.payload == {"symbol": "AAPL"}
    assert event.payload is event.payload
