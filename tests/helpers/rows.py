"""Rows as a run would make them, with only what a test is about spelled out."""

from __future__ import annotations

from typing import Any

from pytest_intellisense.reporting.rows import AttributionRow, OutcomeRow, PipelineRow, PlanRow, SessionRow, StageRow, StepRow

MS = 1_000_000
NODEID = "scenarios/ocr/open.plan.json::opens_long[AAPL]"

FULL_RUN: tuple[tuple[str, str, float, str], ...] = (
    ("processed_image", "PROCESSED_ROI_IMAGE", 9.4, "1234x274 px"),
    ("raw_ocr", "OCR_FRAME_RAW", 205.6, '"AAPL Long 150.25 0.12"  conf 91'),
    ("cleaned_ocr", "OCR_SNAPSHOT_CLEANED", 206.8, "AAPL Long 150.25 pnl 0.12"),
    ("signal", "SIGNAL_DECISION", 220.1, "BUY 100 AAPL MKT"),
    ("order_request", "ORDER_REQUEST", 221.0, "BUY 100 AAPL MKT"),
    ("validated_order", "VALIDATED_ORDER", 243.0, "BUY 100 AAPL MKT"),
    ("broker_ack", "ACK", 250.2, "ACKNOWLEDGED_BY_BROKER AAPL"),
    ("order_fill", "FILL", 311.0, "BUY 100 AAPL @ 150.26"),
)


def stage(name: str, event_type: str, at_ms: float | None, value: str = "", **changes: Any) -> StageRow:
    row: StageRow = {
        "name": name,
        "event_type": event_type,
        "arrived": at_ms is not None,
        "at_ns": None if at_ms is None else round(at_ms * MS),
        "time_source": "app",
        "optional": False,
        "absent": False,
        "in_order": True,
        "count": 0 if at_ms is None else 1,
        "value": value,
        "note": "",
    }
    return {**row, **changes}  # type: ignore[typeddict-item]


def full_stages(upto: str = "order_fill") -> list[StageRow]:
    """The stages from screen to fill; those after `upto` never arrived."""
    names = [name for name, *_ in FULL_RUN]
    return [
        stage(name, event_type, at_ms, value) if names.index(name) <= names.index(upto) else stage(name, event_type, None)
        for name, event_type, at_ms, value in FULL_RUN
    ]


def pipeline(stages: list[StageRow], **changes: Any) -> PipelineRow:
    complete = all(row["arrived"] for row in stages if not row["absent"])
    last = max((row["at_ns"] or 0 for row in stages), default=0)
    row: PipelineRow = {
        "name": "RAW_IMAGE_TO_ORDER_FILL",
        "completed": complete,
        "timed_out": not complete,
        "stop_reason": "complete" if complete else "deadline",
        "diverted_by": "",
        "waited_ns": last if complete else 2_000 * MS,
        "timeout_ns": 2_000 * MS,
        "stages": stages,
        "latencies_ns": {"total_observed_pipeline_ns": last},
        "near_misses": [],
    }
    return {**row, **changes}  # type: ignore[typeddict-item]


def outcome(validation_id: str, *, passed: bool = True, **changes: Any) -> OutcomeRow:
    row: OutcomeRow = {
        "validation_id": validation_id,
        "passed": passed,
        "type": "specific_log_event_field",
        "operator": "==",
        "expected": "BUY",
        "actual": "BUY",
        "details": "",
        "fault": None if passed else "VALUE",
        "subject": "order_request.side",
        "stage": "order_request",
        "inconclusive": False,
        "line": 18,
        "column": 7,
    }
    return {**row, **changes}  # type: ignore[typeddict-item]


def attribution(domain: str, *candidates: str, **changes: Any) -> AttributionRow:
    row: AttributionRow = {
        "domain": domain,
        "first_wrong_stage": candidates[0] if len(candidates) == 1 else "",
        "candidates": list(candidates),
        "certainty": {0: "not determined", 1: "named"}.get(len(candidates), "among"),
        "field": "",
        "change": "",
        "reason": "",
        "reading": "",
        "values": [],
        "readers": [],
        "caused_by": [],
    }
    return {**row, **changes}  # type: ignore[typeddict-item]


