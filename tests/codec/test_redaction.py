"""Secrets are taken out of what is recorded, wherever they stand, and what stands in their place says so."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.dialects import logged
from helpers.redis_server import RedisServer
from hypothesis import given
from hypothesis import strategies as st

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec.entries import CLOCK_FIELD, TEXT_FIELD, Entry, PlainColumns
from pytest_intellisense.codec.plain_entries import plain_envelope, plain_row
from pytest_intellisense.codec.redaction import REDACTED, redacted, scrubbed
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

CANARY = "CANARY7f3a"
SNAPSHOT = {
    "ALPACA_API_KEY": CANARY,
    "apca-api-secret-key": CANARY,
    "redisPassword": CANARY,
    "broker": {"credentials": {"user": CANARY, "pin": [CANARY]}, "private_key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}"},
    "REDIS_URL": f"redis://desk:{CANARY}@10.0.0.1:6379/0",
    "database_dsn": f"postgresql://desk:{CANARY}@db/x",
    "headers": {"Authorization": f"Bearer {CANARY}"},
    "startup_command": f"run --token={CANARY} --fast",
    "RISK_MAX_ORDER_QTY": 1000,
    "primary_key": "id",
}
CHANGE = {"component": "broker", "parameter": "ALPACA_SECRET", "old_value": CANARY, "new_value": f"{CANARY}2", "source": "GUI"}
TRICKY = rb"\"password\": \"" + CANARY.encode()

HEAD = (
    b'{"metadata": {"eventType": "TESTRADE_%b", "eventId": "e", "correlationId": "m", "timestamp_ns": 5, '
    b'"sourceComponent": "x"}, '
)
SLASHED = HEAD % b"SYSTEM_ALERT" + rb'"payload": {"message": "redis:\/\/desk:' + CANARY.encode() + rb'@host lost"}}'
NUMBERED = HEAD % b"CORRELATION_LOG" + rb'"payload": {"p\u0061ssw\u006Frd": "' + CANARY.encode() + b'"}}'


def config_events() -> list[wire.WireEvent]:
    return [
        wire.event("TESTRADE_CONFIG_BOOTSTRAP", {"full_config_snapshot": SNAPSHOT}, correlation_id="m"),
        wire.event("TESTRADE_CONFIG_CHANGE_APPLIED", CHANGE, correlation_id="m"),
        wire.event("TESTRADE_SYSTEM_ALERT", {"message": f"login failed: password={CANARY}"}, correlation_id="m"),
        wire.event(wire.INJECTION_COMMAND_TYPE, {"parameters": {"api_key": CANARY}}, correlation_id="m"),
        wire.event(wire.INJECTION_RESPONSE_TYPE, {"data": {"config": SNAPSHOT}}, correlation_id="m"),
        wire.event(
            wire.CORRELATION_LOG_TYPE, {"correlation_event_name": "Answer", "data": json.dumps(SNAPSHOT)}, correlation_id="m"
        ),
    ]


def other_entries() -> list[tuple[str, dict[bytes, bytes]]]:
    change = {
        "changed_parameters": {"broker_token": {"old_value": CANARY, "new_value": CANARY}},
        "full_config_snapshot": SNAPSHOT,
    }
    packed = {"_is_compressed": True, "_compressed_data": __import__("zlib").compress(json.dumps(SNAPSHOT).encode()).hex()}
    return [
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", change)),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", packed)),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {}) | {b"api_key": CANARY.encode()}),
        (wire.CONFIG_CHANGES, {b"json_payload": b'{"metadata": {}, "payload": {"list": ["' + CANARY.encode()}),
        (wire.CONFIG_CHANGES, {b"config": CANARY.encode()}),
        (wire.ORDER_FILLS, {b"json_payload": b'{"api_key": "' + CANARY.encode() + b'", "cut": '}),
        (wire.ORDER_FILLS, {b"json_payload": TRICKY}),
        (wire.SYSTEM_ALERTS, {b"json_payload": SLASHED}),
        (wire.CORRELATION_LOG, {b"json_payload": NUMBERED}),
        (wire.PERFORMANCE, logged("TESTRADE_X", {"basic": f"Basic {CANARY}"})),
        (wire.ORDER_FILLS, {b"password": CANARY.encode()}),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {"config": json.dumps({"api_key": CANARY, "x": "x" * 2**20})})),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {"log": f"password={CANARY} " + "x" * 2**20})),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {}) | {b"other": b"\xffpassword=" + CANARY.encode()}),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {}) | {b"\xff_password": CANARY.encode()}),
        (wire.CONFIG_CHANGES, logged("TESTRADE_CONFIG_CHANGE", {}, correlation_id=f"password={CANARY}")),
        (wire.CONFIG_CHANGES, logged(f"token={CANARY}", {})),
        (
            wire.CONFIG_CHANGES,
            {
                b"json_payload": json.dumps(
                    {"metadata": {"sourceComponent": f"redis://u:{CANARY}@h", "eventId": f"jwt={CANARY}"}}
                ).encode()
            },
        ),
    ]


def recorded(folder: Path, entries: list[tuple[str, dict[bytes, bytes]]]) -> CaptureSession:
    with RedisServer() as server:
        session = CaptureSession(folder, "one", StreamConsumer(endpoint_of(server.url), "one"))
        with session, server.client() as client:
            for stream, fields in entries:
                client.xadd(stream, fields)  # type: ignore[arg-type]
            session.loss()
    return session


def leaks(folder: Path) -> list[str]:
    """The written files that hold the canary as text, in base64 or in hexadecimal."""
    shifted = [base64.b64encode(b" " * shift + CANARY.encode())[2 * bool(shift) + 2 : -4] for shift in range(3)]
    needles = [CANARY.encode(), CANARY.encode().hex().encode(), *shifted]
    return [
        path.name for path in folder.rglob("*") if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def test_no_secret_reaches_a_file(tmp_path: Path) -> None:
    """Whole configurations, changes, commands, answers, messages, packed bodies and unreadable entries: none holds it."""
    entries = [(event.stream, wire.encode(event)) for event in config_events()] + other_entries()
    session = recorded(tmp_path, entries)
    assert leaks(session.directory) == []
    events = list(read_session(session.directory))
    assert [event.wire_type for event in events if "redacted" not in event.marks] == []
    assert len(events) + len(list(read_session(session.directory).unparsed())) == len(entries)


def test_the_search_finds_a_leak(tmp_path: Path) -> None:
    """The control: a value that nobody could know to be a secret is found in the files, also in those of unreadable entries."""
    innocent = wire.event("TESTRADE_ORDER_FILL", {"symbol": CANARY}, correlation_id="m")
    session = recorded(tmp_path, [(innocent.stream, wire.encode(innocent)), (wire.ORDER_FILLS, {b"odd": CANARY.encode()})])
    assert sorted(leaks(session.directory)) == ["broker.jsonl", "unparsed.jsonl"]


def test_the_short_way_leaves_secrets_to_the_general_one() -> None:
    """One by one and in a row; the same events without a secret (the control) may go it."""
    for event in config_events()[2:]:
        innocent = wire.event(event.event_type, {"message": "all is well"}, correlation_id="m")
        for said, short in ((event, False), (innocent, True)):
            entry = Entry(said.stream, "1-0", wire.encode(said))
            assert (plain_envelope(entry) is not None) is short
            row = PlainColumns((b"1-0",) * 2, (entry.fields[TEXT_FIELD],) * 2, entry.fields[CLOCK_FIELD])
            assert (plain_row(said.stream, row) is not None) is short


def test_what_is_no_secret_stays() -> None:
    """The rest of a configuration is recorded as it was."""
    clean = redacted(SNAPSHOT)
    assert (clean["RISK_MAX_ORDER_QTY"], clean["primary_key"]) == (1000, "id")
    assert clean["REDIS_URL"] == "redis://***@10.0.0.1:6379/0"
    assert clean["startup_command"] == f"run --token={REDACTED} --fast"
    assert redacted(CHANGE) == {**CHANGE, "old_value": REDACTED, "new_value": REDACTED}


@pytest.mark.parametrize(
    "text",
    [
        "ALPACA_SECRET changed from VALUE to VALUE",
        "changed the api_key from VALUE to VALUE",
        "redis_password: hidden -> VALUE",
        "redis_password=hidden → VALUE",
        "password was set to VALUE",
        "password is VALUE",
        "API key: VALUE",
        "api_keys:\n  - VALUE\n  - VALUE\n",
        "config['password'] = 'VALUE'",
        "['run', '--password', 'VALUE']",
        r"{\"password\": \"VALUE\"",
    ],
)
def test_a_text_that_says_a_secret(text: str) -> None:
    """Old and new values, sentences, lists, command lines, text in text; and looking again changes nothing more."""
    clean = scrubbed(text)
    assert "VALUE" not in clean
    assert scrubbed(clean) == clean


@pytest.mark.parametrize(
    "payload",
    [
        {"parameter": "api_key", "from": "VALUE", "to": "VALUE"},
        {"parameter": "api_key", "before": "VALUE", "after": "VALUE"},
        {"parameterName": "api_key", "oldValue": "VALUE", "newValue": "VALUE"},
        {"param": "api_key", "value": "VALUE"},
        {"changed_parameters": ["qty", "api_key"], "new_values": [1, "VALUE"]},
        {"op": "replace", "path": "/broker/api_key", "value": "VALUE"},
        {"changed_parameter": "api_key", "specific_changes": ["hidden -> VALUE"], "change": {"old": "VALUE"}},
        {"parameter": "api_key", "new_value": "VALUE", "message": "it is VALUE now"},
        {"connections": {"redis://desk:VALUE@host:6379/0": "up"}},
        {"argv": ["run", "--password", "VALUE", "--fast"]},
        {"pairs": [["api_key", "VALUE"]]},
        {"alpaca": {"key": "VALUE", "secret": "hidden"}},
        {"x" * 300 + "_password": "VALUE"},
    ],
)
def test_a_secret_beside_its_name(payload: dict[str, Any]) -> None:
    """Whoever names a parameter beside its values, in whatever spelling; also as the name itself."""
    assert "VALUE" not in json.dumps(redacted(payload))
    assert redacted(redacted(payload)) == redacted(payload)


def test_addresses_with_passwords_stay_apart() -> None:
    """Two that differ only by the password are two: nothing vanishes with it."""
    clean = redacted({"connections": {"redis://a:x@host": "up", "redis://a:y@host": "down"}})
    assert sorted(clean["connections"].values()) == ["down", "up"]


@pytest.mark.parametrize(
    "text", ["Long AAPL 150.25 +0.12", "INSUFFICIENT_NUMERIC_TOKENS", "tokens: 3", "https://host/path", "a key: b"]
)
def test_an_innocent_text_stays(text: str) -> None:
    """The very object: nothing is copied that need not be."""
    assert scrubbed(text) is text


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "password", "name", "x_token"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_redacting_twice_changes_nothing_more(value: Any) -> None:
    """What was redacted is recognised; a value without secrets is the same object."""
    once = redacted(value)
    assert redacted(once) == once
