"""Results become rows: plain JSON types, bounded, with the essence of every stage."""

from __future__ import annotations

import base64
import json
import math
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import pictures

from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.plan import InjectionPlan, PlanCase, PlanSource
from pytest_intellisense.model.results import (
    Fault,
    LossReport,
    PipelineResult,
    PlanResult,
    StageResult,
    StepExecutionResult,
    TracedEvent,
    ValidationOutcome,
    Verdict,
)
from pytest_intellisense.model.timeline import ImageRef, Sense, TimelineEvent
from pytest_intellisense.reporting.plain import plain
from pytest_intellisense.reporting.to_row import plan_row, stopped_by, stopped_row

MS = 1_000_000
PLAN = {
    "plan_name": "opens_long",
    "tags": ["smoke"],
    "steps": [
        {
            "step_id": "open",
            "stimulus": {"type": "raw_image_injection", "image": "screens/long.png"},
            "validation_points": [
                {
                    "validation_id": "limit",
                    "type": "specific_log_event_field",
                    "target_identifier": "order_request",
                    "field_to_check": "limit_price",
                    "expected_value": 150.25,
                    "tolerance": 0.01,
                }
            ],
        }
    ],
}


class Side(StrEnum):
    BUY = "BUY"


def event(wire_type: str, payload: dict, image: ImageRef | None = None, *, at_ms: int = 10) -> TracedEvent:
    made = TimelineEvent(
        global_sequence_id=at_ms,
        stream="testrade:any",
        entry_id=f"1700000000000-{at_ms}",
        sense=Sense.BROKER,
        event_type=wire_type.removeprefix("TESTRADE_"),
        wire_type=wire_type,
        source_component="any",
        event_id=f"event-{at_ms}",
        correlation_id="open_1",
        causation_id=None,
        app_time_ns=None,
        app_clock=None,
        received_ns=at_ms * MS,
        received_epoch_ns=0,
        body=payload,
        image=image,
    )
    return TracedEvent(event=made, joined_by="correlation_id", at_ns=at_ms * MS, time_source="app")


def stage(key: str, traced: TracedEvent) -> StageResult:
    return StageResult(key=key, event_type=traced.event.event_type, arrived=True, at_ns=traced.at_ns, events=(traced,))


def result(*traced: TracedEvent, outcomes: tuple[ValidationOutcome, ...] = ()) -> PlanResult:
    pipeline = PipelineResult(
        name="RAW_IMAGE_TO_ORDER_FILL",
        completed=True,
        timed_out=False,
        stop_reason="complete",
        stages=tuple(stage(f"stage{n}", one) for n, one in enumerate(traced)),
        latencies_ns={"total_observed_pipeline_ns": 311 * MS},
        events=traced,
        waited_ns=311 * MS,
        timeout_ns=5_000 * MS,
    )
    step = StepExecutionResult(
        step_id="open",
        description="",
        stimulus_type="raw_image_injection",
        stimulus_summary="screens/long.png",
        repeat_index=0,
        correlation_id="open_1",
        position=(5, 5),
        pipeline=pipeline,
        outcomes=outcomes,
    )
    passed = step.passed
    return PlanResult(
        plan_name="opens_long",
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        steps=(step,),
        duration_ns=400 * MS,
        fault=None if passed else Fault.VALUE,
        sentence="" if passed else "limit_price is wrong",
        loss=LossReport(lost=2, notes=("2 entries of testrade:any were trimmed unread",)),
    )


def outcome(expected: object, actual: object) -> ValidationOutcome:
    return ValidationOutcome(
        validation_id="limit",
        type="specific_log_event_field",
        passed=False,
        operator="==",
        expected=expected,
        actual=actual,
        details="",
        tolerance=0.01,
        fault=Fault.VALUE,
        stage_key="stage0",
        position=(11, 17),
    )


@pytest.fixture
def case(tmp_path: Path) -> PlanCase:
    source = PlanSource(tmp_path / "scenarios" / "open.plan.json", {("plan_name",): (2, 3)})
    return PlanCase(InjectionPlan.model_validate_json(json.dumps(PLAN)), source, "AAPL", {"symbol": "AAPL"}, {})


@pytest.fixture
def session_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "captures" / "s1"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "screen.png").write_bytes(pictures.screen())
    (folder / "images" / "processed.png").write_bytes(pictures.processed())
    return folder


def row_of(case: PlanCase, result: PlanResult, session_dir: Path | None = None, rootdir: Path | None = None):
    root = rootdir or case.source.path.parents[1]
    return plan_row(case, result, nodeid="scenarios/open.plan.json::opens_long[AAPL]", rootdir=root, session_dir=session_dir)


