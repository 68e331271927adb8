"""The pipelines of a run as trace events, for Perfetto and chrome://tracing.

A plan is a process, a step a thread; its stages are slices side by side inside the slice of the step. Times are microseconds,
to the nanosecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_intellisense.reporting.rows import PipelineRow, PlanRow, ReportDocument, StepRow
from pytest_intellisense.reporting.stage_times import end_to_end_ns, laps

Event = dict[str, Any]


def trace(document: ReportDocument) -> dict[str, Any]:
    """JSON object format. The first injection is at 0; a step whose injection has no time follows the one before it."""
    first = _first_injections(document)
    events: list[Event] = []
    for number, row in enumerate(document["plans"], 1):
        if row["steps"]:
            events += _plan(row, number, first.get(row.get("origin", ""), 0))
    session = document["session"]
    return {
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {
            "session_id": session["session_id"] if session else "",
            "clock_domain": session["clock_domain"] if session else "",
        },
    }


def _first_injections(document: ReportDocument) -> dict[str, int]:
    """The zero of each origin: clocks of different machines are not comparable, so that each has its own."""
    found: dict[str, int] = {}
    for row in document["plans"]:
        for step in row["steps"]:
            at_ns = step.get("injected_ns")
            if at_ns is not None:
                origin = row.get("origin", "")
                found[origin] = min(at_ns, found.get(origin, at_ns))
    return found


def _plan(row: PlanRow, pid: int, zero_ns: int) -> Iterator[Event]:
    yield _named("process_name", pid, 0, row["nodeid"])
    yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
    yield {"ph": "M", "name": "process_labels", "pid": pid, "tid": 0, "args": {"labels": row["verdict"]}}
    follows_ns = 0
    for tid, step in enumerate(row["steps"], 1):
        injected_ns = step.get("injected_ns")
        begin_ns = follows_ns if injected_ns is None else injected_ns - zero_ns
        yield _named("thread_name", pid, tid, f"{step['step_id']}[{step['repeat_index']}]")
        yield from _step(step, pid, tid, begin_ns)
        follows_ns = begin_ns + _length_ns(step)


def _step(step: StepRow, pid: int, tid: int, begin_ns: int) -> Iterator[Event]:
    args = {"correlation_id": step["correlation_id"], "stimulus": step["stimulus"], "passed": step["passed"]}
    args |= {
        outcome["validation_id"]: outcome["details"] or "failed"
        for outcome in step["validation_outcomes"]
        if not outcome["passed"]
    }
    yield _slice(f"{step['stimulus_type']} {step['step_id']}", "step", (pid, tid), (begin_ns, _length_ns(step)), args)
    if step["pipeline"]:
        yield from _stages(step["pipeline"], pid, tid, begin_ns)
    for event in step["events"]:
        if event["at_ns"] is not None and event["at_ns"] >= 0:
            yield {
                "ph": "i",
                "s": "t",
                "cat": "event",
                "name": event["event_type"],
                "pid": pid,
                "tid": tid,
                "ts": _us(begin_ns + event["at_ns"]),
                "args": {"stream": event["stream"], "entry_id": event["entry_id"], "joined_by": event["joined_by"]},
            }


def _stages(pipeline: PipelineRow, pid: int, tid: int, begin_ns: int) -> Iterator[Event]:
    """Those that arrived, and the first that did not: it is awaited until the step gave up."""
    awaited = False
    for lap in laps(pipeline):
        stage = lap.stage
        args = {
            "event_type": stage["event_type"],
            "value": stage["value"],
            "note": stage["note"],
            "clock": stage["time_source"],
        }
        if lap.took_ns is not None:
            yield _slice(stage["name"], "stage", (pid, tid), (begin_ns + lap.start_ns, lap.took_ns), args)
        elif lap.end_ns is not None:
            args["note"] = "before the stage that it follows"
            yield {
                "ph": "i",
                "s": "t",
                "cat": "stage",
                "name": stage["name"],
                "pid": pid,
                "tid": tid,
                "ts": _us(begin_ns + max(lap.end_ns, 0)),
                "args": args,
            }
        elif not (stage["optional"] or stage["absent"] or awaited):
            awaited = True
            waited_ns = max(pipeline["waited_ns"] - lap.start_ns, 0)
            yield _slice(f"{stage['name']} (never arrived)", "missing", (pid, tid), (begin_ns + lap.start_ns, waited_ns), args)


def _length_ns(step: StepRow) -> int:
    pipeline = step["pipeline"]
    return max(pipeline["waited_ns"], end_to_end_ns(pipeline) or 0) if pipeline else 0


def _slice(name: str, category: str, track: tuple[int, int], span_ns: tuple[int, int], args: dict[str, Any]) -> Event:
    pid, tid = track
    begin_ns, length_ns = span_ns
    ends_us = _us(begin_ns + length_ns)
    begins_us = _us(begin_ns)
    return {
        "ph": "X",
        "name": name,
        "cat": category,
        "pid": pid,
        "tid": tid,
        "ts": begins_us,
        "dur": round(ends_us - begins_us, 3),
        "args": args,
    }


def _named(kind: str, pid: int, tid: int, name: str) -> Event:
    return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}}


def _us(at_ns: int) -> float:
    return round(at_ns / 1000, 3)
