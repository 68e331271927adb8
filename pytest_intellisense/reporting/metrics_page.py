"""Metrics of many sessions as one HTML page: no script, no request, plots in SVG."""

from __future__ import annotations

import time
from typing import Any

from pytest_intellisense.analytics.aggregate import Aggregate
from pytest_intellisense.analytics.metrics import Metrics
from pytest_intellisense.analytics.samples import Session, Subject
from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.trend_plot import trend_plot

PLOTS_SHOWN = 120
FINDINGS_SHOWN = 50


def page(metrics: Metrics) -> str:
    """The whole page. Plots of subjects with something unusual come first."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_intellisense", "reporting/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("metrics.html").render(_view(metrics))


def _view(metrics: Metrics) -> dict[str, Any]:
    unusual = {finding.subject: place for place, finding in reversed(list(enumerate(metrics.findings)))}
    ordered = sorted(metrics.series, key=lambda one: (unusual.get(one.subject, len(unusual)), one.subject))
    plotted = [one for one in ordered if len(one.sessions) > 1][:PLOTS_SHOWN]
    anchors = {one.subject: f"plot-{number}" for number, one in enumerate(plotted)}
    return {
        "by": str(metrics.level),
        "cards": _cards(metrics),
        "findings": [
            {
                "text": str(finding),
                "kind": finding.kind,
                "slower": finding.ratio > 1,
                "anchor": anchors.get(finding.subject, ""),
            }
            for finding in metrics.findings[:FINDINGS_SHOWN]
        ],
        "findings_left": max(len(metrics.findings) - FINDINGS_SHOWN, 0),
        "outliers": [str(found) for found in metrics.outliers[:FINDINGS_SHOWN]],
        "rows": _rows(metrics),
        "plots": [
            {
                "anchor": anchors[one.subject],
                "name": one.subject.stage or one.subject.pipeline or one.subject.plan,
                "where": _where(one.subject),
                **trend_plot(one, [finding for finding in metrics.findings if finding.subject == one.subject]),
            }
            for one in plotted
        ],
        "plots_left": max(sum(len(one.sessions) > 1 for one in ordered) - len(plotted), 0),
    }


def _cards(metrics: Metrics) -> list[dict[str, str]]:
    samples = sum(row.count for row in metrics.rows)
    succeeded = sum(row.succeeded for row in metrics.rows)
    first, last = metrics.sessions[0], metrics.sessions[-1]
    return [
        {"value": f"{len(metrics.sessions):,}", "label": "sessions", "note": f"{_day(first)} to {_day(last)}"},
        {"value": f"{samples:,}", "label": f"{metrics.level} samples", "note": f"in {len(metrics.rows)} rows"},
        {"value": f"{succeeded / max(samples, 1):.1%}", "label": "succeeded", "note": f"{samples - succeeded:,} did not"},
        {"value": str(len(metrics.findings)), "label": "unusual", "note": "changes of level and single sessions"},
    ]


def _day(session: Session) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(session.started_epoch_s))


def _rows(metrics: Metrics) -> list[dict[str, Any]]:
    longest = max((row.p95_ns or row.max_ns or 0 for row in metrics.rows), default=0) or 1
    return [_row(row, longest) for row in metrics.rows]


def _row(row: Aggregate, longest_ns: int) -> dict[str, Any]:
    times = (row.min_ns, row.mean_ns, row.median_ns, row.p90_ns, row.p95_ns, row.p99_ns, row.max_ns)
    return {
        "name": row.subject.stage or row.subject.pipeline or row.subject.plan,
        "where": _where(row.subject),
        "count": f"{row.count:,}",
        "success": f"{row.success_rate:.1%}",
        "whole": row.succeeded == row.count,
        "times": [duration(value) for value in times],
        "median_width": round(1000 * (row.median_ns or 0) / longest_ns),
        "width": min(round(1000 * (row.p95_ns or row.max_ns or 0) / longest_ns), 1000),
    }


def _where(subject: Subject) -> str:
    above = [part for part in (subject.plan, subject.pipeline) if part]
    return " · ".join(above if subject.stage else above[:-1])
