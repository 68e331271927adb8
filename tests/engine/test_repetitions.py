"""Repetitions of a step each start from the state the first one found; frames of a sequence come at their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.memory_streams import BUY, MS, MemoryTestrade, case, fills_orders, step

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import Fault, PlanResult, Verdict
from pytest_intellisense.model.stimulus import SequenceFrame

COMPLETE = {"type": "pipeline_completion_status"}


@pytest.fixture
def app() -> MemoryTestrade:
    app = MemoryTestrade()
    app.reactions["trade_command"] = fills_orders()
    app.reactions["raw_image_injection"] = reads_frame
    return app


def reads_frame(app: MemoryTestrade, command: Any, receipt: Any) -> None:
    ids: dict[str, Any] = {"correlation_id": command.correlation_id}
    app.respond(receipt, "success")
    app.emit("PROCESSED_ROI_IMAGE", {}, after_ms=10, **ids)
    app.emit("OCR_FRAME_RAW", {"full_raw_text": command.parameters["filename"]}, after_ms=30, **ids)
    app.emit("OCR_SNAPSHOT_CLEANED", {"snapshots": {}}, after_ms=31, **ids)


def images(folder: Path, name: str) -> bytes:
    return f"{folder}/{name}".encode()


def run(app: MemoryTestrade, *steps: dict[str, Any], manifests: Any = None) -> PlanResult:
    options = {"manifests": manifests} if manifests else {}
    return MillisecondOptimizationCapture(app, app, images=images, now_ns=app.clock, **options).run(case(*steps))


def test_the_state_is_put_back_before_each_repetition(app: MemoryTestrade) -> None:
    """Positions, prices and the trading state as they were before the first; the configuration stays."""
    prices = iter([150.0, 101.0, 150.0])
    state = {
        "positions": {"AAPL": {"open": True, "strategy": "long", "total_shares": 5.0, "version": 3}},
        "trading_state": {"enabled": False, "reason": "pause"},
    }
    app.answers["trading_state_change"] = app.answers["price_update"] = lambda parameters: {}

    def answer(parameters: Any) -> dict[str, Any]:
        if parameters["component"] == "prices":
            return {"prices": {"AAPL": {"last_trade_price": next(prices)}}}
        return state

    app.answers["query_state"] = answer
    result = run(app, step(BUY, COMPLETE, repeat=3))
    assert [one.repeat_index for one in result.steps] == [0, 1, 2]
    assert len({one.correlation_id for one in result.steps}) == 3
    again = [
        ("reset_state", {"keep_config": True}),
        ("query_state", {"component": "prices"}),
        ("price_update", {"symbol": "AAPL", "price": 150.0, "size": 100}),
        ("set_position_state", {"symbol": "AAPL", "open": True, "strategy": "long", "total_shares": 5.0}),
        ("trading_state_change", {"enabled": False, "reason": "pause"}),
    ]
    assert app.requested[4:9] == again
    assert app.requested[9:] == [one for one in again if one[0] != "price_update"]


def test_late_events_of_one_repetition_are_no_part_of_the_next(app: MemoryTestrade) -> None:
    """Though order ids start again after the reset."""

    def position_comes_late(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        ids: dict[str, Any] = {"correlation_id": command.correlation_id}
        fills_orders(fills=())(app, command, receipt)
        app.emit("FILL", {"local_order_id": "1"}, after_ms=12, **ids)

    app.reactions["trade_command"] = position_comes_late
    fills = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "FILL"}, "expected_event_count": 1}
    result = run(app, step(BUY, fills, repeat=3))
    assert result.verdict is Verdict.PASSED


def test_frames_are_injected_at_their_intended_times(app: MemoryTestrade) -> None:
    """Each is its own chain; the pipeline follows the last, counts see all."""
    frames = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "OCR_FRAME_RAW"}}
    text = {"type": "ocr_text_accuracy", "expected_value": "c.png"}
    stimulus = {"type": "raw_image_sequence", "images": ["a.png", "b.png", "c.png"], "interval_ms": 40}
    result = run(app, step(stimulus, COMPLETE, text, {**frames, "expected_event_count": 3}))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    grabbed = [command.parameters["grab_timestamp_ns"] // MS for command in app.sent]
    assert [at - grabbed[0] for at in grabbed] == [0, 40, 80]
    own = result.steps[0].correlation_id
    assert [command.correlation_id for command in app.sent] == [f"{own}.1", f"{own}.2", own]
    assert [command.image for command in app.sent] == [b"plans/a.png", b"plans/b.png", b"plans/c.png"]
    pipeline = result.steps[0].pipeline
    assert pipeline is not None
    assert pipeline.latencies_ns["raw_ocr_from_inject_ns"] == 30 * MS


def test_latency_counts_from_the_intended_time(app: MemoryTestrade) -> None:
    """A frame that went out late because the app was slow is late, not fast."""

    def slow_send(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        app.now_ns += 100 * MS
        reads_frame(app, command, receipt)

    app.reactions["raw_image_injection"] = slow_send
    stimulus = {"type": "raw_image_sequence", "images": ["a.png", "b.png"], "interval_ms": 40}
    pipeline = run(app, step(stimulus, COMPLETE)).steps[0].pipeline
    assert pipeline is not None
    assert pipeline.latencies_ns["raw_ocr_from_inject_ns"] == (100 - 40 + 100 + 30) * MS


def test_a_manifest_gives_the_original_timing(app: MemoryTestrade) -> None:
    """Captured frames are replayed at the pace they were captured."""

    def manifest(folder: Path, name: str) -> list[SequenceFrame]:
        assert (folder, name) == (Path("plans"), "frames.jsonl")
        return [SequenceFrame(image="y.jpg", at_ms=1500), SequenceFrame(image="x.png", at_ms=1000)]

    stimulus = {"type": "raw_image_sequence", "manifest": "frames.jsonl"}
    assert run(app, step(stimulus, COMPLETE), manifests=manifest).verdict is Verdict.PASSED
    assert [command.parameters["filename"] for command in app.sent] == ["x.png", "y.jpg"]
    assert [command.parameters["image_format"] for command in app.sent] == ["PNG", "JPEG"]


def test_an_image_that_is_none_is_a_mistake_of_the_plan(app: MemoryTestrade) -> None:
    """By its name already."""
    result = run(app, step({"type": "raw_image_injection", "image": "a.gif"}, COMPLETE))
    assert (result.fault, result.sentence) == (Fault.PLAN, '"a.gif" is no image TESTRADE can read')


def test_the_processed_image_is_waited_for_a_moment(app: MemoryTestrade) -> None:
    """It is optional, but worth having in the report."""

    def image_comes_last(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        reads_frame(app, command, receipt)
        app.emit("OCR_FRAME_RAW", {}, after_ms=1, correlation_id=command.correlation_id)
        app.emit("OCR_SNAPSHOT_CLEANED", {}, after_ms=2, correlation_id=command.correlation_id)

    app.reactions["raw_image_injection"] = image_comes_last
    pipeline = run(app, step({"type": "raw_image_injection", "image": "a.png"}, COMPLETE)).steps[0].pipeline
    assert pipeline is not None
    stage = pipeline.stage("processed_image")
    assert stage is not None
    assert (stage.arrived, pipeline.stop_reason) == (True, "complete")
