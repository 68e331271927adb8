"""Plans run against TESTRADE in memory."""

from __future__ import annotations

from typing import Any

from helpers.memory_streams import MemoryTestrade, case, fills_orders

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import PlanResult

COMPLETE = {"type": "pipeline_completion_status", "expected_value": True}


def filling_app() -> MemoryTestrade:
    app = MemoryTestrade()
    app.reactions["trade_command"] = fills_orders()
    return app


def moc(app: MemoryTestrade, **options: Any) -> MillisecondOptimizationCapture:
    return MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"image", now_ns=app.clock, **options)


def run(app: MemoryTestrade, *steps: dict[str, Any], **plan: Any) -> PlanResult:
    return moc(app).run(case(*steps, **plan))
