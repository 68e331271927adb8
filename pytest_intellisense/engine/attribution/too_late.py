"""A latency check that failed: what each stage took within the time that was measured, beside repetitions that were fast."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.engine.attribution.passage import timed_labels
from pytest_intellisense.engine.attribution.slow_stage import Lap, laps_of, slow_stage, usual_of
from pytest_intellisense.engine.attribution.trial import Trial
from pytest_intellisense.engine.attribution.windows import longest_ns, window_of
from pytest_intellisense.engine.checks.context import Asked
from pytest_intellisense.model.attribution import Attribution
from pytest_intellisense.model.results import ValidationOutcome


def too_late(trial: Trial, outcome: ValidationOutcome, question: Asked, others: Sequence[Trial]) -> Attribution | None:
    """None where the time is none between two events of this step, such as the ratio to another step."""
    if outcome.type not in ("pipeline_latency", "latency_between"):
        return _deadline(trial, outcome)
    limit_ns, took_ns = longest_ns(outcome.expected), longest_ns(outcome.actual)
    window = window_of(trial, outcome.type, question)
    if limit_ns is None or took_ns is None or window is None:
        return None
    if window.inside:
        return Attribution(candidates=(window.inside,), reason="it measured this time itself", field="latency")
    if took_ns <= limit_ns:
        return Attribution(candidates=(), reason="the time is shorter than allowed, not longer", field="latency")
    own = _laps(trial, outcome.type, question)
    runs = [own, *(_laps(other, outcome.type, question) for other in others)]
    judged = own if question.point.statistic is None else _nearest(took_ns, runs, limit_ns)
    fast = [laps for laps in runs if laps and _sum(laps) <= limit_ns]
    return slow_stage(judged, took_ns - limit_ns, usual_of(fast, "the repetitions that were fast enough"))


def _nearest(took_ns: int, runs: Sequence[list[Lap]], limit_ns: int) -> list[Lap]:
    """A repetition that was too slow too: a mean or a median need not be the time of any."""
    too_slow = [laps for laps in runs if _sum(laps) > limit_ns]
    return min(too_slow or runs, key=lambda laps: abs(_sum(laps) - took_ns))


def _laps(trial: Trial, kind: str, question: Asked) -> list[Lap]:
    window = window_of(trial, kind, question)
    if window is None:
        return []
    return laps_of(timed_labels(trial.pipeline, trial.stimulus), after_ns=window.after_ns, until_ns=window.until_ns)


def _sum(laps: Sequence[Lap]) -> int:
    return sum(lap.took_ns for lap in laps)


def _deadline(trial: Trial, outcome: ValidationOutcome) -> Attribution | None:
    """A stage after its own deadline."""
    stage = trial.pipeline.stage(outcome.stage_key)
    if stage is None or stage.at_ns is None or stage.deadline_ns is None:
        return None
    laps = laps_of(timed_labels(trial.pipeline, trial.stimulus), until_ns=stage.at_ns)
    return slow_stage(laps, stage.at_ns - stage.deadline_ns, None)