def test_the_published_keys_are_there(case):
    """What scripts read of `report.json`."""
    row = row_of(case, result(event("TESTRADE_ORDER_FILL", {}), outcomes=(outcome(1, 2),)))
    assert row.keys() >= {"plan_name", "nodeid", "verdict", "steps"}
    step = row["steps"][0]
    assert step.keys() >= {"step_id", "correlation_id", "stimulus_type", "repeat_index", "pipeline", "validation_outcomes"}
    assert step["pipeline"].keys() >= {"name", "completed", "timed_out", "stages", "latencies_ns"}
    assert step["pipeline"]["stages"][0].keys() >= {"name", "event_type", "arrived", "at_ns"}
    assert step["validation_outcomes"][0].keys() >= {
        "validation_id", "passed", "type", "operator", "expected", "actual", "details",
    }  # fmt: skip
    assert (row["plan_path"], row["line"], row["lost_events"]) == ("scenarios/open.plan.json", 2, 2)
    assert step["validation_outcomes"][0]["tolerance"] == 0.01


def test_every_value_of_a_row_has_an_exact_json_type(case):
    """xdist refuses anything else, and ends the session over it."""
    odd = {
        "price": Decimal("150.25"),
        "side": Side.BUY,
        "bad": math.nan,
        "big": 10**5000,
        "raw": b"\x00\x01",
        "tags": {"b", "a"},
        "path": Path("x"),
        "lonely": "\ud800",
        3: (1, 2),
    }
    row = row_of(case, result(event("TESTRADE_ODD", odd), outcomes=(outcome(odd, tuple(odd)),)))
    assert _types(row) <= {dict, list, str, int, float, bool, type(None)}
    expected = row["steps"][0]["validation_outcomes"][0]["expected"]
    assert expected == {
        "price": 150.25,
        "side": "BUY",
        "bad": "nan",
        "big": "(integer of 16,610 bits)",
        "raw": "(2 bytes)",
        "tags": ["a", "b"],
        "path": "x",
        "lonely": "\\ud800",
        "3": [1, 2],
    }
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def _types(value: object) -> set[type]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value), *(kind for one in inside for kind in _types(one))}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("10.10"), 10.1),
        (Decimal("7"), 7),
        (Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
        (Decimal("NaN"), "NaN"),
        (True, True),
        (np.float64(1.5), 1.5),
    ],
)
def test_numbers_stay_numbers_where_nothing_is_lost(value, shown):
    """A decimal that no float holds exactly stays as it was written."""
    assert plain(value) == shown
    assert type(plain(value)) is type(shown)


def test_long_values_are_folded_and_say_how_long_they_were(case):
    """A page of text in one field does not fill the reports."""
    row = row_of(
        case, result(event("TESTRADE_ODD", {"text": "x" * 1_000_000}), outcomes=(outcome("y" * 50_000, list(range(5_000))),))
    )
    judged = row["steps"][0]["validation_outcomes"][0]
    assert judged["expected"].endswith("… (50,000 characters)")
    assert judged["actual"][-1] == "… (5,000 items)"
    assert len(json.dumps(row)) < 20_000


ORDER = {"side": "BUY", "quantity": 1001.0, "symbol": "AAPL", "order_type": "LMT", "limit_price": 150.5}
LONG = {"AAPL": {"strategy_hint": "Long", "cost_basis": 150.25, "pnl_per_share": 0.12}}
FILL = {"side": "BUY", "fill_quantity": 100.0, "symbol": "AAPL", "fill_price": 150.26}
SUPPRESSED = {"decision_type": "SIGNAL_SUPPRESSED", "suppression_reason": "NO_CHANGE_DETECTED", "symbol": "AAPL"}
ESSENCES = [
    ("RAW_OCR_DATA", {"full_raw_text": "AAPL Long\n150.25 ", "overall_confidence": 93.0}, '"AAPL Long / 150.25" conf 93'),
    ("CLEANED_OCR_SNAPSHOT", {"snapshots": LONG}, "AAPL Long 150.25 pnl 0.12"),
    ("ORDER_REQUEST", ORDER, "BUY 1001 AAPL LMT @ 150.5"),
    ("SIGNAL_DECISION", {"decision_type": "ORDER_REQUEST_GENERATED", "order_request_data": ORDER}, "BUY 1001 AAPL LMT @ 150.5"),
    ("SIGNAL_SUPPRESSION", SUPPRESSED, "SIGNAL_SUPPRESSED AAPL NO_CHANGE_DETECTED"),
    ("RISK_REJECTION", {**ORDER, "reason": "exceeds max"}, "exceeds max (BUY 1001 AAPL LMT @ 150.5)"),
    ("ORDER_FILL", FILL, "BUY 100 AAPL @ 150.26"),
    ("POSITION_UPDATE", {"symbol": "AAPL", "is_open": False}, "AAPL closed"),
    ("MARKET_TICK", {"symbol": "AAPL", "price": 150.1}, "AAPL 150.1"),
    ("NEVER_HEARD_OF", {"symbol": "AAPL", "status": "ok", "other": 1}, "symbol=AAPL status=ok"),
    ("ORDER_FILL", {}, "? @ ?"),
    ("CLEANED_OCR_SNAPSHOT", {"snapshots": "not a table"}, ""),
]


