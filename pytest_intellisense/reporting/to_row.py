"""PlanResult -> PlanRow: the one place where results become plain JSON of bounded size."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.model.plan import PlanCase
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
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.reporting import pictures
from pytest_intellisense.reporting.attribution_row import attribution_row
from pytest_intellisense.reporting.essence import essence
from pytest_intellisense.reporting.failures import primary_failure
from pytest_intellisense.reporting.plain import plain
from pytest_intellisense.reporting.rows import EventRow, ImageRow, OutcomeRow, PipelineRow, PlanRow, StageRow, StepRow

EVENTS_OF_A_STEP = 60
IMAGES_OF_A_STEP = 12

_IMAGE_KINDS = {"TESTRADE_RAW_IMAGE_GRAB": "screen", "TESTRADE_PROCESSED_ROI_IMAGE": "processed"}


def plan_row(case: PlanCase, result: PlanResult, *, nodeid: str, rootdir: Path, session_dir: Path | None) -> PlanRow:
    """Everything the reports say about a finished plan. `session_dir` is where the captured images lie."""
    row = stopped_row(case, nodeid=nodeid, rootdir=rootdir, verdict=str(result.verdict))
    row["fault"] = _word(result.fault)
    row["sentence"] = plain(result.sentence)
    row["hint"] = plain(result.hint)
    row["duration_ns"] = int(result.duration_ns)
    row["session_dir"] = _relative(session_dir, rootdir) if session_dir else ""
    row["steps"] = [_step_row(step, session_dir) for step in result.steps]
    primary = primary_failure(row)
    if primary is not None and "attribution" in primary[1]:
        row["attribution"] = primary[1]["attribution"]
    return _with_loss(row, result.loss)


def stopped_row(case: PlanCase, *, nodeid: str, rootdir: Path, verdict: str, sentence: str = "") -> PlanRow:
    """The row of a plan without a result: skipped, or stopped before its first step."""
    row = unread_row(case.source.path, nodeid=nodeid, rootdir=rootdir, verdict=verdict)
    row["sentence"] = plain(sentence)
    row["plan_name"] = plain(case.plan.plan_name)
    row["description"] = plain(case.plan.description)
    row["tags"] = [plain(tag) for tag in case.plan.tags]
    row["matrix"] = plain(dict(case.row))
    row["line"] = (case.source.at("plan_name") or (1, 1))[0]
    written = {"": case.plan.regression_limits, **{step.step_id: step.regression_limits for step in case.plan.steps}}
    if any(written.values()):
        row["regression_limits"] = {step_id: dict(limits) for step_id, limits in written.items() if limits}
    return row


def unread_row(path: Path, *, nodeid: str, rootdir: Path, verdict: str = "error") -> PlanRow:
    """The row of a plan file of which only the path is known."""
    return PlanRow(
        plan_name=plain(path.name),
        nodeid=plain(nodeid),
        verdict=verdict,
        description="",
        tags=[],
        matrix={},
        plan_path=_relative(path, rootdir),
        line=1,
        fault=None,
        sentence="",
        hint="",
        duration_ns=0,
        session_dir="",
        lost_events=0,
        loss_measurable=True,
        loss_notes=[],
        steps=[],
    )


def died_row(nodeid: str, sentence: str) -> PlanRow:
    """The row of a plan whose process ended while it ran, so that only its node id is known."""
    row = unread_row(Path(nodeid.partition("::")[0]), nodeid=nodeid, rootdir=Path(), verdict="error")
    row["plan_name"] = plain(nodeid.partition("::")[2])
    row["fault"] = str(Fault.ENV)
    row["sentence"] = plain(sentence)
    return row


def stopped_by(error: BaseException, row: PlanRow) -> PlanRow:
    """Say in the row of a plan without a result what stopped it."""
    row["verdict"] = str(Verdict.ERROR)
    row["fault"] = error.domain if isinstance(error, IntelliSenseError) else str(Fault.TOOL)
    row["sentence"] = plain(str(error) or type(error).__name__)
    row["hint"] = plain(getattr(error, "hint", ""))
    return row


def _with_loss(row: PlanRow, loss: LossReport) -> PlanRow:
    row["lost_events"] = int(loss.lost)
    row["loss_measurable"] = loss.measurable
    row["loss_notes"] = [plain(note) for note in loss.notes]
    return row


def _step_row(step: StepExecutionResult, session_dir: Path | None) -> StepRow:
    events = step.pipeline.events if step.pipeline else ()
    raw_ocr = next((traced.event for traced in events if traced.event.wire_type == "TESTRADE_RAW_OCR_DATA"), None)
    confidence = plain(raw_ocr.payload.get("overall_confidence")) if raw_ocr else None
    line, column = step.position or (None, None)
    return StepRow(
        step_id=plain(step.step_id),
        description=plain(step.description),
        correlation_id=plain(step.correlation_id),
        stimulus_type=plain(step.stimulus_type),
        stimulus=plain(step.stimulus_summary),
        repeat_index=step.repeat_index,
        injected_ns=step.injected_ns,
        passed=step.passed,
        fault=_word(step.fault),
        error=plain(step.error),
        hint=plain(step.hint),
        line=line,
        column=column,
        pipeline=_pipeline_row(step.pipeline) if step.pipeline else None,
        validation_outcomes=[_outcome_row(outcome) for outcome in step.outcomes],
        images=_image_rows((traced.event for traced in events), session_dir, _shrink(step)),
        ocr_text=plain(raw_ocr.payload.get("full_raw_text") or "") if raw_ocr else "",
        ocr_confidence=confidence if isinstance(confidence, int | float) else None,
        events=_event_rows(events, essence if step.passed else _payload_text),
        orders=_orders(events),
    )


def _orders(events: tuple[TracedEvent, ...]) -> list[str]:
    """Orders as they were requested; where nothing in the chain requests one, as they were validated."""
    of_type = {
        kind: [traced.event for traced in events if traced.event.event_type == kind]
        for kind in ("ORDER_REQUEST", "VALIDATED_ORDER")
    }
    return [plain(essence(event)) for event in of_type["ORDER_REQUEST"] or of_type["VALIDATED_ORDER"]]


def _shrink(step: StepExecutionResult) -> Callable[[bytes], str]:
    return pictures.small if step.passed else pictures.full


def _pipeline_row(pipeline: PipelineResult) -> PipelineRow:
    return PipelineRow(
        name=plain(pipeline.name),
        completed=pipeline.completed,
        timed_out=pipeline.timed_out,
        stop_reason=plain(pipeline.stop_reason),
        diverted_by=plain(pipeline.diverted_by),
        waited_ns=int(pipeline.waited_ns),
        timeout_ns=int(pipeline.timeout_ns),
        stages=[_stage_row(stage) for stage in pipeline.stages],
        latencies_ns={plain(key): int(value) for key, value in pipeline.latencies_ns.items()},
        near_misses=[
            {
                "stream": plain(miss.stream),
                "entry_id": plain(miss.entry_id),
                "at_ns": miss.at_ns,
                "summary": plain(miss.summary),
                "differs": plain(miss.differs),
                "field": plain(miss.field),
            }
            for miss in pipeline.near_misses
        ],
    )


def _stage_row(stage: StageResult) -> StageRow:
    row = StageRow(
        name=plain(stage.key),
        event_type=plain(stage.event_type),
        arrived=stage.arrived,
        at_ns=stage.at_ns,
        time_source=plain(stage.time_source),
        optional=stage.optional,
        absent=stage.absent,
        in_order=stage.in_order,
        count=len(stage.events),
        value=plain(essence(stage.event)) if stage.event else "",
        note=plain(stage.note),
    )
    if stage.unordered:
        row["unordered"] = True
    return row


def _outcome_row(outcome: ValidationOutcome) -> OutcomeRow:
    line, column = outcome.position or (None, None)
    row = OutcomeRow(
        validation_id=plain(outcome.validation_id),
        passed=outcome.passed,
        type=plain(outcome.type),
        operator=plain(outcome.operator),
        expected=plain(outcome.expected),
        actual=plain(outcome.actual),
        details=plain(outcome.details),
        fault=_word(outcome.fault),
        subject=plain(outcome.subject),
        stage=plain(outcome.stage_key),
        inconclusive=outcome.inconclusive,
        line=line,
        column=column,
    )
    if outcome.tolerance is not None:
        row["tolerance"] = plain(outcome.tolerance)
    if outcome.attribution is not None:
        row["attribution"] = attribution_row(outcome, outcome.attribution)
    return row


def _event_rows(events: tuple[TracedEvent, ...], told: Callable[[TimelineEvent], str]) -> list[EventRow]:
    return [
        EventRow(
            at_ns=traced.at_ns,
            event_type=plain(traced.event.event_type),
            stream=plain(traced.event.stream),
            entry_id=plain(traced.event.entry_id),
            joined_by=plain(traced.joined_by),
            payload=plain(told(traced.event)),
        )
        for traced in events[:EVENTS_OF_A_STEP]
    ]


def _payload_text(event: TimelineEvent) -> str:
    return json.dumps(plain(event.payload, text_limit=500), ensure_ascii=False, separators=(",", ":"))


def _image_rows(events: Iterable[TimelineEvent], session_dir: Path | None, shrink: Callable[[bytes], str]) -> list[ImageRow]:
    rows = [_image_row(event, session_dir, shrink) for event in events if event.image and event.wire_type in _IMAGE_KINDS]
    return rows[:IMAGES_OF_A_STEP]


def _image_row(event: TimelineEvent, session_dir: Path | None, shrink: Callable[[bytes], str]) -> ImageRow:
    image = event.image
    assert image is not None
    row = ImageRow(
        kind=_IMAGE_KINDS[event.wire_type], path=plain(image.path), width_px=image.width_px, height_px=image.height_px
    )
    pixels = (image.width_px or 0) * (image.height_px or 0)
    if session_dir is not None and pixels <= pictures.PIXEL_LIMIT:
        with contextlib.suppress(OSError):
            row["data"] = shrink((session_dir / image.path).read_bytes())
    return row


def _word(fault: object) -> str | None:
    return None if fault is None else str(fault)


def _relative(path: Path, rootdir: Path) -> str:
    inside = path.is_relative_to(rootdir)
    return str(plain((path.relative_to(rootdir) if inside else path).as_posix()))
