"""Odd and oversized entries are kept, cut where they are too large, and nothing that was published is changed on the way."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from helpers.dialects import logged, observe
from helpers.redis_server import RedisServer
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec import limits, log_records
from pytest_intellisense.codec.any_entry import BESIDE
from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.log_lines import unparsed_text
from pytest_intellisense.engine.tracing import Chain
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import clock, wire

MEGABYTE = 1024 * 1024


def fill(payload: Any, **metadata: Any) -> dict[bytes, bytes]:
    fields = wire.encode(wire.event("TESTRADE_ORDER_FILL", {}, correlation_id="m"))
    envelope = json.loads(fields[b"json_payload"])
    return {b"json_payload": json.dumps({"metadata": envelope["metadata"] | metadata, "payload": payload}).encode()}


def test_a_long_value_is_cut_and_the_others_stay() -> None:
    """Its beginning, its length and its hash are left."""
    long = "x" * (12 * MEGABYTE)
    event = observe(wire.ORDER_FILLS, fill({"note": long, "symbol": "AAPL", "inner": [{"note": long}]})).event
    assert event.payload["symbol"] == "AAPL"
    for note in (event.payload["note"], event.payload["inner"][0]["note"]):
        assert len(note) < 2000
        assert hashlib.sha256(long.encode()).hexdigest() in note
        assert str(len(long)) in note
    assert event.marks == ("truncated",)


def test_without_limits_a_line_would_be_as_long_as_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same entry and a reader that cuts nothing."""
    fields = fill({"note": "x" * (12 * MEGABYTE)})
    assert len(log_records.event_text(observe(wire.ORDER_FILLS, fields).event)) < 3000
    monkeypatch.setattr(limits, "LONGEST_VALUE", 100 * MEGABYTE)
    assert len(log_records.event_text(observe(wire.ORDER_FILLS, fields).event)) > 12 * MEGABYTE


def test_an_envelope_too_large_to_read_keeps_its_metadata() -> None:
    """Type and ids are known, the body is a hash."""
    event = observe(wire.ORDER_FILLS, fill({"note": "x" * (33 * MEGABYTE)})).event
    assert (event.event_type, event.correlation_id, event.marks) == ("FILL", "m", ("truncated",))
    assert event.payload["truncated"]["bytes"] > 33 * MEGABYTE
    assert len(event.payload["truncated"]["sha256"]) == 64


def test_very_many_values_are_cut_as_a_whole() -> None:
    """No line of a log grows without bound."""
    event = observe(wire.ORDER_FILLS, fill({f"n{number}": "x" * 50_000 for number in range(300)})).event
    assert (event.event_type, event.marks) == ("FILL", ("truncated",))
    assert len(log_records.event_text(event)) < 10_000


def test_a_long_unreadable_value_is_known_by_its_hash() -> None:
    """The reason names a few of the fields only."""
    fields = {b"blob": b"x" * (20 * MEGABYTE)} | {b"f%d" % number: b"v" for number in range(5000)}
    with pytest.raises(wire.UnreadableEntry) as problem:
        observe(wire.ORDER_FILLS, fields)
    assert "and 4989 more" in str(problem.value)
    record = json.loads(unparsed_text(Entry(wire.ORDER_FILLS, "1-0", fields), clock.now(), str(problem.value)))
    withheld = {base64.b64decode(name): facts for name, facts in record["fields_withheld"].items()}
    assert withheld == {b"blob": {"bytes": 20 * MEGABYTE, "sha256": hashlib.sha256(fields[b"blob"]).hexdigest()}}
    assert len(record["fields_base64"]) == 5000


def long_ids_join_their_own() -> None:
    one, other = "c" * MEGABYTE, "c" * (MEGABYTE - 1) + "d"
    events = [
        observe(wire.ORDER_FILLS, fill({}, correlationId=id_), entry_id=f"{n}-0").event
        for n, id_ in enumerate([one, other, one])
    ]
    ids = [event.correlation_id or "" for event in events]
    assert ids[0] == ids[2] != ids[1]
    assert max(map(len, ids)) < 1000
    assert [event.marks for event in events] == [("truncated",)] * 3


def test_a_long_correlation_id_still_joins() -> None:
    """It is cut to something that is equal to itself and to no other long id."""
    long_ids_join_their_own()


