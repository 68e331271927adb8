"""Count, times and success rate of every group, exact from its raw samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pytest_intellisense.analytics.samples import Ints, Level, Samples, Subject

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Times are nanoseconds of what succeeded; None where nothing did, or too little for the percentile to exist.

    Percentiles are by nearest rank, so that each is a time that was measured. The q-th exists from 100 / (100 - q)
    samples on: below that it would be the maximum under another name.
    """

    subject: Subject
    count: int
    succeeded: int
    min_ns: int | None
    mean_ns: float | None
    median_ns: int | None
    p90_ns: int | None
    p95_ns: int | None
    p99_ns: int | None
    max_ns: int | None

    @property
    def success_rate(self) -> float:
        return self.succeeded / self.count


def aggregates(samples: Samples, level: Level) -> Iterator[Aggregate]:
    """One for each group of `level`, by name."""
    for subject, _, value_ns in samples.groups(level):
        yield aggregate(subject, value_ns)


def aggregate(subject: Subject, value_ns: Ints) -> Aggregate:
    taken = np.sort(value_ns[value_ns >= 0])
    median, p90, p95, p99 = (_nearest_rank(taken, percent) for percent in PERCENTILES)
    return Aggregate(
        subject=subject,
        count=len(value_ns),
        succeeded=len(taken),
        min_ns=int(taken[0]) if len(taken) else None,
        mean_ns=float(taken.mean()) if len(taken) else None,
        median_ns=median,
        p90_ns=p90,
        p95_ns=p95,
        p99_ns=p99,
        max_ns=int(taken[-1]) if len(taken) else None,
    )


def _nearest_rank(ranked: Ints, percent: int) -> int | None:
    count = len(ranked)
    if not count or (percent > 50 and count * (100 - percent) < 100):
        return None
    return int(ranked[-(-percent * count // 100) - 1])
