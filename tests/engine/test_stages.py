"""Stages that are optional, unordered, absent, repeated or late, and orders that do not arrive."""

from __future__ import annotations

from typing import Any

from helpers.memory_streams import BUY, MS, MemoryTestrade, case, step

from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES, DEFAULT_PIPELINE, find_pipeline
from pytest_intellisense.model.pipeline import PipelineSignature
from pytest_intellisense.model.results import Fault, PipelineResult

Timed = tuple[float, str, dict[str, Any]]


def traced(stages: list[dict[str, Any]], *events: Timed, diversions: Any = (), **fields: Any) -> PipelineResult:
    """The pipeline of these stages after these events: (ms after the injection, type, payload)."""
    app = MemoryTestrade()

    def react(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        for after_ms, event_type, payload in events:
            app.emit(event_type, payload, after_ms=after_ms, correlation_id=command.correlation_id)

    app.reactions["trade_command"] = react
    named = {"name": "mine", "stages": stages, "diversions": diversions}
    pipelines = {"mine": PipelineSignature.model_validate(named)}
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock, pipelines=pipelines)
    result = capture.run(case(step(BUY, pipeline="mine", **fields))).steps[0]
    assert result.pipeline is not None, result.error
    return result.pipeline


def on(key: str, event_type: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "match": {"event_type": event_type}, **fields}


def sentence(pipeline: PipelineResult) -> str:
    short = shortfall(pipeline)
    return short.sentence if short else ""


def test_an_optional_stage_may_stay_away() -> None:
    """The pipeline is complete without it, and latencies bridge the gap."""
    pipeline = traced([on("a", "ACK"), on("b", "X", optional=True), on("c", "FILL")], (1, "ACK", {}), (3, "FILL", {}))
    assert pipeline.completed
    assert pipeline.latencies_ns["a_to_c_ns"] == 2 * MS


def test_an_unordered_stage_may_come_first() -> None:
    """A stage in order may not."""
    stages = [on("a", "ACK"), on("b", "FILL", unordered=True)]
    assert traced(stages, (1, "FILL", {}), (3, "ACK", {})).completed
    ordered = traced([on("a", "ACK"), on("b", "FILL")], (1, "FILL", {}), (3, "ACK", {}))
    assert not ordered.completed
    assert sentence(ordered) == "b arrived before the stage it should follow"


def test_a_stage_takes_as_many_events_as_it_needs() -> None:
    """With fewer it is not complete, and says so."""
    stages = [on("a", "ACK", min_count=2)]
    assert traced(stages, (1, "ACK", {}), (3, "ACK", {})).completed
    short = traced(stages, (1, "ACK", {}), timeout_s=1)
    assert sentence(short) == "a is not complete, 1 of 2 events (waited 1.00 s of the step's 1.00 s)"


def test_a_stage_repeats_until_its_last_event() -> None:
    """Which meets further criteria."""
    stages = [on("a", "FILL", until={"left": 0})]
    pipeline = traced(stages, (1, "FILL", {"left": 60}), (2, "FILL", {"left": 0}), (3, "FILL", {"left": 0}))
    assert len(pipeline.stages[0].events) == 2
    endless = traced(stages, (1, "FILL", {"left": 60}), timeout_s=1)
    assert sentence(endless).startswith("a is not complete, 1 event, none of them meets until")


def test_two_stages_of_the_same_kind_take_one_event_each() -> None:
    """In the order of the pipeline."""
    pipeline = traced([on("first", "ACK"), on("second", "ACK")], (1, "ACK", {}), (4, "ACK", {}))
    assert [stage.at_ns for stage in pipeline.stages] == [1 * MS, 4 * MS]


def test_a_stage_that_must_not_arrive() -> None:
    """It is watched for a while after the others; if it comes, the pipeline has failed at once."""
    stages = [on("a", "ACK"), on("never", "REJECT", absent=True)]
    quiet = traced(stages, (1, "ACK", {}))
    assert (quiet.completed, quiet.stop_reason, quiet.waited_ns) == (True, "window", 251 * MS)
    broken = traced(stages, (1, "ACK", {}), (100, "REJECT", {}))
    assert (broken.completed, broken.diverted_by, broken.waited_ns) == (False, "never", 100 * MS)
    short = shortfall(broken)
    assert short is not None
    assert (short.fault, short.sentence) == (Fault.EXTRA, "never arrived although it must not")


