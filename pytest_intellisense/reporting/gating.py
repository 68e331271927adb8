"""Rows through the regression gate: one plan while it runs, the whole run at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.rows import ComparisonRow, GateRow, PlanRow

if TYPE_CHECKING:
    from pytest_intellisense.analytics.measurements import Baseline, Launch, Origin
    from pytest_intellisense.model.regression_limit import RegressionLimit

Limits = Sequence["RegressionLimit"]

NOT_COMPARED = "not compared"
NO_BASELINE = "no baseline"
NOT_COMPARABLE = "not comparable"


def compared_plan(
    plan: PlanRow, baseline: Baseline, launches: Sequence[Launch], limits: Limits, *, cases_in_run: int
) -> list[ComparisonRow]:
    """The comparisons of one plan. `launches` measured it; where there are none, the row itself did."""
    from pytest_intellisense.analytics.gate import compare_case
    from pytest_intellisense.reporting.gate_rows import comparison_row
    from pytest_intellisense.reporting.samples import launch_of

    now = launches or [launch_of([plan])]
    found = compare_case(
        baseline.launches, now, plan["nodeid"], lambda _, step: limits_for(plan, step, limits), cases_in_run=cases_in_run
    )
    return [comparison_row(one) for one in found]


def limits_for(plan: PlanRow, step: str, limits: Limits) -> list[Limits]:
    """The limits of a step, from the general to the particular: of the run, of the plan, of the step."""
    from pytest_intellisense.model.regression_limit import parse_limit
    from pytest_intellisense.reporting.samples import limits_written

    own = [[parse_limit(subject, amount) for subject, amount in written.items()] for written in limits_written(plan, step)]
    return [limits, *own]


def gate_row(
    plans: Sequence[PlanRow],
    origin: Origin,
    launches: Sequence[Launch],
    *,
    own_launches: bool = True,
    baseline: Baseline | None = None,
    limits: Limits = (),
    refusal: str = "",
    reason: str = "",
    notes: Sequence[str] = (),
) -> GateRow:
    """The gate of a whole run. `refusal` is the verdict of a run that is not compared, `reason` why.

    Samples that the rows have already (`own_launches`) are not told twice.
    """
    from msgspec import to_builtins

    from pytest_intellisense.analytics.gate import compare_all
    from pytest_intellisense.reporting.gate_rows import comparison_row, worst

    comparisons = [one for plan in plans for one in plan.get("gate", [])]
    if baseline is not None:
        everywhere = compare_all(baseline.launches, launches, lambda _case, _step: [limits])
        comparisons = [*(comparison_row(one) for one in everywhere), *comparisons]
    return GateRow(
        verdict=refusal or str(worst(one["verdict"] for one in comparisons)),
        reason=reason,
        notes=list(notes),
        baseline=_head(baseline) if baseline else None,
        origin=to_builtins(origin),
        launches=[] if own_launches else [to_builtins(launch) for launch in launches],
        comparisons=comparisons,
    )


def _head(baseline: Baseline) -> dict[str, object]:
    from msgspec import to_builtins

    return {
        "name": baseline.name,
        "label": baseline.label,
        "saved_epoch_s": baseline.saved_epoch_s,
        "runs": baseline.runs,
        "launches": len(baseline.launches),
        "origin": to_builtins(baseline.origin),
    }