def form(stage: str, state: str, value: Any, path: str = "", confidence: float | None = None) -> Any:
    return {"stage": stage, "state": state, "value": value, "path": path, "confidence": confidence}


def _attributed(failed: PlanRow, found: AttributionRow) -> PlanRow:
    """The plan with `found` at its last failed validation, as a run would put it there."""
    outcomes = [one for each in failed["steps"] for one in each["validation_outcomes"] if not one["passed"]]
    outcomes[-1]["attribution"] = failed["attribution"] = found
    return failed


def step(step_id: str = "open", **changes: Any) -> StepRow:
    row: StepRow = {
        "step_id": step_id,
        "description": "A new Long line on the screen opens a position.",
        "correlation_id": f"{step_id}_7f3c19ab",
        "stimulus_type": "raw_image_injection",
        "stimulus": "screens/long_aapl.png",
        "repeat_index": 0,
        "passed": True,
        "fault": None,
        "error": "",
        "hint": "",
        "line": 12,
        "column": 5,
        "pipeline": pipeline(full_stages()),
        "validation_outcomes": [outcome("side")],
        "images": [],
        "ocr_text": "AAPL Long 150.25 0.12\nMSFT Closed 0.00",
        "ocr_confidence": 91.3,
        "events": [],
    }
    row = {**row, **changes}  # type: ignore[typeddict-item]
    row["passed"] = not row["error"] and all(each["passed"] for each in row["validation_outcomes"])
    return row


def plan(*steps: StepRow, **changes: Any) -> PlanRow:
    row: PlanRow = {
        "plan_name": "ocr_opens_long",
        "nodeid": NODEID,
        "verdict": "passed" if all(each["passed"] for each in steps) else "failed",
        "description": "A new Long line on the screen opens a position.",
        "tags": ["smoke", "ocr"],
        "matrix": {"symbol": "AAPL"},
        "plan_path": "scenarios/ocr/open.plan.json",
        "line": 3,
        "fault": None,
        "sentence": "",
        "hint": "",
        "duration_ns": 371 * MS,
        "session_dir": "captures/20261101-101500-ab12",
        "lost_events": 0,
        "loss_measurable": True,
        "loss_notes": [],
        "steps": list(steps),
    }
    return {**row, **changes}  # type: ignore[typeddict-item]


def session() -> SessionRow:
    return {
        "session_id": "20261101-101500-ab12",
        "started_epoch_s": 1_793_528_100.25,
        "duration_ns": 18_420 * MS,
        "redis": "embedded (fakeredis 2.40)",
        "target": "reference app",
        "contract_generation": "G1",
        "durability": "strict",
        "versions": {"pytest-intellisense": "0.1.0", "python": "3.11.7", "tesseract": "5.3.0"},
        "clock_domain": "3b1f6a52/time:[4026531834]",
    }


def value_failure() -> PlanRow:
    wrong = outcome(
        "limit",
        passed=False,
        type="specific_log_event_field",
        expected=150.25,
        actual=150.65,
        subject="order_request.limit_price",
        tolerance=0.01,
        line=41,
        column=7,
        details="off by more than the tolerance",
    )
    failed = plan(
        step(validation_outcomes=[outcome("side"), wrong, outcome("tif", subject="order_request.time_in_force")]),
        fault="VALUE",
        sentence="order_request.limit_price is wrong: expected 150.25, got 150.65",
    )
    values = [
        form("raw_ocr", "wrong", "150.65", "full_raw_text", 61.0),
        form("cleaned_ocr", "wrong", 150.65, "snapshots.AAPL.cost_basis"),
        form("signal", "wrong", 150.65, "order_request_data.limit_price"),
        form("order_request", "wrong", 150.65, "limit_price"),
    ]
    return _attributed(
        failed,
        attribution(
            "VALUE",
            "raw_ocr",
            field="limit_price",
            change="read 2 as 6",
            reason='raw_ocr is the first to say "150.65", no stage before it shows limit_price',
            reading="its confidence is 61: compare it with the image",
            values=values,
        ),
    )


