"""Student's t distribution, which neither numpy nor the standard library has.

The tail is half of the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²) (Abramowitz and
Stegun, Handbook of Mathematical Functions, 26.5.27 and 26.7.1); I_x by its continued fraction (26.5.8), evaluated from
the front (Lentz 1976).
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

_TINY = 1e-300
_STEPS = 400
_PRECISION = 1e-14


def upper_tail(t: float, df: float) -> float:
    """P(T > t) with `df` degrees of freedom; `df` infinite is the normal distribution."""
    if math.isinf(df):
        return math.erfc(t / math.sqrt(2)) / 2
    tail = _incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2
    return tail if t >= 0 else 1 - tail


@functools.lru_cache(maxsize=1024)
def quantile(confidence: float, df: float) -> float:
    """The t that a fraction `confidence` (0.5 to below 1) of the distribution lies under."""
    if math.isinf(df):
        return NormalDist().inv_cdf(confidence)
    low, high = 0.0, 1.0
    while upper_tail(high, df) > 1 - confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, df) > 1 - confidence else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x > (a + 1) / (a + b + 2):
        return 1 - math.exp(log_front) / b / _fraction(b, a, 1 - x)
    return math.exp(log_front) / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """The denominator that divides the front factor: 1 + d1/(1 + d2/(1 + …))."""
    value = upper = 1.0
    lower = 0.0
    for step in range(1, _STEPS):
        half, odd = divmod(step, 2)
        if odd:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1 / (1 + term * lower or _TINY)
        upper = 1 + term / upper or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < _PRECISION:
            break
    return value
