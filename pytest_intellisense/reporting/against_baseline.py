"""A latency that failed, beside a baseline: the stage that takes longer than it used to."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_intellisense.engine.attribution.slow_stage import Lap, Usual, slow_stage
from pytest_intellisense.engine.attribution.windows import longest_ns
from pytest_intellisense.model.attribution import Attribution
from pytest_intellisense.reporting.attribution_row import attribution_of
from pytest_intellisense.reporting.failures import failed_outcomes, primary_failure
from pytest_intellisense.reporting.rows import REGRESSION, OutcomeRow, PipelineRow, PlanRow, StepRow
from pytest_intellisense.reporting.stage_times import end_to_end_ns, laps


def attribute_by_baseline(plan: PlanRow, baseline: str) -> None:
    """Replace what was found without the baseline, where the baseline has the stages and decides."""
    for step, outcome in failed_outcomes(plan):
        if outcome["fault"] == "LATENCY" and (found := _found(plan, step, outcome, baseline)) is not None:
            outcome["attribution"] = attribution_of("LATENCY", found)
    primary = primary_failure(plan)
    if primary is not None and "attribution" in primary[1]:
        plan["attribution"] = primary[1]["attribution"]


def _found(plan: PlanRow, step: StepRow, outcome: OutcomeRow, baseline: str) -> Attribution | None:
    pipeline = _slowest_run(plan, step)
    limit_ns, took_ns = longest_ns(outcome["expected"]), longest_ns(outcome["actual"])
    if pipeline is None or limit_ns is None or took_ns is None:
        return None
    if outcome["type"] == REGRESSION and outcome["stage"]:
        return Attribution(candidates=(outcome["stage"],), reason=f"its own time, against {baseline}", field="latency")
    usual = baseline_laps(pipeline)
    measured = {form["stage"] for form in outcome["attribution"]["values"]} if "attribution" in outcome else set()
    wanted = measured or usual.keys()
    now = [
        Lap(lap.stage["name"], lap.took_ns) for lap in laps(pipeline) if lap.took_ns is not None and lap.stage["name"] in wanted
    ]
    if not now or any(lap.stage not in usual for lap in now):
        return None
    return slow_stage(now, took_ns - limit_ns, Usual(usual, baseline))


def _slowest_run(plan: PlanRow, step: StepRow) -> PipelineRow | None:
    runs = [one["pipeline"] for one in plan["steps"] if one["step_id"] == step["step_id"] and one["pipeline"]]
    return max(runs, key=lambda pipeline: end_to_end_ns(pipeline) or 0, default=None)


def baseline_laps(pipeline: PipelineRow) -> Mapping[str, int]:
    """What each stage took in the baseline, nanoseconds, by its name; only stages that the baseline has."""
    known = [stage for stage in pipeline["stages"] if "baseline_ns" in stage]
    before = {**pipeline, "stages": [{**stage, "at_ns": stage["baseline_ns"], "arrived": True} for stage in known]}
    return {lap.stage["name"]: lap.took_ns for lap in laps(before) if lap.took_ns is not None}  # type: ignore[arg-type]
