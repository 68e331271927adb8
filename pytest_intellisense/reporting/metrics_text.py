"""Metrics of many sessions for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.analytics.aggregate import Aggregate
from pytest_intellisense.analytics.metrics import Metrics
from pytest_intellisense.reporting.difference import duration
from pytest_intellisense.reporting.lines import printable

FINDINGS_SHOWN = 12
OUTLIERS_SHOWN = 5


def text(metrics: Metrics) -> str:
    """A table, then what is unusual, in sentences."""
    count = len(metrics.sessions)
    first, last = metrics.sessions[0].session_id, metrics.sessions[-1].session_id
    head = f"{count} sessions, {first} to {last}" if count > 1 else f"1 session, {first}"
    parts = [head, *_table(metrics), ""]
    parts += _said("unusual", metrics.findings, FINDINGS_SHOWN) or ["nothing unusual between the sessions"]
    parts += _said("outliers", metrics.outliers, OUTLIERS_SHOWN)
    return "\n".join(printable(part) for part in parts) + "\n"


def _table(metrics: Metrics) -> list[str]:
    names = [_name(row, metrics) for row in metrics.rows]
    width = max(len(metrics.level), *map(len, names), 0)
    columns = ("min", "mean", "median", "p90", "p95", "p99", "max")
    head = f"{metrics.level:<{width}}  {'n':>6}  {'ok':>6}" + "".join(f"  {name:>8}" for name in columns)
    return [head, *(f"{name:<{width}}  {_numbers(row)}" for name, row in zip(names, metrics.rows, strict=True))]


def _name(row: Aggregate, metrics: Metrics) -> str:
    stage_names = [other.subject.stage for other in metrics.rows]
    if row.subject.stage:
        shared = stage_names.count(row.subject.stage) > 1
        return f"{row.subject.stage} of {row.subject.pipeline}" if shared else row.subject.stage
    return row.subject.pipeline or row.subject.plan


def _numbers(row: Aggregate) -> str:
    times = (row.min_ns, row.mean_ns, row.median_ns, row.p90_ns, row.p95_ns, row.p99_ns, row.max_ns)
    return f"{row.count:>6}  {row.success_rate:>6.1%}" + "".join(f"  {duration(value):>8}" for value in times)


def _said(title: str, found: Sequence[object], most: int) -> list[str]:
    if not found:
        return []
    more = [f"  … and {len(found) - most} more"] if len(found) > most else []
    return [title, *(f"  {one}" for one in found[:most]), *more]
