"""A pytest plugin that hands prepared rows to the reports, so that reports can be tested without a system under test.

`rows.json` holds one row a test; the test `test_plan[n]` passes or fails as row n says.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path

import pytest
from helpers.pytest_command import PYTEST

from pytest_intellisense.collecting.failure import Crash, FailureText, packed, unpacked
from pytest_intellisense.reporting import html, junit, run_report
from pytest_intellisense.reporting.failure_text import failure_lines, one_line
from pytest_intellisense.reporting.html import HtmlReport
from pytest_intellisense.reporting.json_report import JsonReport
from pytest_intellisense.reporting.lines import terminal_speaks_unicode, write

RUN = pytest.StashKey[run_report.RunReport]()
TEST_FILE = """
import pytest

@pytest.mark.parametrize("n", range({count}))
def test_plan(n):
    pass
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in `folder`, as a process of its own, with this plugin instead of the project's."""
    tests = Path(__file__).parents[1]
    command = [*PYTEST, "-p", "no:intellisense", "-p", "helpers.reporting_plugin", *arguments]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}",
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "100",
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60)


def prepare(folder: Path, rows: list, session: object) -> None:
    """Write what a pytest run with this plugin needs into `folder`."""
    (folder / "rows.json").write_text(json.dumps({"rows": rows, "session": session}))
    (folder / "test_plans.py").write_text(TEST_FILE.format(count=len(rows)))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        path = config.getoption("htmlpath", None)
        page = HtmlReport(Path(path), len(_rows(config.rootpath)["rows"])) if path else None
        config.stash[RUN] = run_report.RunReport(JsonReport(config.rootpath / "report.json"), page)


def pytest_runtest_call(item: pytest.Item) -> None:
    row = _prepared(item)
    if row and row["verdict"] != "passed":
        pytest.fail("as prepared", pytrace=False)


def _prepared(item: pytest.Item) -> dict | None:
    if item.originalname != "test_plan":
        return None
    return _rows(item.config.rootpath)["rows"][item.callspec.params["n"]]


@functools.cache
def _rows(folder: Path) -> dict:
    return json.loads((folder / "rows.json").read_text())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    row = _prepared(item)
    if row and report.when == "call":
        row["nodeid"] = item.nodeid
        run_report.attach(report, row, _rows(item.config.rootpath)["session"])
        junit.record(item.user_properties, row)
        if report.failed:
            lines = failure_lines(row, unicode=terminal_speaks_unicode())
            report.longrepr = FailureText(lines, Crash(row["plan_path"], row["line"], one_line(row)))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config, report):
    return packed(report, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(config, data):
    report = yield
    unpacked(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report, config):
    return run_report.teststatus(report)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if RUN in _config.stash:
        _config.stash[RUN].add(report)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    global _config
    _config = session.config


def pytest_sessionfinish(session: pytest.Session) -> None:
    if RUN in session.config.stash:
        session.config.stash[RUN].finish()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    terminalreporter.write_sep("-", "intellisense: stage latency")
    write(config.stash[RUN].summary([("json", "report.json")], unicode=terminal_speaks_unicode()), terminalreporter)


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report) -> None:
    report.title = html.TITLE


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells) -> None:
    html.table_header(cells)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report, cells) -> None:
    _config.stash[RUN].html.table_row(report, run_report.row_of(report), cells)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_html(report, data) -> None:
    html.log(run_report.row_of(report), data)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_summary(prefix, postfix, session) -> None:
    session.config.stash[RUN].html_summary(prefix, postfix)
