"""Validation points as plans write them, and what the engine says to one of them against TESTRADE in memory."""

from __future__ import annotations

from typing import Any

from helpers.memory_streams import BUY, MS, TO_FILL, MemoryTestrade, case, fills_orders, step

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import ValidationOutcome

FILL_STAGE = "T4_BrokerFillLog"
TOTAL = "total_observed_pipeline_ns"


def trading_app() -> MemoryTestrade:
    """It fills orders, reads screens and has something to say about each part of its state."""
    app = MemoryTestrade()
    app.reactions["trade_command"] = fills_orders()
    app.reactions["ocr_event"] = reads_screens
    app.state = {
        "orders": [{"local_id": 1, "request_id": "r1", "status": "FILLED", "fills": [{"fill_price": 150.5}]}],
        "positions": {
            "AAPL": {"open": True, "total_shares": 100.0, "total_avg_price": 150.0, "overall_realized_pnl": -5.0},
            "MSFT": {"open": False, "total_shares": 0.0, "total_avg_price": 0.0, "overall_realized_pnl": 12.5},
        },
        "prices": {"AAPL": {"last_trade_price": 150.01}},
        "trading_state": {"enabled": True, "state": "ACTIVE"},
    }
    return app


def reads_screens(app: MemoryTestrade, command: Any, receipt: Any) -> None:
    ids: dict[str, Any] = {"correlation_id": command.correlation_id}
    app.respond(receipt, "success")
    image = {
        "roi_coordinates": {"x": 0, "y": 0, "width": 617, "height": 137},
        "preprocessing_latency_ns": 9 * MS,
    }
    app.emit("PROCESSED_ROI_IMAGE", image, after_ms=1, **ids)
    app.emit("OCR_FRAME_RAW", {"full_raw_text": "Long  AAPL 150.26\n\nLong MSFT 420.00"}, after_ms=2, **ids)
    snapshots = {"AAPL": {"cost_basis": 150.26, "strategy_hint": "Long"}}
    app.emit("OCR_SNAPSHOT_CLEANED", {"snapshots": snapshots, "T4_Start_ns": 5, "T6_End_ns": 25}, after_ms=3, **ids)


def judged(app: MemoryTestrade, point: dict[str, Any], stimulus: dict[str, Any] = BUY, **fields: Any) -> ValidationOutcome:
    if stimulus is BUY:
        fields.setdefault("pipeline", TO_FILL)
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    result = capture.run(case(step(stimulus, point, **fields)))
    assert not result.steps[0].error, result.sentence
    return result.steps[0].outcomes[0]


def field(stage: str, path: str | None, operator: str, expected: Any = None) -> dict[str, Any]:
    point = {"type": "specific_log_event_field", "target_identifier": stage, "operator": operator, "expected_value": expected}
    return {**point, "field_to_check": path} if path else point


def state(kind: str, target: Any, path: str | None, expected: Any, operator: str = "==") -> dict[str, Any]:
    point: dict[str, Any] = {"type": kind, "operator": operator, "expected_value": expected}
    point |= {"target_identifier": target} if target is not None else {}
    return point | ({"field_to_check": path} if path else {})


def count(event_type: str, operator: str, expected: int) -> dict[str, Any]:
    criteria = {"event_type": event_type}
    return {
        "type": "correlation_log_event_count",
        "event_criteria": criteria,
        "operator": operator,
        "expected_event_count": expected,
    }


def latency(key: str, operator: str, expected: Any, **more: Any) -> dict[str, Any]:
    return {"type": "pipeline_latency", "field_to_check": key, "operator": operator, "expected_value": expected, **more}


def absence(event_type: str, **more: Any) -> dict[str, Any]:
    return {"type": "event_absence", "event_criteria": {"event_type": event_type}, **more}


def query(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "custom_query", "custom_query_payload": {"query": text}, **more}
