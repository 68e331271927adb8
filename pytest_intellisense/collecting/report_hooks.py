"""The hooks that report: active in the process that owns the terminal, in runs that have plans."""

from __future__ import annotations

import os
import traceback
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_intellisense.collecting.more_reports import MoreReports
from pytest_intellisense.collecting.rerun import rerun_command
from pytest_intellisense.collecting.session_results import is_plan, plans_of

if TYPE_CHECKING:
    from pytest_intellisense.collecting.gate_run import GateRun
    from pytest_intellisense.reporting.rows import SessionRow
    from pytest_intellisense.reporting.run_report import RunReport

RUN_OF_WORKER = "intellisense_run"
"""The key under which a worker of xdist is told the session id of the run; its own id is that and the worker's."""
HTML_NAME = "report.html"
JSON_NAME = "report.json"


class ReportHooks:
    """Hands every plan's row to the reports, and the reports to pytest. `session` is what is known before the first plan."""

    def __init__(
        self, config: pytest.Config, report_dir: Path, session: SessionRow, gate: GateRun, formats: Sequence[str]
    ) -> None:
        self._config = config
        self._json_path = report_dir / JSON_NAME
        self._session = session
        self._gate = gate
        self._problems = _place_html(config, report_dir / HTML_NAME)
        self._more = MoreReports(formats, report_dir, config.rootpath)
        self._made: RunReport | None = None
        self._selected: list[str] = []

    @property
    def _html_path(self) -> Path | None:
        """Where pytest-html writes; None without it."""
        path = self._config.getoption("htmlpath", None)
        return _expanded(path) if path else None

    @property
    def _report(self) -> RunReport:
        if self._made is None:
            from pytest_intellisense.reporting.html import HtmlReport
            from pytest_intellisense.reporting.json_report import JsonReport
            from pytest_intellisense.reporting.run_report import RunReport

            path = self._html_path
            html = HtmlReport(path, len(self._selected)) if path else None
            self._made = RunReport(JsonReport(self._json_path), html)
        return self._made

    def pytest_report_header(self) -> str:
        from pytest_intellisense.reporting.terminal import header_line

        return header_line(self._session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        from pytest_intellisense.reporting.run_report import teststatus

        return teststatus(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[RUN_OF_WORKER] = self._session["session_id"]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._selected = plans_of(session)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._selected = [nodeid for nodeid in ids if is_plan(nodeid)]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if is_plan(nodeid):
            if self._made is None:
                self._report.begin(self._session, self._selected)
            self._report.plan_begins(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if is_plan(report.nodeid):
            self._report.add(report)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, Any, Any]:
        self._write(session, exitstatus)
        try:
            return (yield)
        except OSError as problem:
            if (path := self._html_path) is None or not _raised_by_pytest_html(problem):
                raise
            from pytest_intellisense.reporting.unwritten import cannot_be_written

            self._problems[path] = cannot_be_written(path, problem)

    def _write(self, session: pytest.Session, exitstatus: int) -> None:
        if self._made is not None:
            self._made.gate = self._gate.finish(self._made.rows)
            if self._gate.problems and exitstatus == pytest.ExitCode.OK:
                session.exitstatus = exitstatus = pytest.ExitCode.TESTS_FAILED
            for row in self._made.rows:
                plan = self._config.rootpath / row["nodeid"].partition("::")[0]
                row.setdefault("rerun", rerun_command(self._config, plan, row["nodeid"]))
            document = self._made.finish(int(exitstatus))
            if document is not None:
                self._more.write(document)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        from pytest_intellisense.reporting.lines import terminal_speaks_unicode, write

        if self._made is None:
            return
        if causes := self._made.causes(unicode=terminal_speaks_unicode()):
            terminalreporter.section("intellisense: failures of one cause", sep="-")
            write(causes, self._config.get_terminal_writer())
        terminalreporter.section(self._made.heading, sep="-")
        write(self._made.summary(self._paths(), unicode=terminal_speaks_unicode()), self._config.get_terminal_writer())
        for problem in (*self._gate.problems, *dict.fromkeys(self._unwritten.values())):
            self._config.get_terminal_writer().line(problem, red=True)
        self._more.show(self._made.document, self._config.get_terminal_writer())

    def _paths(self) -> list[tuple[str, Path]]:
        plans = self._report.html.plans_page if self._report.html else None
        paths = {"report": self._html_path, "plans": plans, "json": self._json_path if self._report.document else None}
        written = ((name, path) for name, path in paths.items() if path and path not in self._unwritten)
        return [*written, *self._more.paths]

    @property
    def _unwritten(self) -> dict[Path, str]:
        return {**self._problems, **self._report.problems, **self._more.problems}

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        from pytest_intellisense.reporting.html import TITLE

        report.title = TITLE

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        from pytest_intellisense.reporting.html import table_header

        table_header(cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        from pytest_intellisense.reporting.run_report import row_of

        if self._report.html:
            self._report.html.table_row(report, row_of(report), cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        from pytest_intellisense.reporting.html import log
        from pytest_intellisense.reporting.run_report import row_of

        log(row_of(report), data)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str]) -> None:
        if self._made is not None:
            self._made.html_summary(prefix, postfix)


def _place_html(config: pytest.Config, usual: Path) -> dict[Path, str]:
    """Tell pytest-html where to write; where that is not possible it is told of no page, and the answer says why."""
    from pytest_intellisense.reporting.unwritten import noted

    option = config.option
    if config.option.collectonly or not hasattr(option, "htmlpath"):
        return {}
    if option.htmlpath is None:
        option.htmlpath, option.self_contained_html = str(usual), True
    problems: dict[Path, str] = {}
    path = _expanded(option.htmlpath)
    with noted(problems, path):
        _try_to_write(path)
    if problems:
        option.htmlpath = None
    return problems


def _expanded(path: str) -> Path:
    """As pytest-html reads it."""
    return Path(os.path.expandvars(path)).expanduser()


def _try_to_write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    path.open("ab").close()
    if is_new:
        path.unlink()


def _raised_by_pytest_html(problem: OSError) -> bool:
    frames = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(problem.__traceback__))
    return any(name.startswith("pytest_html.") for name in frames)