def test_a_stage_with_its_own_deadline() -> None:
    """Later than that is too late, though it arrived."""
    late = traced([on("a", "ACK", deadline_ms=10)], (13, "ACK", {}))
    assert not late.completed
    short = shortfall(late)
    assert short is not None
    assert (short.fault, short.sentence) == (Fault.LATENCY, "a arrived after 13.0 ms, its deadline is 10.0 ms")


def test_a_diversion_waits_for_what_is_still_on_the_wire() -> None:
    """Streams overtake each other, so the stages before the diversion may come after it."""
    stages, diversions = [on("request", "ORDER_REQUEST"), on("fill", "FILL")], [on("rejected", "RISK_REJECTION")]
    request = {"request_id": "r1", "quantity": 5}
    rejection = {"original_request_id": "r1", "reason": "too many"}
    pipeline = traced(stages, (1, "RISK_REJECTION", rejection), (2, "ORDER_REQUEST", request), diversions=diversions)
    assert [stage.arrived for stage in pipeline.stages] == [True, False, True]
    assert sentence(pipeline) == 'fill never arrived: rejected came instead, "too many"'
    assert pipeline.waited_ns == 52 * MS


def test_one_of_two_orders_may_be_diverted() -> None:
    """A rejected order does not end the wait for the other, and is not waited for."""
    fill = on("fill", "FILL", whole_order=True)
    pipeline = traced(
        [fill],
        (1, "ORDER_REQUEST", {"request_id": "r1", "quantity": 5}),
        (2, "ORDER_REQUEST", {"request_id": "r2", "quantity": 7}),
        (3, "RISK_REJECTION", {"original_request_id": "r1"}),
        (200, "FILL", {"fill_quantity": 4}),
        (300, "FILL", {"fill_quantity": 3}),
        diversions=[on("rejected", "RISK_REJECTION")],
    )
    assert (pipeline.completed, pipeline.stop_reason, pipeline.waited_ns) == (True, "complete", 300 * MS)


def test_a_cancelled_rest_ends_the_wait() -> None:
    """A partly filled order that was cancelled will not be filled any more."""
    pipeline = traced(
        [on("fill", "FILL", whole_order=True)],
        (1, "VALIDATED_ORDER", {"request_id": "r1", "quantity": 5}),
        (2, "FILL", {"fill_quantity": 4, "local_order_id": "1"}),
        (3, "CANCEL_ACK", {"local_order_id": "1"}),
        diversions=[on("cancelled", "CANCEL_ACK")],
    )
    assert sentence(pipeline) == "fill is not complete, 4 of 5 filled: cancelled came instead"


def test_how_long_a_component_took_is_read_from_its_event() -> None:
    """A duration it states, or the span of its milestones."""
    stages = [on("a", "ACK"), on("b", "FILL")]
    took = traced(stages, (1, "ACK", {"preprocessing_latency_ns": 9}), (2, "FILL", {"T4_Start_ns": 100, "T6_End_ns": 130}))
    assert took.latencies_ns["a_component_internal_ns"] == 9
    assert took.latencies_ns["b_component_internal_ns"] == 30


def test_every_stimulus_has_a_pipeline() -> None:
    """And pipelines are found in any case of letters."""
    assert set(DEFAULT_PIPELINE.values()) <= set(BUILT_IN_PIPELINES)
    assert find_pipeline("trade_cmd_to_broker_ack", {}) is BUILT_IN_PIPELINES["TRADE_CMD_TO_BROKER_ACK"]
    assert find_pipeline("nothing", {}) is None


def test_older_plans_find_their_stages() -> None:
    """Pipelines and stage keys as older plans spell them."""
    keys = {name: list(pipeline.stage_keys) for name, pipeline in BUILT_IN_PIPELINES.items()}
    assert keys["TRADE_CMD_TO_BROKER_FILL"] == [
        "T0_CmdInjectLog",
        "T1_RMSValidatedLog",
        "T2_TMSForwardedLog",
        "T3_BrokerAckLog",
        "T4_BrokerFillLog",
    ]
    assert keys["OCR_STIMULUS_TO_ORDER_REQUEST"] == ["S1_RawOcrLog", "S3_CleanedOcrSnapshotLog", "S4_OrderRequestLog"]
    assert keys["TRADE_CMD_TO_POSITION_UPDATE"] == [
        "S1_RMSValidatedLog",
        "S3_BrokerAckLog",
        "S4_BrokerFillLog",
        "S5_PositionUpdateLog",
    ]
