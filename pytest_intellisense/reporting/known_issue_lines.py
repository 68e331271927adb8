"""What became of the known issues of a run: those that were met, that have expired, and that nothing fails for any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from pytest_intellisense.model.known_issue import KnownIssue
from pytest_intellisense.reporting.lines import Line, Piece, line, printable
from pytest_intellisense.reporting.rows import PlanRow


def known_issue_lines(issues: Sequence[KnownIssue], plans: Sequence[PlanRow], today: dt.date) -> Iterator[Line]:
    """An entry is told with its place if it is in use, if it has expired, or if its plans ran and none failed for it."""
    for issue in issues:
        about = [plan for plan in plans if issue.is_about(plan["nodeid"], plan["plan_name"])]
        failed = [plan for plan in about if plan["verdict"] == "failed" and issue.covers(plan["fault"])]
        where = printable(f'"{issue.plan}": {issue.reason} ({issue.place})')
        if failed and issue.has_expired(today):
            yield line(Piece(f"known issue expired on {issue.expires}  ", "red"), where)
        elif failed:
            count = "1 plan" if len(failed) == 1 else f"{len(failed)} plans"
            yield line(Piece(f"known issue until {issue.expires}  ", "yellow"), f"{where}, {count}")
        elif about:
            yield line(Piece("known issue not met  ", "yellow"), f"{where}: no plan failed for it, remove the entry")
        else:
            yield line(Piece("known issue unused  ", "yellow"), f"{where}: no plan of this run is meant by it")
