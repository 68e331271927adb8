"""Rows through the regression gate: one plan while it runs, the whole run at its end."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.rows import REGRESSION, ComparisonRow, GateRow, PlanRow

if TYPE_CHECKING:
    from pytest_intellisense.analytics.behaviour import CaseBehaviour
    from pytest_intellisense.analytics.gate import Comparison
    from pytest_intellisense.analytics.measurements import Baseline, Launch, Origin
    from pytest_intellisense.model.regression_limit import RegressionLimit

Limits = Sequence["RegressionLimit"]
Written = Mapping[str, Mapping[str, str]]
"""The limits that a plan sets itself: step id, "" for the whole plan -> STAGE.STAT -> amount."""

NOT_COMPARED = "not compared"
NO_BASELINE = "no baseline"
NOT_COMPARABLE = "not comparable"


def compared_everywhere(baseline: Baseline, launches: Sequence[Launch], limits: Limits) -> list[Comparison]:
    """Each stage over all plans that have it."""
    from pytest_intellisense.analytics.gate import compare_all

    return compare_all(baseline.launches, launches, lambda _case, _step: [limits])


def idle_limits(limits: Limits, launches: Sequence[Launch]) -> list[str]:
    """What is wrong with each limit whose stage no launch has measured: it can never fail anything."""
    from pytest_intellisense.model.regression_limit import ANY_STAGE

    stages = sorted({stage.stage for launch in launches for step in launch.steps for stage, _ in step.series()})
    told = []
    for limit in limits:
        if limit.stage in (ANY_STAGE, *stages):
            continue
        alike = difflib.get_close_matches(limit.stage, stages, n=1)
        hint = f'did you mean "{alike[0]}"?' if alike else f"there are: {', '.join(stages) or 'none'}"
        told.append(f'the limit {limit} watches over nothing: no stage "{limit.stage}" was measured; {hint}')
    return told


def compared_plan(
    case: str,
    written: Written,
    baseline: Baseline,
    launches: Sequence[Launch],
    limits: Limits,
    *,
    cases_in_run: int,
    everywhere: Sequence[Comparison] = (),
) -> list[ComparisonRow]:
    """The comparisons of one plan, a node id; what regressed `everywhere` regressed in it too if it is slower."""
    from pytest_intellisense.analytics.gate import compare_case, shared
    from pytest_intellisense.reporting.gate_rows import comparison_row

    found = compare_case(
        baseline.launches, launches, case, lambda _, step: limits_for(written, step, limits), cases_in_run=cases_in_run
    )
    return [comparison_row(one) for one in shared(found, everywhere)]


def limits_for(written: Written, step: str, limits: Limits) -> list[Limits]:
    """The limits of a step, from the general to the particular: of the run, of the plan, of the step."""
    from pytest_intellisense.model.regression_limit import parse_limit

    own = [written[key] for key in ("", step) if key in written]
    return [limits, *([parse_limit(subject, amount) for subject, amount in each.items()] for each in own)]


def gate_row(
    origin: Origin,
    launches: Sequence[Launch],
    *,
    keep_samples: bool = False,
    baseline: Baseline | None = None,
    everywhere: Sequence[Comparison] = (),
    plans: Sequence[ComparisonRow] = (),
    behaviour: Sequence[CaseBehaviour] = (),
    refusal: str = "",
    reason: str = "",
    notes: Sequence[str] = (),
) -> GateRow:
    """The gate of a whole run. `refusal` is the verdict of a run that is not compared, `reason` why.

    `behaviour` is what the run did. `keep_samples`: the row is to hold the raw samples, as those of the plans do not.
    """
    from msgspec import to_builtins

    from pytest_intellisense.reporting.behaviour_rows import changes
    from pytest_intellisense.reporting.gate_rows import comparison_row, worst

    changed = changes(baseline.behaviour, behaviour) if baseline else []
    comparisons = [*(comparison_row(one) for one in everywhere), *plans]
    verdict = REGRESSION if any(one["regressed"] for one in changed) else str(worst(one["verdict"] for one in comparisons))
    if baseline and verdict != REGRESSION and not _have_in_common(baseline, comparisons, behaviour):
        verdict, reason = NOT_COMPARABLE, f"nothing of this run was measured in {baseline.label}"
    row = GateRow(
        verdict=refusal or verdict,
        reason=reason,
        notes=list(notes),
        baseline=_head(baseline, launches) if baseline else None,
        origin=to_builtins(origin),
        launches=[to_builtins(launch) for launch in launches] if keep_samples else [],
        comparisons=comparisons,
    )
    if baseline and baseline.behaviour:
        row["behaviour"] = changed
    return row


def _have_in_common(baseline: Baseline, comparisons: Sequence[ComparisonRow], behaviour: Sequence[CaseBehaviour]) -> bool:
    """Whether anything was compared: a gate that looked at nothing has not passed."""
    known = {one.case for one in baseline.behaviour}
    return any(one["change"] is not None for one in comparisons) or any(one.case in known for one in behaviour)


def _head(baseline: Baseline, launches: Sequence[Launch]) -> dict[str, object]:
    """With the times of what `launches` ran too: (before, event) of a stage, (pipeline, "") of a whole pipeline."""
    from msgspec import to_builtins

    from pytest_intellisense.engine.latency import statistic_of
    from pytest_intellisense.model.regression_limit import WHOLE_PIPELINE

    ran = {(step.case, step.step) for launch in launches for step in launch.steps}
    times: dict[tuple[str, str], list[int]] = {}
    for step in (step for launch in baseline.launches for step in launch.steps if (step.case, step.step) in ran):
        for stage, values in step.series():
            key = (stage.before, "" if stage.stage == WHOLE_PIPELINE else stage.event)
            times.setdefault(key, []).extend(values)

    return {
        "name": baseline.name,
        "label": baseline.label,
        "saved_epoch_s": baseline.saved_epoch_s,
        "runs": baseline.runs,
        "launches": len(baseline.launches),
        "origin": to_builtins(baseline.origin),
        "stages": [
            {"before": before, "event": event, "p95_ns": statistic_of("p95", values)}
            for (before, event), values in times.items()
        ],
    }


def plan_comparisons(plans: Sequence[PlanRow]) -> list[ComparisonRow]:
    """What was compared plan by plan while they ran."""
    return [one for plan in plans for one in plan.get("gate", [])]
