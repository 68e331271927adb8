"""What TESTRADE says on its streams arrives in memory and on disk, on every kind of Redis."""

from __future__ import annotations

import base64
import json
import threading
import time
from pathlib import Path

import pytest

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x69\x00\x00\x00\x89" + bytes(64)


def soon() -> int:
    return time.perf_counter_ns() + 30_000_000_000


def publish(endpoint: Endpoint, *events: wire.WireEvent) -> None:
    with endpoint.open() as client:
        for event in events:
            client.xadd(event.stream, wire.encode(event))


def fill(number: int = 1) -> wire.WireEvent:
    return wire.event("TESTRADE_ORDER_FILL", {"fill_price": 150.31, "number": number}, correlation_id="master-1")


def session_on(endpoint: Endpoint, root: Path, name: str = "one") -> CaptureSession:
    return CaptureSession(root, name, StreamConsumer(endpoint, name))


def test_an_event_is_captured(endpoint: Endpoint, tmp_path: Path) -> None:
    """A fill added to its stream is seen by waiters and can be read back from the log."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, fill())
        assert session.wait(0, soon())
        (event,) = session.events_since(0)
    assert (event.event_type, event.correlation_id, event.payload["fill_price"]) == ("FILL", "master-1", 150.31)
    assert list(read_session(session.directory)) == [event]


def test_every_declared_event_finds_its_log(endpoint: Endpoint, tmp_path: Path) -> None:
    """One event of each declared type is captured, and reading back gives the same events in the same order."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, *(wire.event(name, {"symbol": "AAPL"}, correlation_id="m") for name in wire.EVENTS))
        session.loss()
        captured = session.events_since(0)
    assert sorted(event.wire_type for event in captured) == sorted(wire.EVENTS)
    assert list(read_session(session.directory)) == captured
    logs = {path.name for path in session.directory.glob("*.jsonl")}
    assert logs == {"ocr.jsonl", "price.jsonl", "broker.jsonl", "image.jsonl", "system.jsonl", "injection.jsonl"}


@pytest.mark.parametrize("asked_first", [True, False], ids=["made", "never-made"])
def test_what_was_let_go_is_only_on_disk(endpoint: Endpoint, tmp_path: Path, asked_first: bool) -> None:
    """Whether anybody has asked for the events before or not; what came later stays at hand, in its order."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, *map(fill, range(150)))
        session.loss()
        if asked_first:
            session.events_since(0)
        publish(endpoint, *map(fill, range(150, 300)))
        session.loss()
        session.let_go(150)
        assert [event.payload["number"] for event in session.events_since(150)] == list(range(150, 300))
        with pytest.raises(CaptureFailed, match="events 0 to 149 of this session are no longer in memory"):
            session.events_since(0)
        session.let_go(170)
        assert [event.payload["number"] for event in session.events_since(170)] == list(range(170, 300))
        publish(endpoint, *map(fill, range(300, 310)))
        session.loss()
        session.let_go(305)
        assert [event.payload["number"] for event in session.events_since(305)] == list(range(305, 310))
        session.let_go(session.position())
        assert not session.events_since(310)
    assert [event.payload["number"] for event in read_session(session.directory)] == list(range(310))


def test_what_was_there_before_is_not_captured(endpoint: Endpoint, tmp_path: Path) -> None:
    """A session begins at its start: older entries are none of its business."""
    publish(endpoint, fill(1))
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, fill(2))
        session.loss()
        assert [event.payload["number"] for event in session.events_since(0)] == [2]


def test_an_image_becomes_one_file(endpoint: Endpoint, tmp_path: Path) -> None:
    """Base64 in the payload and the binary field are the same image: one file, named by its hash, in the place of the text."""
    grab = wire.event(
        "TESTRADE_RAW_IMAGE_GRAB", {"frame_base64": base64.b64encode(PNG).decode(), "roi_used": [0, 0, 1, 1]}, image_bytes=PNG
    )
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, grab)
        session.loss()
        (event,) = session.events_since(0)
    assert event.image is not None
    assert (event.image.width_px, event.image.height_px, event.image.size_bytes) == (617, 137, len(PNG))
    assert event.payload["frame_base64"] == event.image.path
    assert [path.read_bytes() for path in (session.directory / "images").iterdir()] == [PNG]


def test_an_unknown_event_is_kept_and_shown(endpoint: Endpoint, tmp_path: Path) -> None:
    """Nobody declared it, and it is on the timeline all the same."""
    with session_on(endpoint, tmp_path) as session, endpoint.open() as client:
        envelope = {"metadata": {"eventType": "TESTRADE_SOMETHING_NEW", "correlationId": "m"}, "payload": {"a": 1}}
        client.xadd(wire.PERFORMANCE, {"data": json.dumps(envelope)})
        session.loss()
        (event,) = session.events_since(0)
    assert (event.event_type, event.correlation_id, event.payload) == ("SOMETHING_NEW", "m", {"a": 1})


def test_an_unreadable_entry_is_kept_raw(endpoint: Endpoint, tmp_path: Path) -> None:
    """Its reason and its bytes are in unparsed.jsonl, and the events after it are captured."""
    with session_on(endpoint, tmp_path) as session, endpoint.open() as client:
        client.xadd(wire.ORDER_FILLS, {b"json_payload": b"\xff{not json\r\n"})
        publish(endpoint, fill())
        session.loss()
    assert [event.event_type for event in read_session(session.directory)] == ["FILL"]
    (raw,) = read_session(session.directory).unparsed()
    assert "not JSON" in raw["reason"]
    fields = {base64.b64decode(name): base64.b64decode(value) for name, value in raw["fields_base64"].items()}
    assert fields == {b"json_payload": b"\xff{not json\r\n"}


@pytest.mark.parametrize("text", ["line\u2028separator\x85", "\ud800 lone surrogate", "<b>&amp;"])
def test_any_text_survives_the_log(endpoint: Endpoint, tmp_path: Path, text: str) -> None:
    """One line stays one line, and the text comes back as it was."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, wire.event("TESTRADE_SYSTEM_ALERT", {"message": text}))
        session.loss()
    assert [event.payload["message"] for event in read_session(session.directory)] == [text]


