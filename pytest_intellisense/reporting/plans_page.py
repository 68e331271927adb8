"""Our own page of all plans, for runs that are too large for pytest-html and for reports made without pytest."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.case_index import case_record
from pytest_intellisense.reporting.case_view import case_view
from pytest_intellisense.reporting.failure_text import failure_lines
from pytest_intellisense.reporting.history import Run
from pytest_intellisense.reporting.lines import text_of
from pytest_intellisense.reporting.markdown import failure
from pytest_intellisense.reporting.packed_cases import PackedCases
from pytest_intellisense.reporting.page_context import page_context
from pytest_intellisense.reporting.page_templates import source, template
from pytest_intellisense.reporting.rows import GateRow, PlanRow, ReportDocument, SessionRow

if TYPE_CHECKING:
    from jinja2.environment import TemplateStream

TITLE = "IntelliSense report"
COLUMNS = (
    ("outcome", "Result"),
    ("name", "Plan"),
    ("validations", "Validations"),
    ("end_to_end", "End to end"),
    ("slowest", "Slowest stage"),
    ("history", "Last runs"),
    ("duration", "Duration"),
)


class PlansPage:
    """Takes the plans of a run one after the other, keeps them compressed, and writes one self-contained file."""

    def __init__(self) -> None:
        self._cases = PackedCases()

    def add(self, row: PlanRow, text: str, markdown: str, earlier: Sequence[Run] = ()) -> None:
        """`text` is the failure as the terminal tells it, `earlier` are the runs of the plan before this one."""
        details = template("case.html").render(case_view(row, text, markdown, self._cases.pictures))
        self._cases.add(case_record(row, earlier), details)

    def write(self, path: Path, plans: Sequence[PlanRow], session: SessionRow | None, gate: GateRow | None) -> None:
        """Write the page, at once or not at all. Raises OSError."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                self._stream(plans, session, gate).dump(file, encoding="utf-8", errors="replace")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def text(self, plans: Sequence[PlanRow], session: SessionRow | None, gate: GateRow | None) -> str:
        return "".join(self._stream(plans, session, gate))

    def _stream(self, plans: Sequence[PlanRow], session: SessionRow | None, gate: GateRow | None) -> TemplateStream:
        return template("plans.html").stream(
            title=TITLE,
            generated=f"{len(plans):,} plans, {_date(session)}",
            columns=COLUMNS,
            page_style=source("page.css"),
            page_script=source("page.js"),
            **page_context(plans, session, gate, self._cases),
        )


def html(document: ReportDocument) -> str:
    """The page of a run that is over, made from its rows."""
    page = PlansPage()
    for row in document["plans"]:
        failed = row["verdict"] not in ("passed", "skipped", "checked", "interrupted")
        page.add(row, text_of(failure_lines(row)) if failed else "", failure(row) if failed else "")
    return page.text(document["plans"], document["session"], document.get("gate"))


def _date(session: SessionRow | None) -> str:
    started = session["started_epoch_s"] if session else time.time()
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(started))
