"""The stages of one step on a time axis, as the HTML pages draw them."""

from __future__ import annotations

from typing import Any

from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.rows import PipelineRow, StepRow
from pytest_intellisense.reporting.stage_times import Lap, end_to_end_ns, laps, slowest
from pytest_intellisense.reporting.waterfall import State, states

View = dict[str, Any]

BAR_UNITS = 1000
THINNEST = 4
NOISE_PERCENT = 10
MARKS: dict[State, str] = {"ok": "✓", "wrong": "✗", "missing": "✗", "unexpected": "✗", "not reached": "–", "not needed": "–"}
SAID: dict[State, str] = {
    "ok": "",
    "wrong": "",
    "missing": "never arrived",
    "unexpected": "must not arrive",
    "not reached": "not reached",
    "not needed": "not needed",
}


def waterfall_view(step: StepRow, pipeline: PipelineRow) -> View:
    wrong = _wrong_stages(step)
    total_ns = _axis_ns(pipeline)
    culprits = _culprits(step, pipeline) if step["fault"] == "LATENCY" else set()
    return {
        "pipeline": pipeline,
        "total": duration(total_ns),
        "waited": duration(pipeline["waited_ns"]),
        "timeout": duration(pipeline["timeout_ns"]),
        "has_baseline": any(stage.get("baseline_ns") for stage in pipeline["stages"]),
        "bars": [
            {**_bar_view(lap, state, total_ns, lap.stage["name"] in culprits), **_ghost_view(lap, ghost, total_ns)}
            for lap, state, ghost in zip(laps(pipeline), states(pipeline, wrong), _ghosts(pipeline), strict=True)
        ],
        "near_misses": [{**miss, "at": duration(miss["at_ns"])} for miss in pipeline["near_misses"]],
    }


def _wrong_stages(step: StepRow) -> set[str]:
    """The stages whose value a failed validation found wrong, and those before it that said the same."""
    failed = [outcome for outcome in step["validation_outcomes"] if not outcome["passed"] and outcome["fault"] == "VALUE"]
    wrong = {outcome["stage"] for outcome in failed}
    for outcome in failed:
        if "attribution" in outcome:
            wrong |= {form["stage"] for form in outcome["attribution"]["values"] if form["state"] == "wrong"}
    return wrong


def _culprits(step: StepRow, pipeline: PipelineRow) -> set[str]:
    """The stages that a failed latency was found to have gone to; without a finding the one that took longest."""
    named = {
        stage
        for outcome in step["validation_outcomes"]
        if not outcome["passed"] and outcome["fault"] == "LATENCY" and "attribution" in outcome
        for stage in outcome["attribution"]["candidates"]
    }
    longest = slowest(pipeline)
    return named or ({longest.stage["name"]} if longest else set())


def _axis_ns(pipeline: PipelineRow) -> int:
    """The axis ends where the step ended, or where the baseline did."""
    before = max((stage.get("baseline_ns") or 0 for stage in pipeline["stages"]), default=0)
    return max(end_to_end_ns(pipeline) or 0, 0 if pipeline["completed"] else pipeline["waited_ns"], before, 1)


def _ghosts(pipeline: PipelineRow) -> list[tuple[int, int] | None]:
    """When each stage began and ended in the baseline: it began when the stage before it ended."""
    found: list[tuple[int, int] | None] = []
    latest = 0
    for stage in pipeline["stages"]:
        end = stage.get("baseline_ns")
        found.append(None if end is None else (min(latest, end), end))
        latest = max(latest, end or 0)
    return found


def _ghost_view(lap: Lap, ghost: tuple[int, int] | None, total_ns: int) -> View:
    start, end = ghost or (0, 0)
    return {
        "ghost_start": round(start / total_ns * BAR_UNITS),
        "ghost_width": round(max((end - start) / total_ns * BAR_UNITS, THINNEST)) if ghost else 0,
        "baseline": duration(end - start) if ghost else "",
        "change": _change(lap.took_ns, end - start),
    }


def _bar_view(lap: Lap, state: State, total_ns: int, culprit: bool) -> View:
    start = min(lap.start_ns / total_ns * BAR_UNITS, BAR_UNITS - THINNEST)
    end = BAR_UNITS if lap.end_ns is None else lap.end_ns / total_ns * BAR_UNITS
    never = lap.end_ns is None and state in ("missing", "not reached")
    return {
        "stage": lap.stage,
        "mark": MARKS[state],
        "state": state.replace(" ", "-"),
        "said": "absent, as expected" if lap.stage["absent"] and state == "ok" else SAID[state],
        "share": f"{100 * (lap.took_ns or 0) / total_ns:.0f} % of the time" if culprit else "",
        "start": round(start),
        "width": round(max(end - start, THINNEST)) if never or lap.end_ns is not None else 0,
        "never": never,
        "at": duration(lap.end_ns),
        "took": duration(lap.took_ns),
    }


def _change(took_ns: int | None, before_ns: int) -> View | None:
    """How much longer than in the baseline; within a tenth it is not worth a colour."""
    if took_ns is None or not before_ns:
        return None
    percent = 100 * (took_ns - before_ns) / before_ns
    word = "" if abs(percent) <= NOISE_PERCENT else "slower" if percent > 0 else "faster"
    return {"text": f"{percent:+.0f} %", "word": word}
