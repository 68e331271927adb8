"""One plan as a line of a table: what both HTML pages show, sort and search without unpacking its details."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.history import Run
from pytest_intellisense.reporting.rows import PlanRow
from pytest_intellisense.reporting.stage_times import Lap, end_to_end_ns, slowest


class CaseRecord(TypedDict):
    """`history` holds the runs so far with this one as the last: the first letter of the outcome and the ns end to end."""

    nodeid: str
    name: str
    outcome: str
    fault: str
    sentence: str
    tags: list[str]
    validations: str
    end_to_end: str
    end_to_end_ns: int
    slowest: str
    slowest_stage: str
    slowest_ns: int
    duration: str
    duration_ns: int
    history: list[tuple[str, int]]


def case_record(row: PlanRow, earlier: Sequence[Run]) -> CaseRecord:
    lap = slowest_of(row)
    took_ns = (lap.took_ns or 0) if lap else 0
    total_ns = end_to_end_of(row) or 0
    return {
        "nodeid": row["nodeid"],
        "name": row["plan_name"],
        "outcome": outcome_of(row),
        "fault": row["fault"] or "",
        "sentence": row["sentence"],
        "tags": row["tags"],
        "validations": validations_held(row),
        "end_to_end": duration(total_ns) if total_ns else "",
        "end_to_end_ns": total_ns,
        "slowest": duration(took_ns) if took_ns else "",
        "slowest_stage": lap.stage["name"] if lap else "",
        "slowest_ns": took_ns,
        "duration": duration(row["duration_ns"]),
        "duration_ns": row["duration_ns"],
        "history": [(run.outcome[:1], run.end_to_end_ns) for run in earlier] + [(outcome_of(row)[:1], total_ns)],
    }


def outcome_of(row: PlanRow) -> str:
    return row.get("outcome") or row["verdict"]


def validations_held(row: PlanRow) -> str:
    outcomes = [outcome for step in row["steps"] for outcome in step["validation_outcomes"]]
    return f"{sum(outcome['passed'] for outcome in outcomes)}/{len(outcomes)}" if outcomes else ""


def end_to_end_of(row: PlanRow) -> int | None:
    """The slowest end to end time of the plan's steps."""
    return max((end_to_end_ns(step["pipeline"]) or 0 for step in row["steps"] if step["pipeline"]), default=None)


def slowest_of(row: PlanRow) -> Lap | None:
    found = [slowest(step["pipeline"]) for step in row["steps"] if step["pipeline"]]
    return max((lap for lap in found if lap), key=lambda lap: lap.took_ns or 0, default=None)
