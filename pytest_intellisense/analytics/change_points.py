"""Where a series of session medians moved to another level and stayed there."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

SHORTEST_SEGMENT = 5
ALPHA = 0.005
SEARCHED_AROUND = 20
SMALLEST_RATIO = 1.1


def change_points(values: npt.NDArray[np.float64]) -> list[int]:
    """Indices at which a new level begins, ascending; none for a series shorter than 18.

    Pettitt's rank test (A. N. Pettitt, A Non-Parametric Approach to the Change-Point Problem, Applied Statistics 28,
    1979) finds the most likely place and how likely chance is; near it, the exact place is where the deviations from
    the medians of both sides are least. Each side is searched again (binary segmentation).
    Ranks make it indifferent to spikes and to the shape of the noise. A change counts if p < 0.005, the medians of both
    sides differ by 10 % and by the robust spread inside the sides, and each side has 5 sessions.
    """
    found = _split(values, 0)
    return [index for index in found if _is_felt(values, found, index)]


def _split(values: npt.NDArray[np.float64], offset: int) -> list[int]:
    if len(values) < 2 * SHORTEST_SEGMENT:
        return []
    likely, p_value = pettitt(values)
    if p_value >= ALPHA:
        return []
    first = max(likely - SEARCHED_AROUND, SHORTEST_SEGMENT)
    beyond = min(likely + SEARCHED_AROUND, len(values) - SHORTEST_SEGMENT) + 1
    if first >= beyond:
        return []
    index = min(range(first, beyond), key=lambda place: _deviation(values[:place]) + _deviation(values[place:]))
    return [*_split(values[:index], offset), offset + index, *_split(values[index:], offset + index)]


def _deviation(values: npt.NDArray[np.float64]) -> float:
    return float(np.abs(values - np.median(values)).sum())


def pettitt(values: npt.NDArray[np.float64]) -> tuple[int, float]:
    """(index at which the second part begins, approximate p-value) of the most likely single change."""
    count = len(values)
    _, inverse, sizes = np.unique(values, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(sizes) - (sizes - 1) / 2
    statistic = np.abs(2 * np.cumsum(mid_ranks[inverse])[:-1] - np.arange(1, count) * (count + 1))
    index = int(np.argmax(statistic))
    p_value = 2 * math.exp(-6 * float(statistic[index]) ** 2 / (count**3 + count**2))
    return index + 1, min(p_value, 1.0)


def _is_felt(values: npt.NDArray[np.float64], found: list[int], index: int) -> bool:
    place = found.index(index)
    before = values[found[place - 1] if place else 0 : index]
    after = values[index : found[place + 1] if place + 1 < len(found) else len(values)]
    levels = sorted((float(np.median(before)), float(np.median(after))))
    within = np.concatenate([before - np.median(before), after - np.median(after)])
    spread = float(np.median(np.abs(within)))
    return levels[1] >= SMALLEST_RATIO * levels[0] and levels[1] - levels[0] > spread
