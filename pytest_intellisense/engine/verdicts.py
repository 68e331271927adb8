"""From results of steps to one verdict and one sentence about a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.model.results import (
    Fault,
    LossReport,
    PlanResult,
    StepExecutionResult,
    ValidationOutcome,
    Verdict,
)


def lost_between(before: LossReport, after: LossReport) -> LossReport:
    """What got lost in the meantime."""
    notes = tuple(note for note in after.notes if note not in before.notes)
    return LossReport(lost=max(0, after.lost - before.lost), measurable=after.measurable, notes=notes)


def is_loss(loss: LossReport) -> bool:
    return loss.lost > 0 or (not loss.measurable and bool(loss.notes))


def without_certainty(step: StepExecutionResult, problem: IntelliSenseError | None) -> StepExecutionResult:
    """Events were lost, or may have been for a `problem`: whether those came that were, or ought to be, missed is not known."""
    fault = Fault(problem.domain) if problem else Fault.LOSS
    because = str(problem or "events were lost")
    outcomes = tuple(
        msgspec.structs.replace(
            outcome,
            passed=False,
            inconclusive=True,
            fault=fault,
            details=_uncertain(outcome.details, because),
            attribution=None,
        )
        if outcome.rests_on_absence
        else outcome
        for outcome in step.outcomes
    )
    if step.error and step.fault is Fault.MISSING:
        return msgspec.structs.replace(
            step, outcomes=outcomes, fault=fault, error=_uncertain(step.error, because), inconclusive=True
        )
    return msgspec.structs.replace(step, outcomes=outcomes)


def _uncertain(details: str, because: str) -> str:
    return f"{because}, so this cannot be told{f' ({details})' if details else ''}"


def plan_result(name: str, steps: Sequence[StepExecutionResult], duration_ns: int, loss: LossReport) -> PlanResult:
    """The first step with something wrong speaks for the plan. `loss` has been applied to the outcomes already."""
    verdict, fault, sentence, hint = _judged(steps)
    return PlanResult(
        plan_name=name,
        verdict=verdict,
        steps=tuple(steps),
        duration_ns=duration_ns,
        fault=fault,
        sentence=sentence,
        hint=hint,
        loss=loss,
    )


def _judged(steps: Sequence[StepExecutionResult]) -> tuple[Verdict, Fault | None, str, str]:
    wrong = next((step for step in steps if step.error or any(map(_counts, step.outcomes))), None)
    if wrong is not None and any(map(_counts, wrong.outcomes)):
        worst = first_wrong(wrong)
        return Verdict.FAILED, worst.fault, _placed(wrong, sentence_of(worst, wrong), steps), ""
    if wrong is not None:
        return _of_broken(wrong), wrong.fault, _placed(wrong, wrong.error, steps), wrong.hint
    uncertain = next((step for step in steps if not step.passed), None)
    if uncertain is not None:
        worst = first_wrong(uncertain)
        return Verdict.INCONCLUSIVE, worst.fault, _placed(uncertain, sentence_of(worst, uncertain), steps), ""
    if not any(step.outcomes for step in steps):
        return Verdict.FAILED, Fault.PLAN, "no validation point was judged: a plan that checks nothing cannot pass", ""
    return Verdict.PASSED, None, "", ""


def _of_broken(step: StepExecutionResult) -> Verdict:
    """There is no verdict on a step that broke off, unless it did because the application did not bring about a stage."""
    if step.inconclusive:
        return Verdict.INCONCLUSIVE
    return Verdict.FAILED if step.fault is Fault.MISSING else Verdict.ERROR


def _counts(outcome: ValidationOutcome) -> bool:
    return not outcome.passed and not outcome.inconclusive


def first_wrong(step: StepExecutionResult) -> ValidationOutcome:
    """The failed outcome that belongs to the earliest stage; those of no stage come after, in the order of the plan."""
    keys = [stage.key for stage in step.pipeline.stages] if step.pipeline else []
    failed = [outcome for outcome in step.outcomes if _counts(outcome)] or [one for one in step.outcomes if not one.passed]

    def place(outcome: ValidationOutcome) -> tuple[bool, int]:
        return outcome.fault is not Fault.PLAN, keys.index(outcome.stage_key) if outcome.stage_key in keys else len(keys)

    return min(failed, key=place)


def sentence_of(outcome: ValidationOutcome, step: StepExecutionResult) -> str:
    short = shortfall(step.pipeline) if step.pipeline else None
    if outcome.fault is Fault.MISSING and short is not None and short.fault is Fault.MISSING:
        return short.sentence
    if not outcome.subject or outcome.details.startswith(outcome.subject) or outcome.fault in (Fault.MISSING, Fault.EXTRA):
        return outcome.details
    return f"{outcome.subject}: {outcome.details}"


def step_fault(outcomes: Iterable[ValidationOutcome]) -> Fault | None:
    return next((outcome.fault for outcome in outcomes if not outcome.passed), None)


def _placed(step: StepExecutionResult, sentence: str, steps: Sequence[StepExecutionResult]) -> str:
    return f"step {step.step_id}: {sentence}" if len({one.step_id for one in steps}) > 1 else sentence
