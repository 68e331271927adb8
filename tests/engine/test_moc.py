"""A plan is run: injected, followed, judged."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import BUY, MemoryTestrade, case, fills_orders, rejects_orders, step

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import Fault, PlanResult, Verdict

TO_FILL = "TRADE_CMD_TO_BROKER_FILL"
COMPLETE = {"type": "pipeline_completion_status", "expected_value": True}


@pytest.fixture
def app() -> MemoryTestrade:
    app = MemoryTestrade()
    app.reactions["trade_command"] = fills_orders()
    return app


def run(app: MemoryTestrade, *steps: dict[str, Any], **plan: Any) -> PlanResult:
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"image", now_ns=app.clock)
    return capture.run(case(*steps, **plan))


def test_a_trade_command_is_followed_to_its_fill(app: MemoryTestrade) -> None:
    """Three checks of a filled order: complete, the right side, fast enough."""
    side = {
        "type": "specific_log_event_field",
        "target_identifier": "T4_BrokerFillLog",
        "field_to_check": "side",
        "expected_value": "BUY",
    }
    fast = {
        "type": "pipeline_latency",
        "field_to_check": "total_observed_pipeline_ns",
        "operator": "<=",
        "expected_value": "25 ms",
    }
    result = run(app, step(BUY, COMPLETE, side, fast, pipeline=TO_FILL))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    pipeline = result.steps[0].pipeline
    assert pipeline is not None
    assert pipeline.latencies_ns["T3_BrokerAckLog_to_T4_BrokerFillLog_ns"] == 10_000_000
    assert pipeline.latencies_ns["total_observed_pipeline_ns"] == 20_000_000


def test_a_rejected_order_ends_the_wait_at_once(app: MemoryTestrade) -> None:
    """The fill cannot come any more, so nobody waits for the deadline."""
    app.reactions["trade_command"] = rejects_orders("Order quantity 100 exceeds max allowed 10")
    result = run(app, step(BUY, COMPLETE, pipeline=TO_FILL))
    assert (result.verdict, result.fault) == (Verdict.FAILED, Fault.MISSING)
    assert result.sentence == (
        'T1_RMSValidatedLog never arrived: risk_rejected came instead, "Order quantity 100 exceeds max allowed 10"'
    )
    assert result.duration_ns < 100_000_000
