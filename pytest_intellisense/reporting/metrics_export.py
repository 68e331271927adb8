"""Metrics of many sessions for other programs: CSV, JSON and Parquet; times in nanoseconds."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from pytest_intellisense.analytics.aggregate import Aggregate
from pytest_intellisense.analytics.metrics import Metrics
from pytest_intellisense.analytics.samples import Session
from pytest_intellisense.analytics.trends import Finding, Outliers
from pytest_intellisense.errors import EnvironmentProblem

SCHEMA_VERSION = 1


def records(metrics: Metrics) -> list[dict[str, Any]]:
    """A flat record for each row, with the same keys at every level."""
    return [_record(row) for row in metrics.rows]


def _record(row: Aggregate) -> dict[str, Any]:
    return {
        **row.subject._asdict(),
        "count": row.count,
        "success_rate": row.success_rate,
        "min_ns": row.min_ns,
        "mean_ns": row.mean_ns,
        "median_ns": row.median_ns,
        "p90_ns": row.p90_ns,
        "p95_ns": row.p95_ns,
        "p99_ns": row.p99_ns,
        "max_ns": row.max_ns,
    }


def csv_text(metrics: Metrics) -> str:
    """A cell that a spreadsheet would take for a formula is quoted with an apostrophe."""
    text = io.StringIO()
    found = records(metrics)
    writer = csv.DictWriter(text, fieldnames=list(found[0]) if found else ["plan"], lineterminator="\n")
    writer.writeheader()
    for record in found:
        writer.writerow({key: _no_formula(value) for key, value in record.items()})
    return text.getvalue()


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def json_text(metrics: Metrics) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "by": str(metrics.level),
        "sessions": [session._asdict() for session in metrics.sessions],
        "rows": records(metrics),
        "findings": [_finding(finding) for finding in metrics.findings],
        "outliers": [_outliers(found) for found in metrics.outliers],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        **finding.subject._asdict(),
        "since": _id(finding.since),
        "until": _id(finding.until),
        "sessions": finding.sessions,
        "usual_ns": finding.usual_ns,
        "seen_ns": finding.seen_ns,
        "ratio": finding.ratio,
        "p_value" if finding.kind == "change" else "robust_z": finding.score,
        "sentence": str(finding),
    }


def _outliers(found: Outliers) -> dict[str, Any]:
    return {
        **found.subject._asdict(),
        "count": found.count,
        "samples": found.samples,
        "times_median": found.times_median,
        "worst_ns": found.worst_ns,
        "worst_in": found.worst_in.session_id,
        "sentence": str(found),
    }


def _id(session: Session | None) -> str | None:
    return session.session_id if session else None


def parquet(metrics: Metrics) -> bytes:
    """The records as one Parquet table. Raises EnvironmentProblem without pyarrow."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError:
        raise EnvironmentProblem(
            "Parquet is written by pyarrow, which is not installed", hint="pip install 'pytest-intellisense[parquet]'"
        ) from None
    texts, counts = ("plan", "pipeline", "stage"), ("count",)
    floats = ("success_rate", "mean_ns")
    times = ("min_ns", "median_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns")
    kinds = {arrow.string(): texts, arrow.int64(): (*counts, *times), arrow.float64(): floats}
    schema = arrow.schema([(name, kind) for kind, names in kinds.items() for name in names])
    sink = arrow.BufferOutputStream()
    arrow.parquet.write_table(arrow.Table.from_pylist(records(metrics), schema=schema), sink)
    return bytes(sink.getvalue())
