"""How much slower the machine alone made everything: what of a change is the machine's, not the build's."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from pytest_intellisense.analytics.measurements import Noise


def machine_share(base: Sequence[Noise], now: Sequence[Noise]) -> float:
    """The slow-down that noise explains, as a share (0.2: 20 %): the largest that any of the signs tells, never below 0.

    The calibration work took longer; our threads stood in line for a processor longer; more of it was stolen.
    """
    ratios = [_calibration(now) / _calibration(base)] if _calibration(base) and _calibration(now) else []
    waited = _mean(each.waited for each in base), _mean(each.waited for each in now)
    if waited[0] is not None and waited[1] is not None:
        ratios.append((1 + waited[1]) / (1 + waited[0]))
    stolen = _mean(each.steal for each in base), _mean(each.steal for each in now)
    if stolen[0] is not None and stolen[1] is not None:
        ratios.append((1 - min(stolen[0], 0.9)) / (1 - min(stolen[1], 0.9)))
    return max(max(ratios, default=1.0) - 1, 0.0)


def in_words(noise: Sequence[Noise]) -> str:
    """`calibration 1.02 ms, waited 3 %, steal 0 %, pressure 12 %, load 1.4`, without what the system does not tell."""
    from pytest_intellisense.model.durations import format_ns

    parts = [f"calibration {format_ns(_calibration(noise))}"] if _calibration(noise) else []
    for word, value in (
        ("waited", _mean(each.waited for each in noise)),
        ("steal", _mean(each.steal for each in noise)),
        ("pressure", _mean(each.pressure for each in noise)),
    ):
        if value is not None:
            parts.append(f"{word} {value:.0%}")
    load = _mean(each.load for each in noise)
    return ", ".join([*parts, *([f"load {load:.1f}"] if load is not None else [])])


def _calibration(noise: Sequence[Noise]) -> float:
    return statistics.median([ns for each in noise for ns in each.calibration_ns] or [0])


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
