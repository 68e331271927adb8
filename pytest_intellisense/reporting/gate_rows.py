"""What the regression gate says, in rows: a comparison, and the failed outcome that a regression leaves in its plan."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.analytics.comparison import Change
from pytest_intellisense.analytics.gate import EVERY_PLAN, Comparison
from pytest_intellisense.analytics.verdicts import FACTOR_FROM, GateVerdict, factor, shown
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.regression_limit import WHOLE_PIPELINE, RegressionLimit
from pytest_intellisense.model.results import Fault, Verdict
from pytest_intellisense.reporting.rows import REGRESSION, ComparisonRow, OutcomeRow, PlanRow, StepRow

if TYPE_CHECKING:
    from pytest_intellisense.analytics.measurements import Launch, StepSamples

WORST_FIRST = (GateVerdict.REGRESSION, GateVerdict.INCONCLUSIVE, GateVerdict.IMPROVEMENT, GateVerdict.OK)


def comparison_row(comparison: Comparison) -> ComparisonRow:
    change, judgement = comparison.change, comparison.judgement
    return ComparisonRow(
        case=comparison.case,
        step=comparison.step,
        stage=comparison.stage,
        before=comparison.before,
        event=comparison.event,
        statistic=comparison.limit.statistic,
        limit=comparison.limit.amount,
        verdict=str(judgement.verdict),
        reason=judgement.reason,
        needed_launches=judgement.needed_launches,
        needed_samples=judgement.needed_samples,
        base_ns=change.base_ns if change else None,
        now_ns=change.now_ns if change else None,
        allowed_ns=_allowed_ns(change.base_ns, comparison.limit) if change else None,
        change=change.size if change else None,
        change_shown=shown(change.size, comparison.limit) if change else "",
        range_shown=_range(change, comparison.limit) if change else "",
        low=change.low if change else None,
        high=change.high if change else None,
        p=change.p if change else None,
        cases=change.cases if change else 0,
        cases_slower=change.cases_slower if change else 0,
        base_count=change.base_count if change else 0,
        now_count=change.now_count if change else 0,
        base_launches=change.base_launches if change else 0,
        now_launches=change.now_launches if change else 0,
        machine=comparison.machine,
    )


def _range(change: Change, limit: RegressionLimit) -> str:
    if limit.share is None:
        return f"{format_ns(change.low)} … {format_ns(change.high)}"
    if change.high >= FACTOR_FROM:
        return f"× {factor(1 + change.low)} … {factor(1 + change.high)}"
    return f"{change.low * 100:+.0f} … {change.high * 100:+.0f} %"


def _allowed_ns(base_ns: float, limit: RegressionLimit) -> float:
    return base_ns * (1 + limit.share) if limit.share is not None else base_ns + (limit.absolute_ns or 0)


def worst(verdicts: Iterable[str]) -> GateVerdict:
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), GateVerdict.OK)


def fail_if_regressed(plan: PlanRow, comparisons: Sequence[ComparisonRow], *, baseline: str) -> None:
    """Turn a plan with a regression into a failed one of domain LATENCY; what failed already keeps its first line."""
    regressed = [one for one in comparisons if one["verdict"] == GateVerdict.REGRESSION]
    for one in regressed:
        step = _last_run(plan, one["step"])
        if step is None:
            continue
        outcome = _outcome(one, step, baseline)
        step["validation_outcomes"].append(outcome)
        step["passed"] = False
        step["fault"] = step["fault"] or str(Fault.LATENCY)
        if plan["verdict"] == Verdict.PASSED:
            plan["verdict"], plan["fault"] = str(Verdict.FAILED), str(Fault.LATENCY)
            plan["sentence"] = outcome["details"]
            plan["hint"] = _hint(one)


def _hint(one: ComparisonRow) -> str:
    return (
        f"meant to be slower? save the baseline again (--intellisense-save), or give {one['stage']}.{one['statistic']} a "
        "limit of its own in the plan's regression_limits"
    )


def _last_run(plan: PlanRow, step_id: str) -> StepRow | None:
    return next((step for step in reversed(plan["steps"]) if step["step_id"] == step_id and step["pipeline"]), None)


def _outcome(one: ComparisonRow, step: StepRow, baseline: str) -> OutcomeRow:
    stage = "" if one["stage"] == WHOLE_PIPELINE else one["stage"]
    return OutcomeRow(
        validation_id=f"{REGRESSION}_{one['stage']}_{one['statistic']}",
        passed=False,
        type=REGRESSION,
        operator="<=",
        expected=format_ns(one["allowed_ns"] or 0),
        actual=format_ns(one["now_ns"] or 0),
        details=sentence(one, baseline),
        fault=str(Fault.LATENCY),
        subject=f"{one['stage']}.{one['statistic']}",
        stage=stage,
        inconclusive=False,
        line=step["line"],
        column=step["column"],
    )


def sentence(one: ComparisonRow, baseline: str) -> str:
    """`order_fill.median became slower than main@1f3c0d2 by +31 %: 58.4 ms → 76.5 ms (limit +10 %, …)`."""
    where = f" of step {one['step']}" if one["step"] else ""
    cases = f", {one['cases_slower']} of {one['cases']} cases slower" if one["cases"] > 1 else ""
    return (
        f"{one['stage']}.{one['statistic']}{where} became slower than {baseline} by {one['change_shown']}: "
        f"{format_ns(one['base_ns'] or 0)} → {format_ns(one['now_ns'] or 0)} ({one['reason']}{cases}, {counts(one)})"
    )


def counts(one: ComparisonRow) -> str:
    """`n = 40 and 40`, with launches where there are several."""
    launches = ""
    if max(one["base_launches"], one["now_launches"]) > 1:
        launches = f" in {one['base_launches']} and {one['now_launches']} launches"
    return f"n = {one['base_count']} and {one['now_count']}{launches}"


def with_baseline(plan: PlanRow, launches: Sequence[Launch]) -> None:
    """Put the medians of the baseline beside the times of every step that it has."""
    samples: dict[str, list[StepSamples]] = {}
    for launch in launches:
        for step in launch.steps:
            if step.case == plan["nodeid"]:
                samples.setdefault(step.step, []).append(step)
    medians = {step_id: _medians(found) for step_id, found in samples.items()}
    for row in plan["steps"]:
        if row["pipeline"] and row["step_id"] in medians:
            at_ns, latencies = medians[row["step_id"]]
            row["pipeline"]["baseline"] = dict(latencies)
            for stage in row["pipeline"]["stages"]:
                if stage["name"] in at_ns:
                    stage["baseline_ns"] = at_ns[stage["name"]]


def _medians(found: Sequence[StepSamples]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    at_ns: dict[str, list[int]] = {}
    latencies: dict[str, list[int]] = {}
    for step in found:
        for stage in step.stages:
            at_ns.setdefault(stage.stage, []).extend(stage.at_ns)
        for name, values in step.latencies_ns.items():
            latencies.setdefault(name, []).extend(values)
    return _median(at_ns), _median(latencies)


def _median(samples: Mapping[str, list[int]]) -> dict[str, int]:
    return {name: round(statistics.median(values)) for name, values in samples.items() if values}


def regressed_plans(comparisons: Iterable[ComparisonRow]) -> list[str]:
    """Node ids of the plans that a regression belongs to, each once."""
    return list(
        dict.fromkeys(one["case"] for one in comparisons if one["verdict"] == "regression" and one["case"] != EVERY_PLAN)
    )
