"""The run as compact Markdown, to paste: each failure with what is needed to act on it, the rest in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_intellisense.reporting.causes import causes_of
from pytest_intellisense.reporting.difference import difference, duration
from pytest_intellisense.reporting.failures import Failure, primary_failure, rerun_of
from pytest_intellisense.reporting.markdown_text import code, escaped
from pytest_intellisense.reporting.outcomes import counted, flaky
from pytest_intellisense.reporting.rows import PipelineRow, PlanRow, ReportDocument, SessionRow
from pytest_intellisense.reporting.stage_times import laps
from pytest_intellisense.reporting.waterfall import states

NEAREST_EVENTS = 3
OTHERS_NAMED = 10


def markdown(document: ReportDocument, most_bytes: int | None = None) -> str:
    """The whole run; what does not fit into `most_bytes` of UTF-8 is left out by whole sections, and that is said."""
    head, *sections = _sections(document)
    if most_bytes is None:
        return "\n".join([head, *sections])
    kept, used = [head], len(head.encode())
    for number, section in enumerate(sections):
        note = f"\n{len(sections) - number} more sections did not fit here; report.json and report.html have all of them.\n"
        if used + len(section.encode()) + len(note.encode()) + 2 > most_bytes:
            return "\n".join([*kept, note])
        kept.append(section)
        used += len(section.encode()) + 1
    return "\n".join(kept)


def failure(row: PlanRow, same: Sequence[PlanRow] = ()) -> str:
    """One failed plan; `same` are others that failed for the same cause."""
    primary = primary_failure(row)
    parts = [
        f"#### {code(row['nodeid'])}",
        "",
        f"**{row['fault'] or 'FAILED'}** {escaped(row['sentence'] or row['verdict'])}  ",
        f"at {code(_place(row, primary))}",
        *_compared(primary, row["sentence"]),
        *_pipeline(row, primary),
        *([f"hint: {escaped(row['hint'])}", ""] if row["hint"] else []),
        *_others(same),
        f"rerun: {code(rerun_of(row))}",
        "",
    ]
    return "\n".join(parts)


def _sections(document: ReportDocument) -> Iterator[str]:
    plans = document["plans"]
    yield _head(plans, document["session"], document.get("notes", []))
    for cause in causes_of(plans):
        yield failure(cause.plans[0], cause.plans[1:])
    if unfinished := [row for row in plans if row["verdict"] == "interrupted"]:
        yield _list("interrupted", unfinished)
    if repeated := [row for row in plans if flaky(row)]:
        yield _list("flaky: passed, but not at the first attempt", repeated)


def _head(plans: Sequence[PlanRow], session: SessionRow | None, notes: Sequence[str]) -> str:
    outcomes = [outcome for row in plans for step in row["steps"] for outcome in step["validation_outcomes"]]
    held = sum(outcome["passed"] for outcome in outcomes)
    lost = sum(row["lost_events"] for row in plans)
    facts = [f"validations {held}/{len(outcomes)}", f"{lost} events lost"]
    if session:
        facts += [
            duration(session["duration_ns"]),
            f"session {code(session['session_id'])}",
            f"app {escaped(session['target'])}",
        ]
    lines = [f"### IntelliSense: {counted(plans)}", "", " · ".join(facts), ""]
    return "\n".join([*lines, *(f"note: {escaped(note)}\n" for note in notes)])


def _place(row: PlanRow, primary: Failure | None) -> str:
    if primary and primary[1]["line"]:
        return f"{row['plan_path']}:{primary[1]['line']}:{primary[1]['column']}"
    return f"{row['plan_path']}:{row['line']}"


def _compared(primary: Failure | None, sentence: str) -> Iterator[str]:
    if primary is None:
        yield ""
        return
    step, outcome = primary
    found = difference(outcome)
    yield f"step {code(step['step_id'])} repeat {step['repeat_index'] + 1}, correlation id {code(step['correlation_id'])}"
    yield ""
    yield f"| {code(outcome['validation_id'])} | {escaped(outcome['type'])} {code(outcome['subject'])} |"
    yield "|---|---|"
    yield f"| expected | {code(found.expected)} |"
    yield f"| actual | {code(found.actual)} {escaped(found.note)} |"
    yield ""
    if outcome["details"] and outcome["details"] not in sentence:
        yield f"reason: {escaped(outcome['details'])}\n"


def _pipeline(row: PlanRow, primary: Failure | None) -> Iterator[str]:
    step = primary[0] if primary else next((step for step in row["steps"] if step["error"]), None)
    if step is None:
        return
    if step["error"] and step["error"] not in row["sentence"]:
        yield f"error: {escaped(step['error'])}\n"
    if step["pipeline"]:
        yield from _stages(step["pipeline"], {primary[1]["stage"]} if primary and primary[1]["fault"] == "VALUE" else set())
        yield from _nearest(step["pipeline"])


def _stages(pipeline: PipelineRow, wrong: set[str]) -> Iterator[str]:
    yield f"| {code(pipeline['name'])} | at | took | | |"
    yield "|---|--:|--:|---|---|"
    for lap, state in zip(laps(pipeline), states(pipeline, wrong), strict=True):
        stage = lap.stage
        times = f"{duration(lap.end_ns)} | {duration(lap.took_ns)}"
        said = " ".join(part for part in (code(stage["value"]), escaped(stage["note"])) if part)
        yield f"| {code(stage['name'])} | {times} | {'never arrived' if state == 'missing' else state} | {said} |"
    yield ""


def _nearest(pipeline: PipelineRow) -> Iterator[str]:
    for miss in pipeline["near_misses"][:NEAREST_EVENTS]:
        at = f"+{duration(miss['at_ns'])}" if miss["at_ns"] is not None else "?"
        yield f"- near: {at} {code(miss['stream'])} {code(miss['summary'])} {escaped(miss['differs'])}".rstrip()
    if pipeline["near_misses"]:
        yield ""


def _others(same: Sequence[PlanRow]) -> Iterator[str]:
    if not same:
        return
    named = ", ".join(code(row["nodeid"]) for row in same[:OTHERS_NAMED])
    more = f" and {len(same) - OTHERS_NAMED} more" if len(same) > OTHERS_NAMED else ""
    yield f"same cause: {named}{more}\n"


def _list(title: str, plans: Sequence[PlanRow]) -> str:
    return "\n".join(
        [
            f"#### {len(plans)} {title}",
            "",
            *(f"- {code(row['nodeid'])} {escaped(row['sentence'])}".rstrip() for row in plans),
            "",
        ]
    )
