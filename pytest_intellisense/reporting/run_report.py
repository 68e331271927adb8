"""The reports of one pytest run: what the process that owns the terminal does with every finished plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.reporting.causes import cause_lines
from pytest_intellisense.reporting.lines import Line, Writer
from pytest_intellisense.reporting.rows import GateRow, PlanRow, ReportDocument, SessionRow
from pytest_intellisense.reporting.terminal import checked_word, dry_run_lines, summary_lines, verdict_word
from pytest_intellisense.reporting.to_row import died_row

if TYPE_CHECKING:
    import pytest

    from pytest_intellisense.reporting.html import HtmlReport
    from pytest_intellisense.reporting.json_report import JsonReport


def attach(report: pytest.TestReport, row: PlanRow, session: SessionRow | None) -> None:
    """Give the report of a plan its row and the facts about the run; both travel to xdist's controller as they are."""
    row["outcome"] = _outcome(report)
    row["started_epoch_s"] = report.start
    vars(report).update(intellisense=row, intellisense_session=session)


def row_of(report: Any) -> PlanRow | None:
    return getattr(report, "intellisense", None)


def teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """For `pytest_report_teststatus`: `PASSED (5/5, 312 ms)`; None for everything that keeps pytest's own word.

    A failed plan keeps it too: its word opens the line of the short summary, which other programs read.
    """
    row = row_of(report)
    if row is None or report.when != "call" or report.outcome != "passed" or hasattr(report, "wasxfail"):
        return None
    word = checked_word(row) if row["verdict"] == "checked" else verdict_word("PASSED", row)
    return "passed", ".", (word, {"green": True})


@dataclass(frozen=True, slots=True)
class _SameAs:
    """The representation of a failure that stands in full elsewhere; `message` is its line in the short summary."""

    first: str
    message: str
    path: str
    lineno: int

    @property
    def reprcrash(self) -> _SameAs:
        return self

    def __str__(self) -> str:
        return f"ENV  same as {self.first}"

    def toterminal(self, tw: Writer) -> None:
        tw.line(str(self), red=True)


class RunReport:
    """Rows by node id in the order they came; of a plan that ran again the last row stands.

    `html` is None without pytest-html.
    """

    def __init__(self, json_report: JsonReport, html: HtmlReport | None) -> None:
        self.json_report = json_report
        self.html = html
        self._rows: dict[str, PlanRow] = {}
        self._first_seen: dict[tuple[str, str], str] = {}
        self.session: SessionRow | None = None
        self.gate: GateRow | None = None
        self.document: ReportDocument | None = None

    @property
    def rows(self) -> list[PlanRow]:
        return list(self._rows.values())

    def begin(self, session: SessionRow, selected: Sequence[str]) -> None:
        """Before the first plan; `selected` are the node ids of all."""
        self.json_report.log.begin(session, selected)

    def plan_begins(self, nodeid: str) -> None:
        self.json_report.log.plan_begins(nodeid)

    def add(self, report: pytest.TestReport) -> None:
        """For `pytest_runtest_logreport`; before pytest-html and the terminal see the report."""
        row = row_of(report)
        if row is None:
            self._add_without_row(report)
            return
        row["outcome"] = _outcome(report)
        self.session = getattr(report, "intellisense_session", None) or self.session
        earlier = self._rows.pop(row["nodeid"], None)
        row["attempts"] = earlier.get("attempts", 1) + 1 if earlier else 1
        self._rows[row["nodeid"]] = row
        self._fold_repeated_environment_failure(report, row)
        if self.html:
            self.html.attach(report, row, self.session)
        for step in row["steps"]:
            for image in step["images"]:
                image.pop("data", None)
        self.json_report.log.plan_ended(row)

    def _add_without_row(self, report: pytest.TestReport) -> None:
        """A plan that passed and could not be torn down, or whose process died."""
        if not report.failed:
            return
        row = self._rows.get(report.nodeid)
        if report.when != "teardown":
            row = self._rows[report.nodeid] = died_row(report.nodeid, str(report.longrepr))
        if row is not None:
            row["outcome"] = "error"
            self.json_report.log.plan_ended(row)

    def finish(self, exit_status: int = 0) -> ReportDocument | None:
        """For `pytest_sessionfinish`: the document, which is written; None if no plan was there."""
        if self._rows:
            self.document = self.json_report.finish(self.session, self.rows, self.gate, exit_status=exit_status)
        return self.document

    @property
    def problems(self) -> dict[Path, str]:
        """Why a report could not be written, by its path."""
        return {**self.json_report.problems, **(self.html.problems if self.html else {})}

    def html_summary(self, prefix: list[str], postfix: list[str]) -> None:
        """For `pytest_html_results_summary`."""
        if self.html:
            self.html.summary(prefix, postfix, self.rows, self.session, self.gate)

    def summary(self, reports: list[tuple[str, Path]], *, unicode: bool) -> list[Line]:
        """For `pytest_terminal_summary`: the lines below `heading`."""
        if self.is_dry_run:
            return dry_run_lines(self.rows, reports, unicode=unicode)
        return summary_lines(self.rows, reports, self.gate, unicode=unicode)

    @property
    def is_dry_run(self) -> bool:
        return bool(self.session and self.session.get("dry_run"))

    @property
    def heading(self) -> str:
        return "intellisense: dry run" if self.is_dry_run else "intellisense: stage latency"

    def causes(self, *, unicode: bool) -> list[Line]:
        """The lines below the heading "intellisense: failures of one cause"; none if all failures differ."""
        return cause_lines(self.rows, unicode=unicode)

    def _fold_repeated_environment_failure(self, report: pytest.TestReport, row: PlanRow) -> None:
        """The same unusable environment is told once in full, then by reference."""
        if row["fault"] != "ENV" or not report.failed:
            return
        first = self._first_seen.setdefault((row["sentence"], row["hint"]), report.nodeid)
        if first != report.nodeid:
            vars(report)["longrepr"] = _SameAs(first, f"ENV {row['sentence']}", row["plan_path"], row["line"])


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.outcome == "passed" else "xfailed"
    return "error" if report.failed and report.when != "call" else str(report.outcome)