@pytest.mark.parametrize(
    ("part", "broken"),
    [("LONGEST_ID", 2 * MEGABYTE), ("_cut", lambda said: said[:200])],
    ids=["no cap", "cut without a hash"],
)
def test_other_ways_with_a_long_id_would_be_found(monkeypatch: pytest.MonkeyPatch, part: str, broken: Any) -> None:
    """The control: a reader without a cap keeps a megabyte, one that only cuts joins strangers."""
    monkeypatch.setattr(f"testrade_hooks.dialects.{part}", broken)
    with pytest.raises(AssertionError):
        long_ids_join_their_own()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (fill({}, correlationId=None), None),
        (fill({"correlation_id": "other"}), "m"),
        (fill({"master_correlation_id": "other"}), "other"),
    ],
)
def test_no_id_and_two_ids(fields: dict[bytes, bytes], expected: str | None) -> None:
    """An event without an id is kept and belongs to no chain; of two the master id counts."""
    event = observe(wire.ORDER_FILLS, fields).event
    assert event.correlation_id == expected
    assert (Chain("m").add(event) != []) is (expected == "m")


def test_odd_entries_pass_a_real_server(tmp_path: Path) -> None:
    """A field of 20 MB, 5,000 fields, an empty name, a repeated one, bytes that are no text: all are events or kept raw."""
    plain = fill({"symbol": "AAPL"})
    entries = [
        fill({"note": "x" * (20 * MEGABYTE)}),
        plain | {b"f%d" % number: b"v" for number in range(5000)},
        plain | {b"": b"empty name", b"\xff\x00": b"\x00\r\n\xfe"},
        {b"": b"", b"\xff": b"\x00\r\n\xfe"},
    ]
    with RedisServer() as server:
        session = CaptureSession(tmp_path, "one", StreamConsumer(endpoint_of(server.url), "one"))
        with session, server.client() as client:
            for fields in entries:
                client.xadd(wire.ORDER_FILLS, fields)  # type: ignore[arg-type]
            client.execute_command("XADD", wire.ORDER_FILLS, "*", "a", "1", "json_payload", plain[b"json_payload"], "a", "2")
            session.loss()
    log = read_session(session.directory)
    large, many, odd, repeated = list(log)
    assert large.marks == ("truncated",)
    assert len(many.payload[BESIDE]["fields"]) == 5000
    assert back(odd) == {b"": b"empty name", b"\xff\x00": b"\x00\r\n\xfe"}
    assert back(repeated) == {b"a": b"2", b"a#1": b"1"}
    (raw,) = log.unparsed()
    assert {base64.b64decode(name): base64.b64decode(value) for name, value in raw["fields_base64"].items()} == entries[3]
    assert log.damage.lossless


def back(event: TimelineEvent) -> dict[bytes, bytes]:
    """The fields that stood beside the envelope, as they were published."""

    def data(part: str | dict[str, str]) -> bytes:
        return part.encode() if isinstance(part, str) else bytes.fromhex(part["hex"])

    return {data(field["name"]): data(field["value"]) for field in event.payload.get(BESIDE, {}).get("fields", [])}


READ = {b"json_payload", b"data", b"clock_domain", b"image_bytes"}


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.binary(max_size=20).filter(lambda name: name not in READ), st.binary(max_size=40), max_size=6))
def test_any_bytes_beside_the_envelope_come_back(beside: dict[bytes, bytes]) -> None:
    """Through the event and its line: no text, NUL or line end is changed. (What looks like a secret is another matter.)"""
    comes_back(beside)


def comes_back(beside: dict[bytes, bytes]) -> None:
    event = observe(wire.ORDER_FILLS, fill({"symbol": "AAPL"}) | beside).event
    text = log_records.event_text(event)
    assert b"\n" not in text
    assert back(log_records.event_of(text)[0]) == beside or "redacted" in event.marks


