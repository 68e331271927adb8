"""The HTML report: a guest in pytest-html, through its hooks only.

pytest-html keeps the page and one row a test. Each row gets the number of its plan; what it shows travels once,
compressed, at the end of the page and is put in by a script, the details when the row is opened. One file, no request.

pytest-html draws every row anew on each sort: a run of more than `GUEST_ROWS` plans gets a page of our own beside it, and
pytest-html keeps the plans that failed.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.case_index import case_record, end_to_end_of, outcome_of
from pytest_intellisense.reporting.case_view import case_view
from pytest_intellisense.reporting.history import History, Run
from pytest_intellisense.reporting.markdown import failure
from pytest_intellisense.reporting.packed_cases import PackedCases
from pytest_intellisense.reporting.page_context import page_context
from pytest_intellisense.reporting.page_templates import source, template
from pytest_intellisense.reporting.plans_page import COLUMNS, PlansPage
from pytest_intellisense.reporting.plans_page import TITLE as TITLE
from pytest_intellisense.reporting.rows import GateRow, PlanRow, SessionRow
from pytest_intellisense.reporting.unwritten import noted

if TYPE_CHECKING:
    import pytest

GUEST_ROWS = 500
HISTORY_NAME = "history.jsonl"


class HtmlReport:
    """Collects the details of all plans of a run and hands them to pytest-html, and to a page of our own if they are many.

    `problems` says why something beside the page of pytest-html could not be written.
    """

    def __init__(self, path: Path, plans_expected: int = 0) -> None:
        self.problems: dict[Path, str] = {}
        self._cases = PackedCases()
        self._numbers: dict[int, int] = {}
        self._history = History(path.with_name(HISTORY_NAME))
        self._page = PlansPage() if plans_expected > GUEST_ROWS else None
        self._page_path = path.with_name(f"{path.stem}_plans.html")

    @property
    def plans_page(self) -> Path | None:
        """Where our own page is written, if there is one."""
        return self._page_path if self._page else None

    def attach(self, report: pytest.TestReport, row: PlanRow, session: SessionRow | None) -> None:
        """Give the report of a plan its place in the page; call before pytest-html sees the report."""
        text = str(report.longrepr) if report.failed else ""
        markdown = failure(row) if report.failed else ""
        started = session["started_epoch_s"] if session else 0.0
        earlier = self._history.add(row["nodeid"], Run(started, outcome_of(row), end_to_end_of(row) or 0))
        if self._page:
            self._page.add(row, text, markdown, earlier)
            if not report.failed or len(self._cases) >= GUEST_ROWS:
                return
        details = template("case.html").render(case_view(row, text, markdown, self._cases.pictures))
        self._numbers[id(report)] = self._cases.add(case_record(row, earlier), details)

    def summary(
        self,
        prefix: list[str],
        postfix: list[str],
        plans: Sequence[PlanRow],
        session: SessionRow | None,
        gate: GateRow | None,
    ) -> None:
        """Put style, numbers, tables, details and script into the page: `pytest_html_results_summary`."""
        with noted(self.problems, self._history.path):
            self._history.write()
        if self._page:
            with noted(self.problems, self._page_path):
                self._page.write(self._page_path, plans, session, gate)
        link = self._page_path.name if self._page and self._page_path not in self.problems else ""
        context = page_context(plans, session, gate, self._cases)
        context |= {"plan_count": f"{len(plans):,}", "plans_page": link}
        prefix.append(template("guest_top.html").render(context, guest_style=source("guest.css")))
        postfix.append(template("guest_bottom.html").render(context, guest_script=source("guest.js")))

    def table_row(self, report: pytest.TestReport, row: PlanRow | None, cells: list[str]) -> None:
        """`pytest_html_results_table_row`, for every test: pytest-html itself leaves a test's name unescaped."""
        number = self._numbers.pop(id(report), None)
        if row and number is None:
            cells.clear()
        elif row:
            cells[1:] = [f"<td class=col-testId>{number}</td>"]
        else:
            phase = "" if report.when == "call" else f"::{report.when}"
            cells[1:] = [f"<td class=col-testId>{html.escape(report.nodeid + phase)}</td>", cells[2]]


def table_header(cells: list[str]) -> None:
    """`pytest_html_results_table_header`: our columns; pytest-html knows the first only, by which it filters."""
    cells[1:] = [f'<th data-sort="{key}">{label}</th>' for key, label in COLUMNS[1:]]


def log(row: PlanRow | None, data: list[str]) -> None:
    """`pytest_html_results_table_html`: the failure text stands in the details already."""
    if row:
        data[:] = [part for part in data if part.lstrip().startswith("-") and "Captured" in part]
