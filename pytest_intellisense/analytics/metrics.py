"""Everything that is said about many sessions, at one level."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_intellisense.analytics.aggregate import Aggregate, aggregates
from pytest_intellisense.analytics.samples import Level, Samples, Session
from pytest_intellisense.analytics.trends import Finding, Outliers, Series, findings, most_telling, outliers, series_of


@dataclass(frozen=True, slots=True)
class Metrics:
    """`rows` are the groups of `level`; `series`, `findings` and `outliers` keep the plans of a stage or pipeline apart."""

    level: Level
    sessions: list[Session]
    rows: list[Aggregate]
    series: list[Series]
    findings: list[Finding]
    outliers: list[Outliers]


def metrics_of(samples: Samples, level: Level) -> Metrics:
    series = list(series_of(samples, level))
    return Metrics(
        level=level,
        sessions=samples.in_time(),
        rows=list(aggregates(samples, level)),
        series=series,
        findings=most_telling([finding for one in series for finding in findings(one)]),
        outliers=outliers(samples, level),
    )
