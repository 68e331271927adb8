"""Regression, improvement, ok or inconclusive: three conditions together, and no verdict that the samples do not bear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from pytest_intellisense.analytics import rank_test, student
from pytest_intellisense.analytics.comparison import CONFIDENCE, MEASURED_FROM, NEEDED, Change
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.regression_limit import RegressionLimit

RANK_ALPHA = 0.01
MOST_LAUNCHES = 200
FACTOR_FROM = 9.0
"""Shares from here on are told as factors."""


class GateVerdict(StrEnum):
    OK = "ok"
    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    INCONCLUSIVE = "inconclusive"
    UNMATCHED = "unmatched"
    """Only one side has it: a new stage or plan, or one that is gone."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` is one clause; `needed_launches` a side would decide an inconclusive one (None: not a matter of launches)."""

    verdict: GateVerdict
    reason: str
    needed_launches: int | None = None
    needed_samples: int | None = None


def judge(change: Change, limit: RegressionLimit, *, machine: float = 0.0, alpha: float) -> Judgement:
    """A regression is: rank test p < RANK_ALPHA, and median change beyond the limit, and lower bound beyond half of it.

    The lower bound must also be beyond nothing at the level `alpha` that keeps the whole gate's false alarms rare.
    `machine` is the slow-down that noise explains, as a share: only what is left beyond it counts.
    """
    short = _too_few(change, limit)
    if short is not None:
        return short
    bound = limit.share if limit.share is not None else float(limit.absolute_ns or 0)
    noise = machine if limit.share is not None else machine * change.base_ns
    if change.median_size <= bound and change.size <= bound:
        return _not_slower(change, bound, limit)
    reached = {
        f"rank test p = {change.p:.2g}, not below {RANK_ALPHA}": change.p < RANK_ALPHA,
        "the median is not beyond the limit in every case put together": min(change.median_size, change.size) > bound,
        f"at least {shown(change.low, limit)} at {CONFIDENCE:.0%} confidence, less than half of the limit": change.low
        > bound / 2,
        "drift between launches could be all of it": change.surely_above > 0,
    }
    missed = [reason for reason, held in reached.items() if not held]
    if missed:
        return Judgement(GateVerdict.INCONCLUSIVE, missed[-1], _launches_needed(change, limit, bound, alpha))
    if _beyond(change.low, noise, limit) <= bound / 2:
        return Judgement(GateVerdict.INCONCLUSIVE, f"noisy: the machine alone explains {shown(noise, limit)}")
    return Judgement(GateVerdict.REGRESSION, f"limit +{limit.amount}, at least {shown(change.low, limit)}, p = {change.p:.1g}")


def shown(size: float, limit: RegressionLimit) -> str:
    """A change as people read it: `+31 %`, `× 226` or `+5.20 ms`."""
    if limit.share is not None and size >= FACTOR_FROM:
        return f"× {factor(1 + size)}"
    if limit.share is not None:
        return f"{size * 100:+.0f} %" if abs(size) >= 0.095 else f"{size * 100:+.1f} %"
    return ("+" if size >= 0 else "−") + format_ns(abs(size))


def factor(value: float) -> str:
    """Three digits, and all of them before the point: `26.2`, `1,030`."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _not_slower(change: Change, bound: float, limit: RegressionLimit) -> Judgement:
    beyond = max(change.median_size, change.size) < -bound and change.p < RANK_ALPHA
    if beyond and change.high < -bound / 2 and change.surely_below < 0:
        return Judgement(GateVerdict.IMPROVEMENT, f"at most {shown(change.high, limit)}, p = {change.p:.1g}")
    if change.high <= bound:
        return Judgement(GateVerdict.OK, f"at most {shown(change.high, limit)}")
    return Judgement(GateVerdict.OK, f"within +{limit.amount}; up to {shown(change.high, limit)} would go unseen")


def _beyond(low: float, noise: float, limit: RegressionLimit) -> float:
    return (1 + low) / (1 + noise) - 1 if limit.share is not None else low - noise


def _too_few(change: Change, limit: RegressionLimit) -> Judgement | None:
    fewest = min(change.base_count, change.now_count)
    needed = NEEDED[limit.statistic]
    if fewest < needed:
        why = f"{limit.statistic} needs {needed} samples a side, there are {change.base_count} and {change.now_count}"
        return Judgement(GateVerdict.INCONCLUSIVE, why, needed_samples=needed)
    a_case = [(change.base_count // change.cases, change.now_count // change.cases)] * change.cases
    if rank_test.smallest_p(a_case) >= RANK_ALPHA:
        return Judgement(GateVerdict.INCONCLUSIVE, "too few pairs for the rank test", needed_samples=2 * fewest)
    if limit.statistic == "max" and not change.drift_measured:
        return Judgement(GateVerdict.INCONCLUSIVE, "a maximum is judged over launches", MEASURED_FROM)
    return None


def _launches_needed(change: Change, limit: RegressionLimit, bound: float, alpha: float) -> int | None:
    """Launches a side that would make a change of this size certain, if the spread stays as it is; None: never."""
    relative = limit.share is not None
    size = math.log1p(change.size) if relative else change.size
    half = math.log1p(bound / 2) if relative else bound / 2
    launches = 2 / (1 / change.base_launches + 1 / change.now_launches)
    of_one_launch = change.error * math.sqrt(launches / 2)
    for count in range(MEASURED_FROM, MOST_LAUNCHES + 1):
        error, df = of_one_launch * math.sqrt(2 / count), 2.0 * (count - 1)
        if size - student.quantile(CONFIDENCE, df) * error > half and size > student.quantile(1 - alpha, df) * error:
            return count
    return None
