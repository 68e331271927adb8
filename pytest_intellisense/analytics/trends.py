"""What is unusual in the times of many sessions, and since when, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from pytest_intellisense.analytics.change_points import change_points, pettitt
from pytest_intellisense.analytics.robust import LEAST_SIGMA, LIMIT, modified_z
from pytest_intellisense.analytics.samples import Ints, Level, Samples, Session, Subject
from pytest_intellisense.model.durations import format_ns

FEWEST_SESSIONS = 8
SMALLEST_RATIO = 1.2


@dataclass(frozen=True, slots=True)
class Series:
    """The median time of one subject in each session that has it, in the order of time."""

    subject: Subject
    sessions: list[Session]
    medians_ns: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finding:
    """`until` is None where it is still so in the last session. `score` is a p-value (change) or a robust z (anomaly)."""

    kind: Literal["change", "anomaly"]
    subject: Subject
    since: Session
    until: Session | None
    sessions: int
    usual_ns: int
    seen_ns: int
    score: float

    @property
    def ratio(self) -> float:
        return self.seen_ns / self.usual_ns

    def __str__(self) -> str:
        """`order_fill of plan x is 3.1x its usual 4.20 ms since session 20261120-101500 (13.0 ms, 14 sessions)`."""
        is_or_was = "is" if self.until is None else "was"
        count = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        when = f"since session {self.since.session_id}"
        if self.until is None and self.sessions == 1:
            when = f"in the last session, {self.since.session_id}"
        elif self.until == self.since:
            when = f"in session {self.since.session_id}"
        elif self.until is not None:
            when = f"from session {self.since.session_id} to {self.until.session_id}"
        return (
            f"{self.subject} {is_or_was} {self.ratio:.2g}x its usual {format_ns(self.usual_ns)} {when} "
            f"({format_ns(self.seen_ns)}, {count})"
        )


@dataclass(frozen=True, slots=True)
class Outliers:
    """Samples far above the others of the same plan and session; `worst_ns` was seen in `worst_in`."""

    subject: Subject
    count: int
    samples: int
    worst_ns: int
    times_median: float
    worst_in: Session

    def __str__(self) -> str:
        return (
            f"{self.subject}: {self.count} of {self.samples} far above the others, the furthest {format_ns(self.worst_ns)} "
            f"({self.times_median:.2g}x the median of session {self.worst_in.session_id})"
        )


def series_of(samples: Samples, level: Level) -> Iterator[Series]:
    """One for each subject of `level`, plans apart."""
    sessions = samples.in_time()
    for subject, place, value_ns in samples.groups(level, apart=True):
        taken = value_ns >= 0
        places, medians = _medians(place[taken], value_ns[taken])
        if len(places):
            yield Series(subject, [sessions[number] for number in places], medians)


def _medians(place: Ints, value_ns: Ints) -> tuple[Ints, npt.NDArray[np.float64]]:
    order = np.lexsort((value_ns, place))
    ranked = value_ns[order]
    places, starts, counts = np.unique(place, return_index=True, return_counts=True)
    return places, (ranked[starts + (counts - 1) // 2] + ranked[starts + counts // 2]) / 2


def findings(series: Series) -> list[Finding]:
    """Changes of level, then single sessions (or a few) that leave their level; in the order of time.

    A session is an anomaly if its median lies more than 3.5 robust standard deviations from the median of its level
    (see `robust`) and differs by 20 %; levels of fewer than 8 sessions are not judged.
    """
    values = series.medians_ns
    starts = change_points(values)
    bounds = [0, *starts, len(values)]
    segments = list(pairwise(bounds))
    found = [_change(series, before, after) for before, after in pairwise(segments)]
    for start, end in segments:
        if end - start >= FEWEST_SESSIONS:
            found += _anomalies(series, start, end)
    return sorted(found, key=lambda finding: finding.since)


def _change(series: Series, before: tuple[int, int], after: tuple[int, int]) -> Finding:
    last = len(series.medians_ns)
    return Finding(
        kind="change",
        subject=series.subject,
        since=series.sessions[after[0]],
        until=None if after[1] == last else series.sessions[after[1] - 1],
        sessions=after[1] - after[0],
        usual_ns=_middle(series, *before),
        seen_ns=_middle(series, *after),
        score=pettitt(series.medians_ns[before[0] : after[1]])[1],
    )


def _anomalies(series: Series, start: int, end: int) -> Iterator[Finding]:
    values = series.medians_ns[start:end]
    usual = max(float(np.median(values)), 1.0)
    score = modified_z(values, LEAST_SIGMA * usual)
    far = (np.abs(score) > LIMIT) & (np.maximum(values / usual, usual / np.maximum(values, 1.0)) >= SMALLEST_RATIO)
    for first, beyond in _runs(far & (score > 0)) + _runs(far & (score < 0)):
        last = start + beyond - 1
        yield Finding(
            kind="anomaly",
            subject=series.subject,
            since=series.sessions[start + first],
            until=None if last == len(series.medians_ns) - 1 else series.sessions[last],
            sessions=beyond - first,
            usual_ns=round(usual),
            seen_ns=_middle(series, start + first, last + 1),
            score=float(np.median(score[first:beyond])),
        )


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, one after the last) of every stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(first), int(beyond)) for first, beyond in zip(edges[::2], edges[1::2], strict=True)]


def _middle(series: Series, start: int, end: int) -> int:
    return max(round(float(np.median(series.medians_ns[start:end]))), 1)


def most_telling(found: list[Finding]) -> list[Finding]:
    """What is still so first, then by how far it went."""
    return sorted(found, key=lambda one: (one.until is not None, -abs(math.log(one.ratio)), one.subject))


def outliers(samples: Samples, level: Level) -> list[Outliers]:
    """Single samples far above the others of their session: twice its median, and 3.5 robust standard deviations.

    The deviations are logarithms of (sample / median of its session), those of all sessions together.
    """
    sessions = samples.in_time()
    found = []
    for subject, place, value_ns in samples.groups(level, apart=True):
        taken = value_ns > 0
        if taken.sum() < FEWEST_SESSIONS:
            continue
        place, value_ns = place[taken], value_ns[taken]
        places, medians = _medians(place, value_ns)
        times_median = value_ns / medians[np.searchsorted(places, place)]
        far = (modified_z(np.log(times_median), LEAST_SIGMA) > LIMIT) & (times_median >= 2)
        if far.any():
            worst = int(np.argmax(times_median))
            found.append(
                Outliers(
                    subject=subject,
                    count=int(far.sum()),
                    samples=len(value_ns),
                    worst_ns=int(value_ns[worst]),
                    times_median=float(times_median[worst]),
                    worst_in=sessions[int(place[worst])],
                )
            )
    return sorted(found, key=lambda one: -one.times_median)
