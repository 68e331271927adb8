"""Metrics in Prometheus' text exposition format, version 0.0.4, for the textfile collector or a push gateway."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_intellisense.analytics.aggregate import Aggregate
from pytest_intellisense.analytics.metrics import Metrics

_QUANTILES = (("0.5", "median_ns"), ("0.9", "p90_ns"), ("0.95", "p95_ns"), ("0.99", "p99_ns"))


def exposition(metrics: Metrics) -> str:
    """A summary of durations in seconds, and gauges of the fastest, the slowest and the share that succeeded."""
    return "\n".join(_lines(metrics)) + "\n"


def _lines(metrics: Metrics) -> Iterator[str]:
    what = f"intellisense_{metrics.level}"
    yield from _head(f"{what}_duration_seconds", "summary", f"Time each {metrics.level} took, of those that succeeded.")
    for row in metrics.rows:
        yield from _summary(f"{what}_duration_seconds", row)
    for name, word in (("min_ns", "Shortest"), ("max_ns", "Longest")):
        gauge = f"{what}_duration_{name.removesuffix('_ns')}_seconds"
        yield from _head(gauge, "gauge", f"{word} time of each {metrics.level}.")
        for row in metrics.rows:
            if (value_ns := getattr(row, name)) is not None:
                yield f"{gauge}{_labels(row)} {value_ns / 1e9!r}"
    yield from _head(f"{what}_success_ratio", "gauge", f"Share of each {metrics.level} that succeeded.")
    for row in metrics.rows:
        yield f"{what}_success_ratio{_labels(row)} {row.success_rate!r}"
    yield from _head("intellisense_sessions", "gauge", "Sessions these numbers are taken from.")
    yield f"intellisense_sessions {len(metrics.sessions)}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _summary(name: str, row: Aggregate) -> Iterator[str]:
    for quantile, field in _QUANTILES:
        if (value_ns := getattr(row, field)) is not None:
            yield f"{name}{_labels(row, quantile=quantile)} {value_ns / 1e9!r}"
    yield f"{name}_sum{_labels(row)} {(row.mean_ns or 0) * row.succeeded / 1e9!r}"
    yield f"{name}_count{_labels(row)} {row.succeeded}"


def _labels(row: Aggregate, **more: str) -> str:
    named = {key: value for key, value in row.subject._asdict().items() if value} | more
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in named.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
