"""The row of every plan item, whether it ran, was skipped, could not start or could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.collecting.items import BrokenPlanItem, PlanItem

if TYPE_CHECKING:
    from pytest_intellisense.reporting.rows import PlanRow


def row_of(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> PlanRow | None:
    """What the reports are to say about `item`, once per run of it; None where this phase says nothing new."""
    if isinstance(item, BrokenPlanItem):
        return _broken(item) if call.when == "call" else None
    if not isinstance(item, PlanItem):
        return None
    if call.when == "call":
        return item.plan_row or _stopped(item, call)
    if call.when == "setup" and not report.passed:
        return _stopped(item, call)
    return None


def _broken(item: BrokenPlanItem) -> PlanRow:
    from pytest_intellisense.reporting.problem_text import problems_in_one_line
    from pytest_intellisense.reporting.to_row import unread_row

    row = unread_row(item.path, nodeid=item.nodeid, rootdir=item.config.rootpath)
    row["plan_name"] = item.name
    first = item.error.problems[0]
    if item.error.path == item.path and not first.file:
        row["line"] = first.line
    row["fault"] = "PLAN"
    row["sentence"] = problems_in_one_line(item.error.problems).removeprefix("PLAN").strip()
    return row


def _stopped(item: PlanItem, call: pytest.CallInfo[None]) -> PlanRow:
    from pytest_intellisense.reporting.to_row import stopped_by, stopped_row

    row = stopped_row(item.case, nodeid=item.nodeid, rootdir=item.config.rootpath, verdict="skipped")
    error = call.excinfo.value if call.excinfo else None
    if error is None:
        return row
    if isinstance(error, pytest.skip.Exception):
        row["sentence"] = str(error)
        return row
    return stopped_by(error, row)
