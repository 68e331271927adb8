"""Why a pipeline is not complete, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.stages import is_late
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.results import Fault, PipelineResult, StageResult


@dataclass(frozen=True, slots=True)
class Shortfall:
    fault: Fault
    sentence: str
    stage_key: str


def shortfall(pipeline: PipelineResult) -> Shortfall | None:
    """The first thing that keeps the pipeline from being complete; None if nothing does."""
    if pipeline.completed:
        return None
    own = [stage for stage in pipeline.stages if stage.note != "diversion"]
    for stage in own:
        if stage.absent and stage.events:
            return Shortfall(Fault.EXTRA, f"{stage.key} arrived although it must not", stage.key)
    for stage in own:
        if not (stage.arrived or stage.optional or stage.absent):
            return Shortfall(Fault.MISSING, _missing(stage, pipeline), stage.key)
    for stage in own:
        if not stage.in_order:
            return Shortfall(Fault.VALUE, f"{stage.key} arrived before the stage it should follow", stage.key)
    for stage in own:
        if is_late(stage):
            when, limit = format_ns(stage.at_ns or 0), format_ns(stage.deadline_ns or 0)
            return Shortfall(Fault.LATENCY, f"{stage.key} arrived after {when}, its deadline is {limit}", stage.key)
    return Shortfall(Fault.MISSING, f"{pipeline.name} did not complete", "")


def _missing(stage: StageResult, pipeline: PipelineResult) -> str:
    what = f"{stage.key} is not complete, {stage.note}" if stage.events else f"{stage.key} never arrived"
    if pipeline.diverted_by:
        diversion = pipeline.stage(pipeline.diverted_by)
        return f"{what}: {pipeline.diverted_by} came instead{_reason(diversion)}"
    return f"{what} (waited {format_ns(pipeline.waited_ns)} of the step's {format_ns(pipeline.timeout_ns)})"


def _reason(diversion: StageResult | None) -> str:
    payload = diversion.event.payload if diversion and diversion.event else {}
    for name in ("reason", "suppression_reason", "failure_reason", "error_message", "decision_type"):
        if isinstance(text := payload.get(name), str) and text:
            return f", {show(text)}"
    return ""
