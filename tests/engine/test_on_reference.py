"""Every built-in pipeline is completed by the reference application, seen through a real capture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
from helpers.memory_streams import BUY, case, step
from helpers.pictures import screen

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import Fault, PlanResult, Verdict
from pytest_intellisense.streams.connection import embedded_endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.injector import StreamInjector
from testrade_hooks.gate import AppGate, TestGate
from testrade_hooks.reference.app import ReferenceApp

RUN_ID = "engine-tests"
SCREENS = {"long.png": screen("Long AAPL 150.25 +0.12 0.00"), "closed.png": screen("Closed AAPL 0.00 0.00 12.50")}
COMPLETE = {"type": "pipeline_completion_status"}


@pytest.fixture(scope="module")
def moc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MillisecondOptimizationCapture]:
    endpoint = embedded_endpoint(fakeredis.FakeServer(version=(7, 4)))
    caps: dict[str, Any] = {"max_per_s": 10_000}
    session = CaptureSession(tmp_path_factory.mktemp("captures"), "engine", StreamConsumer(endpoint, "engine"))
    with endpoint.open() as client, session:
        app_gate = AppGate(client, mode="TEST", allowed=True, run_id=RUN_ID, **caps)
        with ReferenceApp(endpoint.open, gate=app_gate):
            gate = TestGate(client, allowed=True, run_id=RUN_ID, **caps)
            injector = StreamInjector(client, session, gate, RUN_ID)
            yield MillisecondOptimizationCapture(session, injector, images=lambda folder, name: SCREENS[name])


def run(moc: MillisecondOptimizationCapture, *steps: dict[str, Any], **plan: Any) -> PlanResult:
    return moc.run(case(*steps, **plan))


BIG = {**BUY, "quantity": 5000}
PRICE = {"type": "price_update", "symbol": "AAPL", "price": 151.0}


def set_up(parameter: str, value: Any) -> dict[str, Any]:
    return step({"type": "config_change", "parameter": parameter, "new_value": value}, step_id=f"set {parameter}")


OPENS = {"type": "ocr_event", "raw_data": {"full_raw_text": "Long AAPL 150.25 +0.12 0.00"}}
SMALL = set_up("initial_share_size", 100)
PAUSED = step({"type": "trading_state_change", "enabled": False}, step_id="pause")

COMPLETED: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("TRADE_CMD_TO_BROKER_ACK", [], BUY),
    ("TRADE_CMD_TO_BROKER_FILL", [], BUY),
    ("TRADE_CMD_TO_BROKER_FILL", [set_up("broker_partial_fills", 3)], BUY),
    ("TRADE_CMD_TO_BROKER_FILL", [set_up("broker_fill_delay_ms", 30)], BUY),
    ("TRADE_CMD_REJECTED_BY_RISK", [], BIG),
    ("TRADE_CMD_REJECTED_BY_BROKER", [set_up("broker_reject_reason", "no shares to borrow")], BUY),
    ("TRADE_CMD_TO_POSITION_UPDATE", [], BUY),
    ("TRADE_CMD_WHEN_TRADING_DISABLED", [PAUSED], BUY),
    ("order_execution_path", [], BUY),
    ("OCR_STIMULUS_TO_ENHANCED_OCR_LOG", [], OPENS),
    ("OCR_STIMULUS_TO_ORDER_REQUEST", [], OPENS),
    ("OCR_STIMULUS_TO_TRADE_FILL", [SMALL], OPENS),
    ("ocr_to_signal", [SMALL], OPENS),
    ("price_to_pmd", [], PRICE),
    ("PRICE_UPDATE_TO_PRICE", [], PRICE),
    ("CONFIG_CHANGE_TO_APPLIED", [], {"type": "config_change", "parameter": "RISK_MAX_ORDER_QTY", "new_value": 7}),
    ("TRADING_STATE_TO_CHANGED", [], {"type": "trading_state_change", "enabled": False}),
]


@pytest.mark.parametrize(
    ("pipeline", "before", "stimulus"), COMPLETED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_pipeline_is_completed(
    moc: MillisecondOptimizationCapture, pipeline: str, before: list[dict[str, Any]], stimulus: dict[str, Any]
) -> None:
    """Every stage arrives, in order, on the clock of the application, which is ours."""
    result = run(moc, *before, step(stimulus, COMPLETE, pipeline=pipeline))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    traced = result.steps[-1].pipeline
    assert traced is not None
    assert {stage.time_source for stage in traced.stages} == {"app"}
    assert traced.received_keys == frozenset()


def test_a_screen_is_followed_from_glass_to_fill(moc: MillisecondOptimizationCapture) -> None:
    """Through the real Tesseract, with the processed image and the text it read."""
    image = {"type": "raw_image_injection", "image": "long.png"}
    points = (
        COMPLETE,
        {"type": "ocr_text_accuracy", "expected_value": "Long AAPL 150.25 +0.12 0.00", "tolerance": "10 %"},
        {"type": "ocr_text_accuracy", "expected_value": {"AAPL.cost_basis": 150.25}},
        {"type": "processed_image_property", "field_to_check": "size_bytes", "operator": ">", "expected_value": 0},
        {
            "type": "pipeline_latency",
            "field_to_check": "total_observed_pipeline_ns",
            "operator": "<=",
            "expected_value": "20 s",
        },
    )
    result = run(moc, SMALL, step(image, *points, pipeline="RAW_IMAGE_TO_ORDER_FILL", timeout_s=20))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    traced = result.steps[-1].pipeline
    assert traced is not None
    assert all(stage.arrived for stage in traced.stages)
    assert traced.latencies_ns["processed_image_component_internal_ns"] > 0


def test_a_sequence_of_screens_opens_and_closes(moc: MillisecondOptimizationCapture) -> None:
    """The pipeline follows the last screen, orders are counted over all."""
    orders = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "ORDER_REQUEST"}}
    flat = {"type": "position_manager_state", "target_identifier": "AAPL", "field_to_check": "total_shares"}
    sequence = {"type": "raw_image_sequence", "images": ["long.png", "long.png", "closed.png"], "interval_ms": 50}
    points = (COMPLETE, {**orders, "expected_event_count": 2}, {**flat, "expected_value": 0})
    result = run(moc, SMALL, step(sequence, *points, pipeline="RAW_IMAGE_TO_ORDER_FILL", timeout_s=20))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")


NOT_COMPLETED: list[tuple[str, list[dict[str, Any]], dict[str, Any], str]] = [
    ("TRADE_CMD_TO_BROKER_FILL", [], BIG, "T1_RMSValidatedLog never arrived: risk_rejected came instead"),
    ("TRADE_CMD_REJECTED_BY_RISK", [], BUY, "T1_RMSRejectedLog never arrived: validated_order came instead"),
    (
        "TRADE_CMD_TO_BROKER_FILL",
        [set_up("broker_reject_reason", "halted")],
        BUY,
        'T4_BrokerFillLog never arrived: broker_rejected came instead, "halted"',
    ),
    (
        "OCR_STIMULUS_TO_TRADE_FILL",
        [],
        {"type": "ocr_event", "raw_data": {"full_raw_text": "Balance 10 250.75 USD"}},
        "S1_EnhancedOCROutputLog never arrived: no_trade_data came instead",
    ),
    (
        "OCR_STIMULUS_TO_ORDER_REQUEST",
        [step(OPENS, step_id="open")],
        OPENS,
        "S4_OrderRequestLog never arrived: signal_suppressed came instead",
    ),
    ("TRADE_CMD_TO_BROKER_ACK", [set_up("broker_silent", True)], BUY, "T3_BrokerAckLog never arrived (waited"),
    ("TRADE_CMD_TO_BROKER_FILL", [set_up("broker_ack_only", True)], BUY, "T4_BrokerFillLog never arrived (waited"),
]


@pytest.mark.parametrize(("pipeline", "before", "stimulus", "sentence"), NOT_COMPLETED)
def test_a_pipeline_that_ends_elsewhere(
    moc: MillisecondOptimizationCapture, pipeline: str, before: list[dict[str, Any]], stimulus: dict[str, Any], sentence: str
) -> None:
    """The first stage that is missing is named, and what came instead."""
    result = run(moc, *before, step(stimulus, COMPLETE, pipeline=pipeline, timeout_s=0.5))
    assert (result.verdict, result.fault) == (Verdict.FAILED, Fault.MISSING)
    assert sentence in result.sentence


def test_the_broker_answers_by_hand(moc: MillisecondOptimizationCapture) -> None:
    """A captured order is filled in two parts; state and events agree."""
    buy = step(BUY, step_id="buy", capture={"order": "T3_BrokerAckLog.local_order_id"})
    part = {"type": "broker_response", "order_id": "${order}", "status": "PARTIAL", "filled_quantity": 40}
    filled = {"type": "order_repository_state", "target_identifier": "${order}", "field_to_check": "filled_quantity"}
    result = run(
        moc,
        set_up("broker_ack_only", True),
        buy,
        step(part, COMPLETE, {**filled, "expected_value": 40}, step_id="part"),
        step({**part, "status": "FILLED", "filled_quantity": 60}, {**filled, "expected_value": 100}, step_id="rest"),
    )
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")


def test_every_repetition_starts_from_the_same_position(moc: MillisecondOptimizationCapture) -> None:
    """A position that a step sets up is there again for each repetition, and does not grow."""
    shares = {"type": "position_manager_state", "target_identifier": "AAPL", "field_to_check": "total_shares"}
    setting = step(PRICE, step_id="set", position_manager_states_to_set={"AAPL": {"total_shares": 50, "total_avg_price": 149}})
    price = {"type": "price_state", "target_identifier": "AAPL", "field_to_check": "last_trade_price", "expected_value": 151}
    repeated = step(
        BUY, {**shares, "expected_value": 150}, price, pipeline="TRADE_CMD_TO_POSITION_UPDATE", repeat=3, step_id="buy"
    )
    result = run(moc, setting, repeated)
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")


def test_a_command_that_cannot_be_carried_out_is_an_error(moc: MillisecondOptimizationCapture) -> None:
    """With the words of the application."""
    result = run(moc, step({"type": "config_change", "parameter": "RISK_MAX", "new_value": 7}, COMPLETE))
    assert (result.verdict, result.fault) == (Verdict.ERROR, Fault.ENV)
    assert "did you mean RISK_MAX_ORDER_QTY" in result.sentence


def test_round_trips_of_the_bootstrap_leave_nothing(moc: MillisecondOptimizationCapture) -> None:
    """The plan starts flat after it."""
    flat = {"type": "position_manager_state", "target_identifier": "AAPL", "field_to_check": "total_shares"}
    bootstrap = {"symbols": ["AAPL"], "verify_trade": True, "verify_ocr": True}
    result = run(moc, step(PRICE, COMPLETE, {**flat, "expected_value": 0}), bootstrap=bootstrap)
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