def test_bytes_read_as_text_would_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same check finds a log that replaces what is no text."""
    beside = {b"\xff\x00": b"\x00\r\n\xfe"}
    comes_back(beside)
    monkeypatch.setattr("pytest_intellisense.codec.any_entry._lossless", lambda data: data.decode(errors="replace"))
    with pytest.raises(AssertionError):
        comes_back(beside)


texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    ["\u2028", "\x85", "\x1c", "\ud800", "\r\n", "\0", "NaN"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(texts.filter(lambda name: name not in ("payload", "_is_compressed")), values, max_size=4), st.booleans())
def test_any_value_comes_back(payload: dict[str, Any], ascii_only: bool) -> None:
    """NaN, lone surrogates and every line separator, written either way: one line stays one line and says the same."""
    said = wire.event("TESTRADE_ORDER_FILL", {}, correlation_id="m")
    envelope = json.loads(wire.encode(said)[b"json_payload"]) | {"payload": payload}
    try:
        text = json.dumps(envelope, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        text = json.dumps(envelope).encode()
    event = observe(said.stream, {b"json_payload": text}).event
    line = log_records.event_text(event)
    assert b"\n" not in line
    assert repr(log_records.event_of(line)[0].payload) == repr(event.payload)
    if "redacted" not in event.marks:
        assert repr(json.loads(text)["payload"]) == repr(event.payload)


def numbers_that_are_none_are_said() -> None:
    event = observe(wire.ORDER_FILLS, {b"json_payload": fill({"price": math.nan, "most": math.inf})[b"json_payload"]}).event
    again = log_records.event_of(log_records.event_text(event))[0]
    assert math.isnan(again.payload["price"])
    assert again.payload["most"] == math.inf


def test_numbers_that_are_none_are_said() -> None:
    """NaN and the infinities stand in the log as such."""
    numbers_that_are_none_are_said()


def test_a_log_in_strict_json_would_lose_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: it has null in their place."""
    monkeypatch.setattr(log_records, "json_text", msgspec.json.encode)
    with pytest.raises((AssertionError, TypeError)):
        numbers_that_are_none_are_said()


@pytest.mark.parametrize(
    ("payload", "marks"),
    [
        (
            {
                "_is_compressed": True,
                "_compression_type": "zlib",
                "_compressed_data": zlib.compress(b'{"symbol":"AAPL"}').hex(),
            },
            ["decompressed"],
        ),
        ({"symbol": "AAPL", "_was_stripped": True}, ["stripped by the sender"]),
        ({"symbol": "AAPL", "_was_aggressively_triaged": True}, ["triaged by the sender"]),
        (
            {"symbol": "AAPL", "_is_compressed": True, "_compressed_data": "zz"},
            ["compressed, not readable: Non-hexadecimal digit found"],
        ),
        (
            {"symbol": "AAPL", "_is_compressed": True, "_compression_type": "lz4"},
            ["compressed, not readable: no known compression: 'lz4'"],
        ),
        ({"symbol": "AAPL", "_is_compressed": True}, ["compressed, not readable: there is no _compressed_data"]),
        (
            {"symbol": "AAPL", "_is_compressed": True, "_compressed_data": zlib.compress(b"x" * 99)[:-8].hex()},
            ["compressed, not readable: the packed data is cut off"],
        ),
        (
            {"symbol": "AAPL", "_is_compressed": True, "_compressed_data": zlib.compress(bytes(64 * MEGABYTE)).hex()},
            ["compressed, not readable: more than 33554432 bytes when unpacked"],
        ),
    ],
    ids=["packed", "stripped", "triaged", "no hexadecimal", "unknown", "nothing", "cut off", "a bomb"],
)
def test_a_body_made_smaller_is_read_and_marked(payload: dict[str, Any], marks: list[str]) -> None:
    """What the application did to it under pressure is said; what cannot be unpacked stays as it came."""
    event = observe("order_events", logged("TESTRADE_ORDER_FILL", payload)).event
    assert event.payload["symbol"] == "AAPL"
    assert list(event.marks) == marks
    assert ("_compressed_data" in event.payload) is ("_compressed_data" in payload and marks != ["decompressed"])


def test_a_packed_body_has_its_master_id_inside() -> None:
    """It is unpacked before anything is asked of it."""
    packed = zlib.compress(json.dumps({"master_correlation_id": "m", "local_id": 3}).encode()).hex()
    fields = logged("TESTRADE_ORDER_FILL", {"_is_compressed": True, "_compressed_data": packed}, correlation_id="REPAIRED_1")
    event = observe("order_events", fields).event
    assert (event.correlation_id, event.payload["local_order_id"]) == ("m", "3")


def test_what_is_nested_too_deeply_is_kept_raw() -> None:
    """It cannot stop the reader."""
    text = b'{"metadata":{"eventType":"X"},"payload":{"a":' + b"[" * 700 + b"]" * 700 + b"}}"
    with pytest.raises(wire.UnreadableEntry, match=r"deep|recursion"):
        observe(wire.ORDER_FILLS, {b"json_payload": text})
