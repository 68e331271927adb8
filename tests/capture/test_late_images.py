"""An image that comes after the event that refers to it: both are one in the events of a step and in the recorded session."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from helpers.dialects import logged
from helpers.pictures import screen

from pytest_intellisense.capture.criteria import Criteria
from pytest_intellisense.capture.index import write_index
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.search import search
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.capture.survey import survey_all
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.results import StepExecutionResult
from pytest_intellisense.model.stimulus import TradeCommand
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.injector import StreamInjector
from testrade_hooks import Command, InjectionListener, wire
from testrade_hooks.gate import AppGate, TestGate

IMAGE = screen()
NAME = "bulk_6f0c_frame_base64_0"
UNSEEN = ("unresolved reference: it has not been seen on the bulk stream",)
RUN_ID = "late-images"
BUY = TradeCommand(type="trade_command", symbol="AAPL", side="BUY", quantity=10)
GRABBED_AND_FILLED = PipelineSignature.model_validate(
    {
        "name": "GRABBED_AND_FILLED",
        "stages": [
            {"key": "grab", "match": {"event_type": "RAW_IMAGE_GRAB_CAPTURED"}},
            {"key": "fill", "match": {"event_type": "FILL"}},
        ],
    }
)


def consumer_of(endpoint: Endpoint) -> StreamConsumer:
    return StreamConsumer(endpoint, "one", extra_streams=(wire.BULK_DATA,))


def refer(client: redis.Redis, correlation_id: str, name: str = NAME) -> None:
    fields = logged("TESTRADE_RAW_IMAGE_GRAB", {"frame_base64": f"{{bulk_ref:{name}}}"}, correlation_id=correlation_id)
    client.xadd(wire.IMAGE_GRABS, fields)  # type: ignore[arg-type]


def send(client: redis.Redis, name: str = NAME) -> None:
    payload = {"reference": name, "field": "frame_base64", "data": base64.b64encode(IMAGE).decode()}
    client.xadd(wire.BULK_DATA, logged("TESTRADE_BULK_DATA", payload, correlation_id=None))  # type: ignore[arg-type]


def grab_in(events: object) -> TimelineEvent:
    (event,) = [event for event in events if event.stream == wire.IMAGE_GRABS]  # type: ignore[attr-defined]
    return event


def check_joined(event: TimelineEvent, directory: Path) -> None:
    assert event.image is not None
    assert (directory / event.image.path).read_bytes() == IMAGE
    assert event.payload["frame_base64"] == event.image.path
    assert not [mark for mark in event.marks if mark in UNSEEN]


@pytest.fixture
def recorded(endpoint: Endpoint, tmp_path: Path) -> Path:
    """A session in which the reference comes first, and another one whose image never comes."""
    consumer = consumer_of(endpoint)
    with CaptureSession(tmp_path, "one", consumer, bulk=BulkData()) as session, endpoint.open() as client:
        for step in (lambda: refer(client, "m-1"), lambda: send(client), lambda: refer(client, "m-2", "never_sent")):
            step()
            consumer.catch_up()
    return session.directory


def test_a_recorded_session_shows_it(recorded: Path) -> None:
    """Whoever reads it; the one that never came is still said to be missing."""
    session = read_session(recorded)
    first, bulk, second = session
    check_joined(first, recorded)
    assert first.image == bulk.image
    assert (second.image, second.payload["frame_base64"]) == (None, "{bulk_ref:never_sent}")
    assert UNSEEN[0] in second.marks
    assert session.damage.lossless
    assert survey_all(session).with_image == 2


@pytest.mark.parametrize("indexed", [False, True])
def test_a_search_shows_it(recorded: Path, indexed: bool) -> None:
    """Also where only the line of the event is read."""
    session = read_session(recorded)
    if indexed:
        write_index(session)
    finding = search(session, Criteria(correlation_id="m-1"), 10)
    assert finding.by_index is indexed
    check_joined(grab_in(finding.events), recorded)


def test_the_line_itself_keeps_the_reference(recorded: Path) -> None:
    """The control: without the join it is not there, for no line names an image that was not yet on disk."""
    line = (recorded / "image.jsonl").read_bytes().splitlines()[0]
    assert f"{{bulk_ref:{NAME}}}".encode() in line


@contextmanager
def an_app(endpoint: Endpoint, trade: Callable[[redis.Redis, str], None]) -> Iterator[TestGate]:
    """It answers trade commands with `trade`; the gate is that of the test side."""
    with endpoint.open() as client, endpoint.open() as publishing:
        gate = AppGate(client, mode="TEST", allowed=True, run_id=RUN_ID)
        listener = InjectionListener(client, gate)

        def called(command: Command) -> None:
            trade(publishing, command.correlation_id)

        listener.register("trade_command", called)
        listener.start()
        try:
            yield TestGate(publishing, allowed=True, run_id=RUN_ID)
        finally:
            listener.close()


class Seen(CaptureSession):
    """`grab` is set when somebody was shown the event that refers to the image."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.grab = threading.Event()

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        events = super().events_since(sequence)
        if any(event.stream == wire.IMAGE_GRABS for event in events):
            self.grab.set()
        return events


def traced(endpoint: Endpoint, session: Seen) -> StepExecutionResult:
    """A step whose application sends the image when the event before it was seen, and then the fill that ends it."""

    def trade(client: redis.Redis, correlation_id: str) -> None:
        refer(client, correlation_id)
        assert session.grab.wait(30)
        send(client)
        fill = wire.event("TESTRADE_ORDER_FILL", {"fill_quantity": 10}, correlation_id=correlation_id)
        client.xadd(fill.stream, wire.encode(fill))  # type: ignore[arg-type]

    with session, an_app(endpoint, trade) as gate, endpoint.open() as client:
        injector = StreamInjector(client, session, gate, RUN_ID)
        moc = MillisecondOptimizationCapture(session, injector, images=lambda _folder, _name: IMAGE)
        return moc.trace(BUY, pipeline="GRABBED_AND_FILLED", pipelines={"GRABBED_AND_FILLED": GRABBED_AND_FILLED})


def test_the_events_of_a_step_show_it(endpoint: Endpoint, tmp_path: Path) -> None:
    """The stage, the events of the pipeline and the capture itself, though the event was taken in before."""
    session = Seen(tmp_path, "one", consumer_of(endpoint), bulk=BulkData())
    result = traced(endpoint, session)
    assert result.pipeline is not None
    assert result.pipeline.completed, result.pipeline
    stage = result.pipeline.stage("grab")
    assert stage is not None
    assert stage.event is not None
    check_joined(stage.event, session.directory)
    check_joined(grab_in(traced.event for traced in result.pipeline.events), session.directory)
    check_joined(grab_in(read_session(session.directory)), session.directory)


def test_a_capture_that_does_not_join_lacks_it(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr("pytest_intellisense.capture.session.all_joined", lambda events, _bulk: events)
    session = Seen(tmp_path, "one", consumer_of(endpoint), bulk=BulkData())
    result = traced(endpoint, session)
    assert result.pipeline is not None
    assert grab_in(traced.event for traced in result.pipeline.events).image is None
