"""What the templates show, worked out beforehand: a template only places it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.reporting.difference import Span, difference, duration
from pytest_intellisense.reporting.failure_text import one_line
from pytest_intellisense.reporting.failures import failed_outcomes
from pytest_intellisense.reporting.rows import OutcomeRow, PipelineRow, PlanRow, SessionRow, StepRow
from pytest_intellisense.reporting.stage_times import Lap, Spread, end_to_end_ns, laps, pipeline_spreads, slowest, stage_spreads
from pytest_intellisense.reporting.waterfall import State, states

Segments = list[tuple[str, bool]]
View = dict[str, Any]

BAR_UNITS = 1000
MARKS: dict[State, str] = {"ok": "✓", "wrong": "✗", "missing": "✗", "unexpected": "✗", "not reached": "–", "not needed": "–"}
SAID: dict[State, str] = {
    "ok": "",
    "wrong": "",
    "missing": "never arrived",
    "unexpected": "must not arrive",
    "not reached": "not reached",
    "not needed": "not needed",
}


@dataclass
class Pictures:
    """Pictures of a whole report, each once, by a short name made of its content."""

    by_name: dict[str, str] = field(default_factory=dict)

    def add(self, data: str) -> str:
        name = hashlib.sha256(data.encode()).hexdigest()[:16]
        self.by_name[name] = data
        return name


def case_view(row: PlanRow, text: str, pictures: Pictures) -> View:
    """One plan; `text` is what the terminal says of its failure."""
    repeats = {step["step_id"]: sum(other["step_id"] == step["step_id"] for other in row["steps"]) for step in row["steps"]}
    return {
        "row": row,
        "rerun": f'pytest "{row["nodeid"]}"',
        "text": text,
        "steps": [_step_view(step, repeats[step["step_id"]], row["fault"], pictures) for step in row["steps"]],
    }


def _step_view(step: StepRow, repeats: int, fault: str | None, pictures: Pictures) -> View:
    pipeline = step["pipeline"]
    outcomes = step["validation_outcomes"]
    return {
        "row": step,
        "repeats": repeats,
        "open": not step["passed"] or repeats == 1,
        "held": f"{sum(outcome['passed'] for outcome in outcomes)}/{len(outcomes)}" if outcomes else "",
        "took": duration(end_to_end_ns(pipeline)) if pipeline else "",
        "waterfall": _waterfall_view(step, pipeline, fault) if pipeline else None,
        "outcomes": [_outcome_view(outcome) for outcome in outcomes],
        "images": [
            {
                "kind": image["kind"],
                "size": _pixels(image["width_px"], image["height_px"]),
                "picture": pictures.add(image["data"]),
            }
            for image in step["images"]
            if image.get("data")
        ],
        "events": [{**event, "at": duration(event["at_ns"])} for event in step["events"]],
    }


def _pixels(width: int | None, height: int | None) -> str:
    return f"{width} × {height} px" if width else ""


def _outcome_view(outcome: OutcomeRow) -> View:
    found = difference(outcome)
    place = f"{outcome['line']}:{outcome['column']}" if outcome["line"] else ""
    return {
        "row": outcome,
        "mark": "?" if outcome["inconclusive"] else "✓" if outcome["passed"] else "✗",
        "state": "unsure" if outcome["inconclusive"] else "passed" if outcome["passed"] else "failed",
        "place": place,
        "expected": segments(found.expected, found.expected_spans),
        "actual": segments(found.actual, found.actual_spans),
        "note": found.note if not outcome["passed"] else "",
    }


def segments(text: str, differing: Sequence[Span]) -> Segments:
    """`text` cut into pieces that are the same and pieces that differ."""
    pieces: Segments = []
    at = 0
    for start, end in differing:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in (*pieces, (text[at:], False)) if piece[0]]


def _waterfall_view(step: StepRow, pipeline: PipelineRow, fault: str | None) -> View:
    wrong = {
        outcome["stage"] for outcome in step["validation_outcomes"] if not outcome["passed"] and outcome["fault"] == "VALUE"
    }
    total = max(end_to_end_ns(pipeline) or 0, 0 if pipeline["completed"] else pipeline["waited_ns"], 1)
    culprit = slowest(pipeline)
    return {
        "pipeline": pipeline,
        "total": duration(total),
        "waited": duration(pipeline["waited_ns"]),
        "timeout": duration(pipeline["timeout_ns"]),
        "bars": [
            _bar_view(lap, state, total, lap == culprit and fault == "LATENCY")
            for lap, state in zip(laps(pipeline), states(pipeline, wrong), strict=True)
        ],
        "near_misses": [{**miss, "at": duration(miss["at_ns"])} for miss in pipeline["near_misses"]],
    }


def _bar_view(lap: Lap, state: State, total_ns: int, culprit: bool) -> View:
    start = lap.start_ns / total_ns * BAR_UNITS
    end = BAR_UNITS if lap.end_ns is None else lap.end_ns / total_ns * BAR_UNITS
    ghost = lap.end_ns is None and state in ("missing", "not reached")
    return {
        "stage": lap.stage,
        "mark": MARKS[state],
        "state": state.replace(" ", "-"),
        "said": "absent, as expected" if lap.stage["absent"] and state == "ok" else SAID[state],
        "share": f"{100 * (lap.took_ns or 0) / total_ns:.0f} % of the time" if culprit else "",
        "start": round(min(start, BAR_UNITS - 4), 1),
        "width": round(max(end - start, 4), 1) if ghost or lap.end_ns is not None else 0,
        "ghost": ghost,
        "at": duration(lap.end_ns),
        "took": duration(lap.took_ns),
    }


def summary_view(plans: Sequence[PlanRow], session: SessionRow | None) -> View:
    stages = stage_spreads(plans)
    whole = pipeline_spreads(plans)
    widest = max((spread.p95_ns for spread in stages), default=1)
    return {
        "cards": _cards(plans, stages, whole),
        "stages": [_spread_view(spread, widest) for spread in stages],
        "pipelines": [_spread_view(spread, max(each.p95_ns for each in whole)) for spread in whole],
        "failures": _failures(plans),
        "session": session,
    }


def _failures(plans: Sequence[PlanRow]) -> list[View]:
    """What failed, each cause once."""
    causes: dict[tuple[str, str], list[str]] = {}
    for row in plans:
        if row["verdict"] not in ("passed", "checked", "skipped"):
            fault = row["fault"] or "FAILED"
            causes.setdefault((fault, one_line(row).removeprefix(f"{fault} ")), []).append(row["nodeid"])
    return [{"fault": fault, "sentence": sentence, "nodeids": nodeids} for (fault, sentence), nodeids in causes.items()]


def _cards(plans: Sequence[PlanRow], stages: Sequence[Spread], whole: Sequence[Spread]) -> list[View]:
    ran = [row for row in plans if row["verdict"] != "skipped"]
    outcomes = [outcome for row in plans for step in row["steps"] for outcome in step["validation_outcomes"]]
    passed = sum(row["verdict"] in ("passed", "checked") for row in ran)
    held = sum(outcome["passed"] for outcome in outcomes)
    lost = sum(row["lost_events"] for row in plans)
    traced = sum(len(step["events"]) for row in plans for step in row["steps"])
    cards = [
        _card("plans passed", f"{passed} / {len(ran)}", _dry_run_note(ran), passed == len(ran)),
        _card("validations held", f"{held} / {len(outcomes)}", "", held == len(outcomes)),
        _card("events traced", f"{traced:,}", f"{lost} lost", not lost),
    ]
    if whole:
        cards.append(
            _card(f"{whole[0].name}", f"{duration(whole[0].p50_ns)}", f"p95 {duration(whole[0].p95_ns)}, n {whole[0].count}")
        )
    if stages:
        most = max(stages, key=lambda spread: spread.p95_ns)
        cards.append(_card(most.name, duration(most.p95_ns), "slowest stage, p95"))
    return cards


def _dry_run_note(plans: Sequence[PlanRow]) -> str:
    return "dry run: checked, nothing was sent" if any(row["verdict"] == "checked" for row in plans) else ""


def _card(label: str, value: str, note: str = "", good: bool | None = None) -> View:
    return {"label": label, "value": value, "note": note, "state": {True: "passed", False: "failed", None: ""}[good]}


def _spread_view(spread: Spread, widest_ns: int) -> View:
    return {
        "name": spread.name,
        "count": spread.count,
        "p50": duration(spread.p50_ns),
        "p95": duration(spread.p95_ns),
        "max": duration(spread.max_ns),
        "median_width": round(spread.p50_ns / widest_ns * BAR_UNITS, 1),
        "width": round(spread.p95_ns / widest_ns * BAR_UNITS, 1),
    }


def validations_held(row: PlanRow) -> str:
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    return f"{len(outcomes) - len(failed_outcomes(row))}/{len(outcomes)}" if outcomes else ""


def end_to_end_of(row: PlanRow) -> int | None:
    """The slowest end to end time of the plan's steps."""
    return max((end_to_end_ns(step["pipeline"]) or 0 for step in row["steps"] if step["pipeline"]), default=None)


def slowest_of(row: PlanRow) -> Lap | None:
    found = [slowest(step["pipeline"]) for step in row["steps"] if step["pipeline"]]
    return max((lap for lap in found if lap), key=lambda lap: lap.took_ns or 0, default=None)
