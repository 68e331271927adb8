"""The stages of one step on a time axis, as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pytest_intellisense.reporting.against_baseline import baseline_laps
from pytest_intellisense.reporting.difference import duration, shown
from pytest_intellisense.reporting.lines import Line, Piece, Style, clipped, line, printable
from pytest_intellisense.reporting.rows import FormRow, PipelineRow, StageRow
from pytest_intellisense.reporting.stage_times import Lap, end_to_end_ns, laps

State = Literal["ok", "wrong", "missing", "unexpected", "not reached", "not needed"]

WIDE_BAR, NARROW_BAR = 20, 12
WIDE = 96
STAGES_SHOWN = 12
DELTA = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MARKS: dict[State, tuple[str, Style]] = {
    "ok": ("✓", "green"),
    "wrong": ("✗", "red"),
    "missing": ("✗", "red"),
    "unexpected": ("✗", "red"),
    "not reached": ("–", "light"),
    "not needed": ("–", "light"),
}


def states(pipeline: PipelineRow, wrong: Collection[str]) -> list[State]:
    """What to say of each stage; `wrong` names the stages that a failed validation looked at."""
    result: list[State] = []
    missed = False
    for stage in pipeline["stages"]:
        result.append(_state(stage, wrong, missed))
        missed = missed or result[-1] == "missing"
    return result


def _state(stage: StageRow, wrong: Collection[str], missed: bool) -> State:
    if stage["absent"]:
        return "unexpected" if stage["arrived"] else "ok"
    if stage["arrived"]:
        return "wrong" if stage["name"] in wrong or not stage["in_order"] else "ok"
    if stage["optional"]:
        return "not needed"
    return "not reached" if missed else "missing"


@dataclass(frozen=True, slots=True)
class Marked:
    """What the waterfall points at: stages that have a value wrong, the first of them, stages that took too long.

    `told` is what stages say of the failing value, shown before their essence.
    """

    wrong: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset()
    first_wrong: str = ""
    told: Mapping[str, FormRow] = field(default_factory=dict)


def waterfall_lines(pipeline: PipelineRow, marked: Marked, *, width: int, most: int = STAGES_SHOWN) -> list[Line]:
    """A heading and one line a stage, at most `width` columns and `most` stages: those around the trouble."""
    timed = laps(pipeline)
    total = max(end_to_end_ns(pipeline) or 0, pipeline["waited_ns"] if not pipeline["completed"] else 0, 1)
    names = min(max((len(stage["name"]) for stage in pipeline["stages"]), default=0), 26)
    bar = WIDE_BAR if width >= WIDE else NARROW_BAR
    verdicts = states(pipeline, marked.wrong)
    usual = baseline_laps(pipeline)
    rows = [
        _stage_line(lap, state, (names, bar, width), total, marked, _delta(lap, usual) if usual else "")
        for lap, state in zip(timed, verdicts, strict=True)
    ]
    trouble = next(
        (at for at, lap in enumerate(timed) if verdicts[at] != "ok" or lap.stage["name"] in marked.slow), len(timed) - 1
    )
    return [_heading(pipeline, names + bar + 8, width, bool(usual)), *_folded(rows, trouble, most)]


def _delta(lap: Lap, usual: Mapping[str, int]) -> str:
    """How much longer the stage took than in the baseline, in a column of its own."""
    before = usual.get(lap.stage["name"])
    if lap.took_ns is None or not before:
        return " " * DELTA
    share = 100 * (lap.took_ns - before) / before
    return f"{share:+.0f} %".rjust(DELTA) if share < 1_000 else f"x{lap.took_ns / before:.0f}".rjust(DELTA)


def _heading(pipeline: PipelineRow, column: int, width: int, compared: bool) -> Line:
    label = clipped(f"  {printable(pipeline['name'])}", column - 1)
    times = f"{'at':>8}  {'took':>8}  " + (f"{'baseline':>{DELTA}}  " if compared else "")
    return line(label.ljust(column), Piece(times + clipped(_ending(pipeline), width - column - len(times)), "light"))


def _ending(pipeline: PipelineRow) -> str:
    if pipeline["completed"]:
        return "complete"
    waited = f", waited {duration(pipeline['waited_ns'])} of {duration(pipeline['timeout_ns'])}"
    diverted = f" by {printable(pipeline['diverted_by'])}" if pipeline["diverted_by"] else ""
    return f"{pipeline['stop_reason']}{diverted}{waited}"


def _stage_line(lap: Lap, state: State, columns: tuple[int, int, int], total_ns: int, marked: Marked, delta: str) -> Line:
    names, bar_width, width = columns
    mark, style = _MARKS[state]
    name = clipped(printable(lap.stage["name"]), names).ljust(names)
    times = f" {duration(lap.end_ns):>8}  {duration(lap.took_ns):>8}{delta and '  ' + delta}"
    room = width - names - bar_width - len(times) - 11
    said, said_style = _said(lap, state, total_ns, marked)
    bar = Piece(_bar(lap, state, total_ns, bar_width), "cyan" if state == "ok" else style)
    return line("    ", Piece(mark, style), f" {name} │", bar, f"│{times}  ", Piece(clipped(said, room), said_style))


def _said(lap: Lap, state: State, total_ns: int, marked: Marked) -> tuple[str, Style]:
    stage = lap.stage
    value = _form(stage, marked) + printable(stage["value"]) + (f" ×{stage['count']}" if stage["count"] > 1 else "")
    note = printable(stage["note"])
    if stage["name"] in marked.slow and lap.took_ns is not None:
        return f"▲ {100 * lap.took_ns / total_ns:.0f} % of the time  {value}", "yellow"
    if state == "ok" and stage["absent"]:
        return note or "absent, as expected", ""
    if state in ("missing", "unexpected"):
        return note or {"missing": "never arrived", "unexpected": f"must not arrive  {value}"}[state], "red"
    if state in ("not reached", "not needed"):
        return note or state, "light"
    late = "" if stage["in_order"] else "out of order  "
    source = "  (time of receipt)" if stage["time_source"] == "received" else ""
    return f"{late}{value}{f'  {note}' if note else ''}{source}".strip(), "red" if state == "wrong" else ""


def _bar(lap: Lap, state: State, total_ns: int, width: int) -> str:
    begin = min(int(lap.start_ns / total_ns * width), width - 1)
    if lap.end_ns is None:
        return " " * begin + "┄" * (width - begin) if state in ("missing", "not reached") else " " * width
    eighths = max(1, min(round((lap.end_ns / total_ns * width - begin) * 8), (width - begin) * 8))
    full, part = divmod(eighths, 8)
    return (" " * begin + "█" * full + (_EIGHTHS[part] if part else "")).ljust(width)


def _form(stage: StageRow, marked: Marked) -> str:
    """The failing value as this stage has it."""
    form = marked.told.get(stage["name"])
    if form is None:
        return ""
    sure = f" conf {form['confidence']:g}" if form["confidence"] is not None else ""
    first = "  first wrong" if stage["name"] == marked.first_wrong else ""
    return f"{printable(shown(form['value']))}{sure}{first}  "


def _folded(rows: list[Line], trouble: int, most: int) -> list[Line]:
    """All rows, or those around the trouble if there are too many."""
    if len(rows) <= most:
        return rows
    begin = max(0, min(trouble - most // 2, len(rows) - most))
    shown_rows = rows[begin : begin + most]
    return [*shown_rows, line(Piece(f"    … {len(rows) - most} more stages (-vv shows all)", "light"))]