def test_two_sessions_see_everything_each(endpoint: Endpoint, tmp_path: Path) -> None:
    """Sessions at the same time have groups of their own and take nothing from each other."""
    with session_on(endpoint, tmp_path, "a") as first, session_on(endpoint, tmp_path, "b") as second:
        publish(endpoint, *(fill(number) for number in range(50)))
        assert first.loss().lost == second.loss().lost == 0
        assert len(first.events_since(0)) == len(second.events_since(0)) == 50


def test_a_session_id_is_used_once(endpoint: Endpoint, tmp_path: Path) -> None:
    """A second session of the same name would mix two recordings: it is refused."""
    with session_on(endpoint, tmp_path), pytest.raises(CaptureFailed, match="exists already"):
        session_on(endpoint, tmp_path).start()


def test_waiting_ends_at_its_deadline(endpoint: Endpoint, tmp_path: Path) -> None:
    """Where nothing happens, waiting says so in time."""
    with session_on(endpoint, tmp_path) as session:
        assert not session.wait(0, time.perf_counter_ns() + 30_000_000)


def test_our_own_command_is_seen_too(endpoint: Endpoint, tmp_path: Path) -> None:
    """Commands wake no reader, but whoever waits for one gets it."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, wire.event(wire.INJECTION_COMMAND_TYPE, {"command_id": "c"}))
        assert session.wait(0, soon())


def test_nothing_is_left_behind(endpoint: Endpoint, tmp_path: Path) -> None:
    """After a session neither threads of ours nor groups on the server remain."""
    with session_on(endpoint, tmp_path) as session:
        publish(endpoint, fill())
        session.loss()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("intellisense")] == []
    with endpoint.open() as client:
        assert client.xinfo_groups(wire.ORDER_FILLS) == []
        assert [key for key in client.keys("*") if key.startswith(b"intellisense:capture")] == []


def test_a_dead_reader_fails_whoever_waits(endpoint: Endpoint, tmp_path: Path) -> None:
    """An exception in the reading thread reaches waiters at once, with its cause, and the session is marked failed."""

    class BrokenSession(CaptureSession):
        def _take(self, batch: Batch) -> None:
            raise ZeroDivisionError("a bug in the recorder")

    session = BrokenSession(tmp_path, "one", StreamConsumer(endpoint, "one"))
    session.start()
    publish(endpoint, fill())
    with pytest.raises(CaptureFailed, match="a bug in the recorder") as caught:
        session.wait(0, soon())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    session.close()
    assert read_session(session.directory).facts()["state"] == "failed"


def test_a_failure_that_nobody_met_is_raised_at_the_end(endpoint: Endpoint, tmp_path: Path) -> None:
    """No run ends green on a capture that had died."""

    class BrokenSession(CaptureSession):
        def _take(self, batch: Batch) -> None:
            raise ZeroDivisionError("a bug in the recorder")

    with pytest.raises(CaptureFailed, match="a bug"), BrokenSession(tmp_path, "one", StreamConsumer(endpoint, "one")):
        publish(endpoint, fill())


def test_session_json_says_who_and_what(endpoint: Endpoint, tmp_path: Path) -> None:
    """The facts of a session: state, counts, streams, versions, losses, clock."""
    with CaptureSession(tmp_path, "one", StreamConsumer(endpoint, "one"), facts={"target": "test"}) as session:
        publish(endpoint, fill())
        session.loss()
        assert read_session(session.directory).facts()["state"] == "recording"
    facts = read_session(session.directory).facts()
    assert (facts["state"], facts["counts"], facts["target"]) == ("complete", {"broker.jsonl": 1}, "test")
    assert facts["losses"] == {"lost": 0, "measurable": True, "notes": []}
    assert wire.ORDER_FILLS in facts["streams"]


@pytest.mark.parametrize(
    ("stream", "wire_type", "expected"),
    [(None, None, "silent"), (wire.ORDER_FILLS, "TESTRADE_ORDER_FILL", "G1"), (wire.PERFORMANCE, "TESTRADE_ORDER_FILL", "G2")],
)
def test_the_contract_generation_is_told(
    endpoint: Endpoint, tmp_path: Path, stream: str | None, wire_type: str | None, expected: str
) -> None:
    """Entries that were there before the session show which contract this Redis speaks."""
    if stream is not None:
        with endpoint.open() as client:
            client.xadd(stream, {"json_payload": json.dumps({"metadata": {"eventType": wire_type}, "payload": {}})})
    with session_on(endpoint, tmp_path) as session:
        assert session.contract_generation().startswith(expected)
