"""Several runs of one plan as one row."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.reporting.rows import PlanRow, StepRow


def together(runs: Sequence[PlanRow]) -> PlanRow:
    """The first run that did not pass, or the first, with the steps of all; a passed repetition brings no pictures again."""
    if len(runs) == 1:
        return runs[0]
    bad = [run for run in runs if run["verdict"] != "passed"]
    row = (bad or list(runs))[0]
    steps = [_numbered(step, at, runs) for at, run in enumerate(runs) for step in run["steps"]]
    if bad and row["sentence"]:
        row["sentence"] += f" ({len(bad)} of {len(runs)} runs did not pass)"
    row["steps"] = steps
    row["duration_ns"] = sum(run["duration_ns"] for run in runs)
    row["lost_events"] = sum(run["lost_events"] for run in runs)
    row["loss_measurable"] = all(run["loss_measurable"] for run in runs)
    row["loss_notes"] = list(dict.fromkeys(note for run in runs for note in run["loss_notes"]))
    return row


def _numbered(step: StepRow, run: int, runs: Sequence[PlanRow]) -> StepRow:
    before = sum(other["step_id"] == step["step_id"] for earlier in runs[:run] for other in earlier["steps"])
    numbered: StepRow = {**step, "plan_run": run, "repeat_index": before + step["repeat_index"]}
    if run and step["passed"]:
        numbered["images"], numbered["events"] = [], []
    return numbered
