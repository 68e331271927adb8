"""One measurement before and now: how much it changed, and how sure that is.

Every sample is taken relative to the centre of its case, so that cases of any size can be put together. The unit of chance is
the launch: samples of one process share its memory layout, caches and neighbours, and more of them do not show how the
next process will be. So a launch counts by one figure, its centre, and the spread between launches says how far chance
reaches. Where a side has fewer than MEASURED_FROM launches that spread cannot be seen and is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_intellisense.analytics import rank_test, student
from pytest_intellisense.model.regression_limit import RegressionLimit, Statistic

Values = NDArray[np.float64]
Series = Mapping[str, Values]
"""What one launch measured: nanoseconds by case."""

MEASURED_FROM = 4
ASSUMED_DRIFT = 0.05
ASSUMED_JITTER_NS = 100_000
"""From one launch to the next the same build differs by about 5 %, and by what waking a thread costs."""

CONFIDENCE = 0.95
RESAMPLES = 400
TRIMMED = 0.2
"""Wilcox, Introduction to Robust Estimation and Hypothesis Testing: a fifth from either end bears one outlier in five."""

_SHARES: dict[Statistic, float] = {"median": 0.5, "p90": 0.90, "p95": 0.95, "p99": 0.99, "max": 1.0}
NEEDED: dict[Statistic, int] = {"median": 5, "p90": 10, "p95": 20, "p99": 100, "max": 20}
"""Samples a side that a statistic needs to exist at all: with fewer, no value lies beyond it."""


@dataclass(frozen=True, slots=True)
class Change:
    """`size`, `low`, `high` and `surely_above` are shares of the base (0.1: 10 % slower) or, for absolute limits, nanoseconds.

    `low` and `high` are the one-sided bounds at CONFIDENCE; `surely_above` and `surely_below` those at the level that all
    comparisons of the gate together keep. `error` is the standard error of `size`, on its logarithm for shares.
    """

    cases: int
    base_count: int
    now_count: int
    base_launches: int
    now_launches: int
    base_ns: float
    now_ns: float
    size: float
    median_size: float
    low: float
    high: float
    surely_above: float
    surely_below: float
    p: float
    error: float
    drift_measured: bool
    cases_slower: int


@dataclass(frozen=True, slots=True)
class _Scale:
    """Ratios are compared by their logarithms, durations as they are."""

    relative: bool

    def into(self, values: Values) -> Values:
        return np.log(np.maximum(values, 1.0)) if self.relative else values

    def out(self, difference: float) -> float:
        return math.expm1(min(difference, 50.0)) if self.relative else difference


def compare(
    base: Sequence[Series], now: Sequence[Series], limit: RegressionLimit, *, alpha: float, seed: int = 1
) -> Change | None:
    """The change of `limit.statistic` from `base` to `now`, each a list of launches; None without a common case.

    `alpha` is the chance of a false alarm that this one comparison may take.
    """
    base, now = [one for one in base if one], [one for one in now if one]
    cases = sorted({case for one in base for case in one} & {case for one in now for case in one})
    if not cases:
        return None
    scale = _Scale(limit.share is not None)
    of_base = {case: np.concatenate([one[case] for one in base if case in one]) for case in cases}
    of_now = {case: np.concatenate([one[case] for one in now if case in one]) for case in cases}
    share = _SHARES[limit.statistic]
    # the middle of both sides' medians: either side is as far from it
    centre = {case: (_median(scale.into(of_base[case])) + _median(scale.into(of_now[case]))) / 2 for case in cases}
    base_parts, now_parts = _parts(base, centre, scale), _parts(now, centre, scale)
    rng = np.random.default_rng(seed)
    sides = [_Side.of(parts, limit.statistic, rng) for parts in (base_parts, now_parts)]
    estimate = sides[1].centre - sides[0].centre
    base_ns = float(np.median([_at(of_base[case], share) for case in cases]))
    error, df = _error(sides, _assumed(scale, base_ns))
    near, far = (student.quantile(confidence, df) * error for confidence in (CONFIDENCE, 1 - alpha))
    slower = {case: _at(of_now[case], share) > _at(of_base[case], share) for case in cases}
    return Change(
        cases=len(cases),
        base_count=sum(map(len, base_parts)),
        now_count=sum(map(len, now_parts)),
        base_launches=len(base_parts),
        now_launches=len(now_parts),
        base_ns=base_ns,
        now_ns=float(np.median([_at(of_now[case], share) for case in cases])),
        size=scale.out(estimate),
        median_size=scale.out(_at(np.concatenate(now_parts), share) - _at(np.concatenate(base_parts), share)),
        low=scale.out(estimate - near),
        high=scale.out(estimate + near),
        surely_above=scale.out(estimate - far),
        surely_below=scale.out(estimate + far),
        p=rank_test.p_value(_ranked(of_base[case], of_now[case], limit.statistic) for case in cases),
        error=error,
        drift_measured=all(side.launches >= MEASURED_FROM for side in sides),
        cases_slower=sum(slower.values()),
    )


def _parts(launches: Sequence[Series], centre: Mapping[str, float], scale: _Scale) -> list[Values]:
    """The samples of each launch, relative to the centre of their case."""
    parts = [[scale.into(one[case]) - middle for case, middle in centre.items() if case in one] for one in launches]
    return [np.concatenate(found) for found in parts if found]


@dataclass(frozen=True, slots=True)
class _Side:
    """`within` is the variance of `centre` that resampling the samples of each launch shows, `between` that over launches.

    Resampling whole launches gives `between` too; for a mean it has the closed form used here (Davison and Hinkley, Bootstrap
    Methods and their Application, 3.8: of nested data the outer level alone is resampled).
    """

    centre: float
    within: float
    between: float
    launches: int

    @classmethod
    def of(cls, parts: list[Values], statistic: Statistic, rng: np.random.Generator) -> _Side:
        count = len(parts)
        centres = np.array([_centres(part[None, :], statistic)[0] for part in parts])
        between = float(centres.var(ddof=1)) / count if count > 1 else 0.0
        within = 0.0
        if count < MEASURED_FROM:
            drawn = [_centres(part[rng.integers(0, len(part), (RESAMPLES, len(part)))], statistic) for part in parts]
            within = float(np.mean(drawn, axis=0).var())
        return cls(float(centres.mean()), within, between, count)

    def variance(self, assumed_drift: float) -> float:
        """The spread of two or three launches is believed only where it is larger than what is assumed."""
        if self.launches >= MEASURED_FROM:
            return self.between
        return max(self.between, self.within + assumed_drift**2 / self.launches)


def _centres(rows: Values, statistic: Statistic) -> Values:
    """The centre of each row: for the median the mean of what is left when a fifth is cut from either end."""
    ranked = np.sort(rows, axis=1)
    count = ranked.shape[1]
    if statistic == "median":
        cut = int(TRIMMED * count)
        middle: Values = ranked[:, cut : count - cut].mean(axis=1)
        return middle
    at: Values = ranked[:, _index(count, _SHARES[statistic])]
    return at


def _error(sides: list[_Side], assumed: float) -> tuple[float, float]:
    """Standard error of the difference, and its degrees of freedom (infinite where the drift is assumed, not measured)."""
    variance = sum(side.variance(assumed) for side in sides)
    df = sum(side.launches - 1 for side in sides if side.launches >= MEASURED_FROM)
    return math.sqrt(variance), float(df) if df else math.inf


def _assumed(scale: _Scale, base_ns: float) -> float:
    drift_ns = ASSUMED_DRIFT * base_ns + ASSUMED_JITTER_NS
    return drift_ns / max(base_ns, 1.0) if scale.relative else drift_ns


def _ranked(base: Values, now: Values, statistic: Statistic) -> tuple[Values, Values]:
    """For a tail the question is which side has the values that are that far out, not which is larger on the whole."""
    if statistic == "median":
        return base, now
    bound = _at(np.concatenate([base, now]), _SHARES[statistic])
    return (base >= bound).astype(np.float64), (now >= bound).astype(np.float64)


def _median(values: Values) -> float:
    """As numpy's, which takes ten times as long over a few values, and cases are many and small."""
    ranked = np.sort(values)
    return float(ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2


def _at(values: Values, share: float) -> float:
    """A percentile by nearest rank, so a value that was measured; the median as everybody has it."""
    if share == 0.5:
        return _median(values)
    return float(np.sort(values)[_index(len(values), share)])


def _index(count: int, share: float) -> int:
    return max(math.ceil(share * count) - 1, 0)