def text_failure() -> PlanRow:
    wrong = outcome("symbol", passed=False, expected="AAPL", actual="AAFL", subject="cleaned_ocr.symbol", stage="cleaned_ocr")
    found = attribution(
        "VALUE",
        "processed_image",
        "raw_ocr",
        field="symbol",
        reason='raw_ocr is the first to say "AAFL", no stage before it shows symbol',
        reading="its confidence is 72: compare it with the image; what processed_image made cannot be compared by rule",
        values=[form("raw_ocr", "wrong", "AAFL", "full_raw_text", 72.0), form("cleaned_ocr", "wrong", "AAFL", "symbol")],
    )
    return _attributed(plan(step(validation_outcomes=[wrong]), fault="VALUE", sentence="cleaned_ocr.symbol is wrong"), found)


def latency_failure() -> PlanRow:
    slow = outcome(
        "glass_to_fill",
        passed=False,
        type="pipeline_latency",
        operator="<=",
        expected="300 ms",
        actual="311.000 ms",
        subject="total_observed_pipeline_ns",
        stage="",
        fault="LATENCY",
        line=27,
        column=7,
    )
    repeats = [
        step(repeat_index=0),
        step(repeat_index=1),
        step(repeat_index=2, validation_outcomes=[outcome("side"), slow]),
    ]
    found = attribution(
        "LATENCY", "raw_ocr", field="latency", reason="raw_ocr took 196 ms, 181 ms in the repetitions that were fast enough"
    )
    failed = plan(*repeats, fault="LATENCY", sentence="p95 of total_observed_pipeline_ns is 311 ms, more than 300 ms")
    return _attributed(failed, found)


def missing_failure() -> PlanRow:
    misses = [
        {
            "stream": "testrade:validated-orders",
            "entry_id": "1763884101438-0",
            "at_ns": 238 * MS,
            "summary": "BUY 100 MSFT MKT",
            "differs": "correlation_id is open_7f3c19ac",
            "field": "correlation_id",
        },
        {
            "stream": "testrade:validated-orders",
            "entry_id": "1763884101566-0",
            "at_ns": 340 * MS,
            "summary": "BUY 100 AAPL MKT",
            "differs": "no correlation id",
        },
    ]
    cut = pipeline(full_stages("order_request"), near_misses=misses)
    done = outcome(
        "done",
        passed=False,
        type="pipeline_completion_status",
        expected=True,
        actual=False,
        subject="",
        fault="MISSING",
        stage="validated_order",
        line=22,
        column=7,
        details="validated_order never arrived",
    )
    failed = plan(
        step(pipeline=cut, validation_outcomes=[outcome("side"), done]),
        fault="MISSING",
        sentence="validated_order never arrived (waited 1.78 s of the step's 2 s)",
    )
    risk = {"stream": "testrade:order-requests", "group": "risk", "pending": 1, "lag": 0, "delivered": True}
    held = {"holder": "risk-2", "idle_ms": 1760, "times_delivered": 1}
    found = attribution(
        "MISSING",
        "validated_order",
        field="arrival",
        reason="order_request was the last to arrive",
        reading="delivered to risk-2 of group risk and not acknowledged for 1.76 s: look at risk-2, not at the transport",
        readers=[{**risk, **held}],
    )
    return _attributed(failed, found)


def extra_failure() -> PlanRow:
    twice = outcome(
        "one_order",
        passed=False,
        type="correlation_log_event_count",
        expected=1,
        actual=2,
        subject="ORDER_REQUEST",
        fault="EXTRA",
        line=31,
        column=7,
    )
    found = attribution(
        "EXTRA",
        "order_request",
        field="count",
        reason="order_request acted twice on one signal",
        caused_by=["order_request", "signal", "cleaned_ocr", "raw_ocr", "injected"],
    )
    failed = plan(step(validation_outcomes=[twice]), fault="EXTRA", sentence="2 ORDER_REQUEST events instead of 1")
    return _attributed(failed, found)


def environment_failure(nodeid: str = NODEID) -> PlanRow:
    return plan(
        nodeid=nodeid,
        verdict="error",
        fault="ENV",
        sentence="no price of AAPL within 5 s",
        hint="Start a price feed, or inject a price_update step first.",
    )