@pytest.mark.parametrize(("name", "payload", "value"), ESSENCES)
def test_a_stage_says_its_essence_in_a_few_words(case, name, payload, value):
    """What it read, decided or did; also for payloads that are not what they should be."""
    assert row_of(case, result(event(f"TESTRADE_{name}", payload)))["steps"][0]["pipeline"]["stages"][0]["value"] == value


def test_pictures_of_a_failed_step_are_kept_pixel_by_pixel_and_of_a_passed_one_small(case, session_dir):
    """A failure shows exactly what OCR saw; a passed step a thumbnail of a few kB."""
    grab = event("TESTRADE_RAW_IMAGE_GRAB", {}, ImageRef("images/screen.png", "0" * 64, 1, 617, 137))
    seen = event("TESTRADE_PROCESSED_ROI_IMAGE", {}, ImageRef("images/processed.png", "1" * 64, 1, 1234, 274), at_ms=20)
    failed = row_of(case, result(grab, seen, outcomes=(outcome(1, 2),)), session_dir)["steps"][0]["images"]
    passed = row_of(case, result(grab, seen), session_dir)["steps"][0]["images"]
    assert [image["kind"] for image in failed] == ["screen", "processed"]
    assert _pixels(base64.b64decode(failed[0]["data"])) == _pixels(pictures.screen())
    assert _size(passed[0]["data"])[0] == 320
    assert len(passed[0]["data"]) < 4_000


def test_a_picture_that_is_gone_or_broken_costs_only_itself(case, session_dir):
    """The row is there, without the picture."""
    (session_dir / "images" / "screen.png").write_bytes(b"no picture at all")
    broken = event("TESTRADE_RAW_IMAGE_GRAB", {}, ImageRef("images/screen.png", "0" * 64, 1, 617, 137))
    gone = event("TESTRADE_RAW_IMAGE_GRAB", {}, ImageRef("images/gone.png", "0" * 64, 1, 617, 137), at_ms=11)
    bomb = event("TESTRADE_RAW_IMAGE_GRAB", {}, ImageRef("images/screen.png", "0" * 64, 1, 60_000, 60_000), at_ms=12)
    images = row_of(case, result(broken, gone, bomb), session_dir)["steps"][0]["images"]
    assert [image.get("data", "") for image in images] == ["", "", ""]


def test_what_ocr_read_stands_beside_the_pictures(case):
    """Text and confidence of the raw OCR event."""
    step = row_of(case, result(event("TESTRADE_RAW_OCR_DATA", {"full_raw_text": "AAPL Long", "overall_confidence": 61.5})))[
        "steps"
    ][0]
    assert (step["ocr_text"], step["ocr_confidence"]) == ("AAPL Long", 61.5)


def test_a_plan_that_never_ran_says_why(case):
    """Skipped or stopped: a row all the same, with the fault of what stopped it and no secret."""
    row = stopped_row(case, nodeid="x", rootdir=Path("/"), verdict="skipped", sentence="market closed")
    assert (row["verdict"], row["sentence"], row["steps"]) == ("skipped", "market closed", [])
    stopped = stopped_by(EnvironmentProblem("redis://u:secret@h is down", hint="start it"), row)
    assert (stopped["verdict"], stopped["fault"], stopped["hint"]) == ("error", "ENV", "start it")
    assert "secret" not in stopped["sentence"]


def _size(data: str) -> tuple[int, int]:
    height, width, _ = _decoded(base64.b64decode(data)).shape
    return width, height


def _pixels(picture: bytes) -> bytes:
    return _decoded(picture).tobytes()


def _decoded(picture: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
