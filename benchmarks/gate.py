"""The regression gate: false alarms over the same build, simulated and real, and the power to find what is slower.

`gate.py simulated` and `gate.py real` measure a part; without a word both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from support.real_gates import real_alarms
from support.simulated_launches import World, as_one_launch
from timing import print_figure

from pytest_intellisense.analytics import comparison, verdicts
from pytest_intellisense.analytics.gate import FALSE_ALARMS, Comparison, compare_all, compare_case
from pytest_intellisense.analytics.measurements import Launch
from pytest_intellisense.model.regression_limit import DEFAULT_LIMITS

GATES = 300
REAL_GATES = 20
SEED = 20_261

Judge = Callable[[list[Launch], list[Launch]], list[Comparison]]

SAME_BUILD = [World(variation, drift, cases, 4) for cases in (20, 40) for variation in (0.05, 0.15) for drift in (0.0, 0.05)]
ENOUGH = (
    World(0.05, 0.0, 40, 4),
    World(0.15, 0.0, 40, 8),
    World(0.05, 0.05, 40, 16),
    World(0.15, 0.05, 40, 20),
)
"""Launches a side that the limit of +10 % needs to find +15 % among 40 cases, by what the samples scatter and drift."""


def main(part: str) -> int:
    met = True
    if part in ("", "simulated"):
        met = _false_alarms() and met
        met = _controls() and met
        met = _power() and met
    if part in ("", "real"):
        alarms = real_alarms(REAL_GATES)
        met = print_figure("gate_alarms_real", alarms, at_most=0) and met
    return 0 if met else 1


def _false_alarms() -> bool:
    met = True
    for world in SAME_BUILD:
        rate = _rate(world, _over_all)
        met = print_figure(f"GATE_FALSE_ALARMS_{_name(world)}", rate, at_most=FALSE_ALARMS) and met
    few = World(0.15, 0.05, 8, 6)
    return print_figure(f"GATE_FALSE_ALARMS_PLANS_{_name(few)}", _rate(few, _plans_too), at_most=FALSE_ALARMS) and met


def _controls() -> bool:
    """What each condition is there for: without it the same check fails."""
    hard, short = World(0.15, 0.05, 40, 4), World(0.15, 0.0, 5, 1)
    with patch.multiple(comparison, ASSUMED_DRIFT=0.0, ASSUMED_JITTER_NS=0):
        met = print_figure("gate_control_no_drift", _rate(hard, _as_one), at_least=2 * FALSE_ALARMS)
        with patch.object(verdicts, "RANK_ALPHA", 1.1):
            met = print_figure("gate_control_no_rank_test", _rate(short, _over_all), at_least=2 * FALSE_ALARMS) and met
        return print_figure("gate_control_with_rank_test", _rate(short, _over_all), at_most=FALSE_ALARMS) and met


def _power() -> bool:
    met = True
    for world in ENOUGH:
        met = print_figure(f"GATE_FINDS_15_{_name(world)}", _rate(world, _seeded, 1.15), at_least=0.95) and met
        met = print_figure(f"GATE_FINDS_30_{_name(world)}", _rate(world, _seeded, 1.30), at_least=1.0) and met
    return met


def _name(world: World) -> str:
    shares = f"CV{world.variation * 100:.0f}_DRIFT{world.drift * 100:.0f}"
    return f"{shares}_CASES{world.cases}_LAUNCHES{world.launches}"


def _rate(world: World, judge: Judge, factor: float = 1.0) -> float:
    """The share of gates with a regression."""
    rng = np.random.default_rng(SEED)
    found = [any(one.judgement.verdict == "regression" for one in judge(*world.pair(rng, factor=factor))) for _ in range(GATES)]
    return sum(found) / GATES


def _limits(_case: str, _step: str) -> list[tuple[comparison.RegressionLimit, ...]]:
    return [DEFAULT_LIMITS]


def _over_all(base: list[Launch], now: list[Launch]) -> list[Comparison]:
    return compare_all(base, now, _limits)


def _plans_too(base: list[Launch], now: list[Launch]) -> list[Comparison]:
    cases = [step.case for step in base[0].steps]
    found = [one for case in cases for one in compare_case(base, now, case, _limits, cases_in_run=len(cases))]
    return [*_over_all(base, now), *found]


def _as_one(base: list[Launch], now: list[Launch]) -> list[Comparison]:
    return _over_all(as_one_launch(base), as_one_launch(now))


def _seeded(base: list[Launch], now: list[Launch]) -> list[Comparison]:
    return [one for one in _over_all(base, now) if one.stage == "s0"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
