"""Rows to raw samples: what the good steps of a run measured, for baselines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.rows import REGRESSION, PipelineRow, PlanRow, StepRow
from pytest_intellisense.reporting.stage_times import event_laps

if TYPE_CHECKING:
    from pytest_intellisense.analytics.measurements import Launch, StepSamples


def launch_of(plans: Iterable[PlanRow]) -> Launch:
    """The samples of one process. A step counts if it held, apart from having become slower, and its pipeline completed."""
    import msgspec

    from pytest_intellisense.analytics.measurements import Launch, Noise

    steps: dict[tuple[str, str], list[PipelineRow]] = {}
    noise: dict[str, Noise] = {}
    for plan in plans:
        for step in plan["steps"]:
            if step["pipeline"] and step["pipeline"]["completed"] and _held(step):
                steps.setdefault((plan["nodeid"], step["step_id"]), []).append(step["pipeline"])
        if "noise" in plan:
            noise[plan["nodeid"]] = msgspec.convert(plan["noise"], Noise)
    return Launch(steps=[_step(case, step, found) for (case, step), found in steps.items()], noise=noise)


def _held(step: StepRow) -> bool:
    return not step["error"] and all(
        outcome["passed"] or outcome["type"] == REGRESSION for outcome in step["validation_outcomes"]
    )


def _step(case: str, step: str, pipelines: list[PipelineRow]) -> StepSamples:
    from pytest_intellisense.analytics.measurements import StageSamples, StepSamples

    stages: dict[tuple[str, str, str], StageSamples] = {}
    for pipeline in pipelines:
        for before, lap in event_laps(pipeline):
            stage = lap.stage
            if lap.took_ns is None or stage["at_ns"] is None:
                continue
            key = (stage["name"], before, stage["event_type"])
            empty = StageSamples(stage=key[0], before=key[1], event=key[2], clock=stage["time_source"], took_ns=[], at_ns=[])
            samples = stages.setdefault(key, empty)
            samples.took_ns.append(lap.took_ns)
            samples.at_ns.append(stage["at_ns"])
    latencies: dict[str, list[int]] = {}
    for pipeline in pipelines:
        for name, value_ns in pipeline["latencies_ns"].items():
            latencies.setdefault(name, []).append(value_ns)
    return StepSamples(
        case=case,
        step=step,
        pipeline=pipelines[0]["name"],
        stages=list(stages.values()),
        total_ns=latencies.get("total_observed_pipeline_ns", []),
        latencies_ns=latencies,
    )
