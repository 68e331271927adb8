"""Mann-Whitney's rank test, case by case: neither numpy nor the standard library has it.

U counts, within each case, the pairs in which the second sample is larger (ties count half), and is summed over the cases:
with one case it is Mann and Whitney's test (Annals of Mathematical Statistics 18, 1947), with one sample a side and many
cases the sign test, between them van Elteren's stratified test with equal weights (1960).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

EXACT_UP_TO_PAIRS = 400
"""The exact distribution of U is used up to so many pairs; beyond it the normal approximation is good to three digits."""


def p_value(cases: Iterable[tuple[Values, Values]]) -> float:
    """Two-sided p of the hypothesis that in every case both samples come from one distribution; 1 without any pair.

    Exact without ties and up to EXACT_UP_TO_PAIRS pairs, else normal with corrections for ties and continuity.
    """
    u, mean, variance, tied = 0.0, 0.0, 0.0, False
    sizes: list[tuple[int, int]] = []
    for first, second in cases:
        n, m = len(first), len(second)
        if not n or not m:
            continue
        ranks, ties = _ranks(np.concatenate([first, second]))
        u += float(ranks[n:].sum()) - m * (m + 1) / 2
        mean += n * m / 2
        total = n + m
        variance += n * m / 12 * (total + 1 - ties / (total * (total - 1)))
        tied = tied or ties > 0
        sizes.append((n, m))
    pairs = sum(n * m for n, m in sizes)
    if not pairs or variance <= 0:
        return 1.0
    if not tied and pairs <= EXACT_UP_TO_PAIRS:
        return _exact(u, sizes)
    z = max(abs(u - mean) - 0.5, 0.0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def smallest_p(sizes: Iterable[tuple[int, int]]) -> float:
    """The smallest p that samples of these sizes can have: when every value of one side is above the other's."""
    log_ways = sum(math.lgamma(n + m + 1) - math.lgamma(n + 1) - math.lgamma(m + 1) for n, m in sizes if n and m)
    return min(1.0, 2 * math.exp(-log_ways))


def _ranks(values: Values) -> tuple[Values, float]:
    """Midranks from 1, and Σ(t³ − t) over groups of t equal values."""
    ranked = np.sort(values)
    below, up_to = np.searchsorted(ranked, values, "left"), np.searchsorted(ranked, values, "right")
    group = (up_to - below).astype(np.float64)
    return (below + up_to + 1) / 2, float((group * group - 1).sum())


def _exact(u: float, sizes: list[tuple[int, int]]) -> float:
    distribution = np.ones(1)
    for n, m in sizes:
        distribution = np.convolve(distribution, _frequencies(n, m))
    at = round(u)
    tail = min(float(distribution[: at + 1].sum()), float(distribution[at:].sum()))
    return min(1.0, 2 * tail)


def _frequencies(n: int, m: int) -> Values:
    """P(U = 0), P(U = 1), … for samples of n and m: the coefficients of Gauss's binomial, (1−q^(m+i))/(1−q^i), i = 1…n."""
    counts = np.zeros(n * m + 1)
    counts[0] = 1.0
    for i in range(1, n + 1):
        grown = counts.copy()
        grown[m + i :] -= counts[: len(counts) - m - i]
        for at in range(i, len(grown)):
            grown[at] += grown[at - i]
        counts = grown
    frequencies: Values = counts / counts.sum()
    return frequencies
