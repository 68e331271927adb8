"""Measuring plans: each is run as often as asked, and judged against a baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_intellisense.analytics.gate import Comparison
    from pytest_intellisense.analytics.measurements import Baseline, Launch
    from pytest_intellisense.model.regression_limit import RegressionLimit
    from pytest_intellisense.reporting.rows import PlanRow


@dataclass(frozen=True, slots=True)
class Measuring:
    """`baseline` is None where nothing is compared; `launches` are those made before, empty where this process measures.

    `everywhere` is what they showed over all plans.
    """

    repeat: int
    baseline: Baseline | None
    launches: Sequence[Launch]
    limits: tuple[RegressionLimit, ...]
    everywhere: Sequence[Comparison]

    def row(self, run: Callable[[], PlanRow]) -> PlanRow:
        """The row of all runs of a plan, with the noise of the machine meanwhile."""
        from msgspec import to_builtins

        from pytest_intellisense.reporting.behaviour_rows import explain_flakiness
        from pytest_intellisense.reporting.runs_of_plan import together
        from pytest_intellisense.targets.machine import NoiseMeter

        meter = NoiseMeter()
        rows = []
        for _ in range(self.repeat):
            meter.calibrate()
            rows.append(run())
        row = together(rows)
        noise: dict[str, Any] = to_builtins(meter.read())
        row["noise"] = noise
        explain_flakiness(row)
        return row

    def judge(self, row: PlanRow, *, cases_in_run: int) -> None:
        """Compare with the baseline; a regression, and another behaviour, fail the row."""
        if self.baseline is None:
            return
        from pytest_intellisense.reporting.against_baseline import attribute_by_baseline
        from pytest_intellisense.reporting.behaviour_rows import fail_if_changed
        from pytest_intellisense.reporting.gate_rows import fail_if_regressed, with_baseline
        from pytest_intellisense.reporting.gating import compared_plan
        from pytest_intellisense.reporting.samples import launch_of

        with_baseline(row, self.baseline.launches)
        row["gate"] = compared_plan(
            row["nodeid"],
            row.get("regression_limits", {}),
            self.baseline,
            self.launches or [launch_of([row])],
            self.limits,
            cases_in_run=cases_in_run,
            everywhere=self.everywhere,
        )
        fail_if_regressed(row, row["gate"], baseline=self.baseline.label)
        fail_if_changed(row, self.baseline.behaviour, baseline=self.baseline.label)
        attribute_by_baseline(row, self.baseline.label)
