"""The HTML report: a guest in pytest-html, through its hooks only.

pytest-html keeps the page and one row a test. Each row gets our columns and an empty place; what stands there travels
once, compressed, at the end of the page and is put in when the row is opened. No external request, one file.
"""

from __future__ import annotations

import base64
import functools
import gzip
import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_intellisense.reporting import html_views
from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.rows import PlanRow, SessionRow

if TYPE_CHECKING:
    import jinja2
    import pytest

TITLE = "IntelliSense report"
NS_DIGITS = 15
_COLUMNS = (("validations", "Validations"), ("endToEnd", "End to end"), ("slowest", "Slowest stage"))


class HtmlReport:
    """Collects the details of all plans of a run and hands them to pytest-html."""

    def __init__(self) -> None:
        self._pictures = html_views.Pictures()
        self._cases: list[str] = []

    def attach(self, report: pytest.TestReport, row: PlanRow) -> None:
        """Give the report of a plan its place in the page; call before pytest-html sees the report."""
        from pytest_html import extras

        place = f"<div class='is-place' data-case='{len(self._cases)}'></div>"
        text = str(report.longrepr) if report.failed else ""
        self._cases.append(_template("case.html").render(html_views.case_view(row, text, self._pictures)))
        vars(report)["extras"] = [*getattr(report, "extras", []), extras.html(place)]

    def summary(self, prefix: list[str], postfix: list[str], plans: Sequence[PlanRow], session: SessionRow | None) -> None:
        """Put style, numbers, tables, details and script into the page: `pytest_html_results_summary`."""
        prefix.append(_template("summary.html").render(html_views.summary_view(plans, session), style=_source("report.css")))
        postfix.append(_template("details.html").render(packed=self._packed(), script=_source("report.js")))

    def _packed(self) -> str:
        text = json.dumps({"cases": self._cases, "pictures": self._pictures.by_name})
        return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")


def table_header(cells: list[str]) -> None:
    """`pytest_html_results_table_header`: our columns after the test's name."""
    cells[2:2] = [f'<th class="sortable" data-column-type="{key}">{label}</th>' for key, label in _COLUMNS]


def table_row(report: pytest.TestReport, row: PlanRow | None, cells: list[str]) -> None:
    """`pytest_html_results_table_row`, for every test: pytest-html itself leaves a test's name unescaped."""
    phase = "" if report.when == "call" else f"::{report.when}"
    cells[1] = f'<td class="col-testId">{html.escape(report.nodeid + phase)}</td>'
    held = html_views.validations_held(row) if row else ""
    total = html_views.end_to_end_of(row) if row else None
    slowest = html_views.slowest_of(row) if row else None
    took = slowest.took_ns if slowest else None
    name = f" {html.escape(slowest.stage['name'])}" if slowest else ""
    cells[2:2] = [
        f'<td class="col-validations">{held}</td>',
        f'<td class="col-endToEnd">{_sortable(total)}{duration(total) if total else ""}</td>',
        f'<td class="col-slowest">{_sortable(took)}{duration(took) if took else ""}<span class="is-stage">{name}</span></td>',
    ]


def log(row: PlanRow | None, data: list[str]) -> None:
    """`pytest_html_results_table_html`: the failure text stands in the details already."""
    if row:
        data[:] = [part for part in data if part.lstrip().startswith("-") and "Captured" in part]


def _sortable(value_ns: int | None) -> str:
    """pytest-html sorts cells as text: a hidden number of fixed width puts durations in order."""
    return f"<span hidden>{value_ns or 0:0{NS_DIGITS}d}</span>"


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_intellisense", "reporting/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@functools.cache
def _source(name: str) -> Any:
    """A file of ours that goes into the page as it stands."""
    import markupsafe

    loader = _environment().loader
    assert loader is not None
    return markupsafe.Markup(loader.get_source(_environment(), name)[0])  # noqa: S704
