"""A plan carried out without anything to carry it out on: what it would inject is made ready, and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_intellisense.engine.commands import StimulusFiles, shots_for
from pytest_intellisense.engine.placeholders import Scope, has_references
from pytest_intellisense.engine.preparing import correlation_id_for, resolved, scope_for, summary_of
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.plan import InjectionStep, PlanCase
from pytest_intellisense.model.results import Fault, PlanResult, StepExecutionResult, Verdict
from pytest_intellisense.model.stimulus import Stimulus

NOTHING_SENT = "dry run: checked, nothing was sent"


def dry_run(case: PlanCase, files: StimulusFiles) -> PlanResult:
    """The verdict is CHECKED, or ERROR with the first thing that would have stopped the plan. Steps have no outcomes."""
    steps: list[StepExecutionResult] = []
    for index, step in enumerate(case.plan.steps):
        position = case.source.at("steps", index)
        try:
            stimulus = _prepared(step, case, files)
            steps.append(_result(step, position, summary_of(stimulus)))
        except PlanError as problem:
            steps.append(_result(step, position, summary_of(step.stimulus), problem))
    stopped = next((step for step in steps if step.error), None)
    return PlanResult(
        plan_name=case.plan.plan_name,
        verdict=Verdict.ERROR if stopped else Verdict.CHECKED,
        steps=tuple(steps),
        duration_ns=0,
        fault=stopped.fault if stopped else None,
        sentence=f"step {stopped.step_id}: {stopped.error}" if stopped else NOTHING_SENT,
        hint=stopped.hint if stopped else "",
    )


def _prepared(step: InjectionStep, case: PlanCase, files: StimulusFiles) -> Stimulus:
    """The stimulus with every reference filled in that is known beforehand; its files have been read. Raises PlanError."""
    correlation_id = correlation_id_for(step, 0)
    written = step.stimulus.model_dump()
    scope = scope_for(written, correlation_id, case.row, None)
    known = _as_far_as_known(written, scope)
    stimulus = resolved(step.stimulus, written, scope) if not has_references(known) else step.stimulus
    if not has_references([known.get(name) for name in ("image", "images", "frames", "manifest")]):
        shots_for(stimulus, correlation_id, files, case.folder)
    return stimulus


def _as_far_as_known(value: Any, scope: Scope) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_far_as_known(member, scope) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_as_far_as_known(member, scope) for member in value]
    try:
        return scope.resolved(value)
    except PlanError:
        return value


def _result(
    step: InjectionStep, position: tuple[int, int] | None, summary: str, problem: PlanError | None = None
) -> StepExecutionResult:
    return StepExecutionResult(
        step_id=step.step_id,
        description=step.description,
        stimulus_type=step.stimulus.type,
        stimulus_summary=summary,
        repeat_index=0,
        correlation_id="",
        position=position,
        pipeline=None,
        fault=Fault.PLAN if problem else None,
        error=str(problem) if problem else "",
        hint=problem.hint if problem else "",
    )
