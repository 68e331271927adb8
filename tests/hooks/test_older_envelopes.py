"""The envelopes of older writers: without one, as text, packed, and with times of every kind."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from testrade_hooks import wire

STREAM = "testrade:order-fills"
FILL = {"local_order_id": "17", "symbol": "AAPL", "fill_price": 150.31}


def entry(metadata: Mapping[str, Any], payload: Any = FILL) -> dict[bytes, bytes]:
    return {b"json_payload": json.dumps({"metadata": metadata, "payload": payload}).encode()}


COMMAND = {
    b"command_type": b"INJECT_TRADE_EVENT",
    b"command_id": b"trade_1",
    b"session_id": b"s-1",
    b"timestamp": b"1758720301.5",
    b"perf_counter_ns": b"83211",
    b"payload": b'{"symbol": "AAPL", "quantity": 100}',
}


def test_a_command_in_fields_of_its_own_is_read() -> None:
    """The older injector had no envelope: every part is a field, and all of them are text."""
    event = wire.decode(wire.INJECTION_COMMANDS, COMMAND)
    assert event == wire.WireEvent(
        stream=wire.INJECTION_COMMANDS,
        event_type=wire.INJECTION_COMMAND_TYPE,
        source_component="IntelliSenseInjector",
        payload={
            "command_id": "trade_1",
            "command_type": "INJECT_TRADE_EVENT",
            "parameters": {"symbol": "AAPL", "quantity": 100},
            "session_id": "s-1",
        },
        event_id="trade_1",
        timestamp_ns=83_211,
        epoch_s=1758720301.5,
    )


@pytest.mark.parametrize(("text", "parameters"), [(b"", {}), (b"plain", {"value": "plain"}), (b"[1]", [1])])
def test_a_command_without_parameters_is_read(text: bytes, parameters: Any) -> None:
    """Nothing was written as no text at all."""
    assert wire.decode(wire.INJECTION_COMMANDS, COMMAND | {b"payload": text}).payload["parameters"] == parameters


def test_a_body_sent_as_json_text_is_an_object() -> None:
    """A text that is no object stays a text."""
    assert wire.decode(STREAM, entry({"eventType": "T"}, json.dumps(FILL))).payload == FILL
    assert wire.decode(STREAM, entry({"eventType": "T"}, "{no json")).payload == {"value": "{no json"}


@pytest.mark.parametrize(
    ("metadata", "timestamp_ns", "epoch_s"),
    [
        ({"timestamp_ns": "83211"}, 83_211, None),
        ({"timestamp_ns": "1758720301500000000"}, None, 1758720301.5),
        ({"epoch_timestamp_s": "1758720301.5"}, None, 1758720301.5),
        ({"timestamp": "2025-09-24T13:25:01.5+00:00"}, None, 1758720301.5),
        ({"timestamp": "2025-09-24T13:25:01.5Z"}, None, 1758720301.5),
        ({"timestamp": "2025-09-24T13:25:01.5"}, None, None),
        ({"timestamp": 83211.5}, None, None),
        ({"originTimestampS": 1758720301.5}, None, 1758720301.5),
        ({"timestamp": True, "timestamp_ns": 1.5}, None, None),
        ({"timestamp": "soon", "timestamp_ns": "never"}, None, None),
    ],
)
def test_a_time_is_what_its_kind_says(metadata: dict[str, Any], timestamp_ns: int | None, epoch_s: float | None) -> None:
    """Also as text. A reading of a process's clock is no wall clock, and an hour without its zone is none at all."""
    event = wire.decode(STREAM, entry({"eventType": "T", **metadata}))
    assert (event.timestamp_ns, event.epoch_s) == (timestamp_ns, epoch_s)


@pytest.mark.parametrize(
    ("stated", "payload", "expected"),
    [
        ("corr_1a2b3c4d", {"origin_correlation_id": "master"}, "master"),
        ("corr_1a2b3c4d", {"meta": {"origin_correlation_id": "master"}}, "master"),
        (
            "REPAIRED_1",
            {"order_request_data": {"correlation_id": "corr_1a2b3c4d", "meta": {"origin_correlation_id": "m"}}},
            "m",
        ),
        ("corr_1a2b3c4d", {}, "corr_1a2b3c4d"),
        (None, {"__correlation_id": "master"}, "master"),
    ],
)
def test_an_id_that_a_request_gave_itself_counts_last(stated: str | None, payload: dict[str, Any], expected: str) -> None:
    """The id of the screen that led to it is better, wherever that stands."""
    assert wire.decode(STREAM, entry({"correlationId": stated}, payload)).correlation_id == expected


def test_an_envelope_that_was_packed_as_a_whole_is_read() -> None:
    """Its flag stands beside the metadata; what is inside may be an envelope again."""
    inner = json.dumps({"metadata": {"eventType": "T"}, "payload": FILL}).encode()
    text = json.dumps({"metadata": {"eventType": "T"}, "_is_compressed": True, "_compressed_data": zlib.compress(inner).hex()})
    event = wire.decode(STREAM, {b"json_payload": text.encode()})
    assert (event.payload, event.marks) == (FILL, ("decompressed",))
