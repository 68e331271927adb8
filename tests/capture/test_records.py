"""A backlog is read row by row of one stream; that must come to what reading each entry alone comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_intellisense.capture.plain_record import PlainRecord
from pytest_intellisense.capture.records import AnyRecord, read_batch
from pytest_intellisense.codec.entries import Batch, StreamEntries
from pytest_intellisense.codec.log_records import event_of
from pytest_intellisense.streams.replies import entries_of
from testrade_hooks import clock, wire

NOW = clock.now()
Items = list[tuple[str, Mapping[bytes, bytes]]]


def fields(event_type: str, **payload: Any) -> dict[bytes, bytes]:
    return wire.encode(wire.event(event_type, payload, correlation_id="c-1"))


def row(stream: str = wire.ORDER_STATUS) -> Items:
    types = [name for name, spec in wire.EVENTS.items() if spec.stream == stream]
    return [
        (f"{number + 1}-0", fields(types[number % len(types)], symbol="AAPL", status="working", number=number))
        for number in range(7)
    ]


def read(stream: str, items: Items, *, as_row: bool) -> AnyRecord:
    raw = [[entry_id.encode(), [part for pair in fields.items() for part in pair]] for entry_id, fields in items]
    [(_, delivered)] = entries_of([[stream.encode(), raw]])
    entries = StreamEntries(stream, 2, delivered)
    return read_batch(Batch(NOW, entries if as_row else tuple(entries)), 40)


def described(record: AnyRecord) -> list[Any]:
    texts = {name: [event_of(text) for text in lines] for name, lines in record.texts().items() if name != "unparsed.jsonl"}
    events = [(event.record(), event.app_clock, entry) for event, entry in record.events]
    return [len(record), events, texts, record.wire_types(), [unreadable.reason for unreadable in record.unreadable]]


@pytest.mark.parametrize("stream", wire.STREAMS)
def test_a_row_of_declared_events_reads_as_its_entries(stream: str) -> None:
    items = row(stream)
    assert described(read(stream, items, as_row=True)) == described(read(stream, items, as_row=False))


def test_such_a_row_is_not_taken_apart() -> None:
    assert isinstance(read(wire.ORDER_STATUS, row(), as_row=True), PlainRecord)


@pytest.mark.parametrize(
    "surprise",
    [
        {b"json_payload": b"no json"},
        {b"json_payload": b'{"metadata": {},\n"payload": {}}'},
        {b"json_payload": fields("TESTRADE_ORDER_FILL")[b"json_payload"].replace(b"c-1", b"")},
        {b"data": fields("TESTRADE_ORDER_FILL")[b"json_payload"]},
        {b"json_payload": fields("TESTRADE_ORDER_FILL")[b"json_payload"].replace(b"c-1", b"REPAIRED_7")},
        fields("TESTRADE_ORDER_FILL") | {b"clock_domain": b"another/clock"},
        fields("TESTRADE_ORDER_FILL") | {b"more": b"1"},
        fields("TESTRADE_ORDER_FILL", master_correlation_id="m-1"),
        fields("TESTRADE_ORDER_FILL", frame_base64="iVBORw0KGgoAAAANSUhEUg=="),
        {
            b"json_payload": json.dumps(
                {"metadata": {"eventType": "NEW"}, "payload": {"ä": "\u2028"}}, ensure_ascii=False
            ).encode()
        },
        # two halves of one document: together with its neighbour it would be JSON
        {b"json_payload": b'{"metadata": {"eventType": "NEW"}, "payload": {}}, {"metadata": {}'},
    ],
)
@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_surprise_in_a_row_is_read_as_if_it_were_alone(surprise: Mapping[bytes, bytes], at: int) -> None:
    items = row(wire.ORDER_FILLS)
    items[at] = (items[at][0], surprise)
    assert described(read(wire.ORDER_FILLS, items, as_row=True)) == described(read(wire.ORDER_FILLS, items, as_row=False))
