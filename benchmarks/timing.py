"""Times several ways of doing one thing in turn, in one run, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def interleaved(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[int]]:
    """Nanoseconds of every way in every round; an untimed round comes first, and each round starts with another way."""
    names = list(ways)
    for name in names:
        ways[name]()
    times: dict[str, list[int]] = {name: [] for name in names}
    for round_number in range(rounds):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            start = time.perf_counter_ns()
            ways[name]()
            times[name].append(time.perf_counter_ns() - start)
    return times


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over the rounds of `ours / theirs`."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def print_figure(name: str, ratio: float, *, at_most: float | None = None, at_least: float | None = None) -> bool:
    """Print `NAME RATIO GOAL ok|short`; true if the goal is met. Exactly one of the two goals is given."""
    goal = at_most if at_most is not None else at_least
    assert goal is not None
    met = ratio <= goal if at_most is not None else ratio >= goal
    sign = "<=" if at_most is not None else ">="
    print(f"{name} {ratio:.2f} {sign}{goal:.2f} {'ok' if met else 'short'}", flush=True)
    return met
