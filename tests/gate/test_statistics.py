"""The statistics that neither numpy nor the standard library has, against published values."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_intellisense.analytics import student
from pytest_intellisense.analytics.rank_test import p_value, smallest_p


def pair(first: list[float], second: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(first, dtype=float), np.array(second, dtype=float)


def test_the_rank_test_is_mann_and_whitneys():
    """Hollander and Wolfe, Nonparametric Statistical Methods, 69 f.: permeability of placentas, one-sided p = 0.1272."""
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    earlier = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert p_value([pair(earlier, at_term)]) == pytest.approx(2 * 0.1272, abs=1e-4)
    assert p_value([pair(at_term, earlier)]) == p_value([pair(earlier, at_term)])


def test_ties_are_corrected():
    """Two groups of equal values, by hand: U = 31.5 of 49, variance 7·7/12 · (15 − 672/(14·13))."""
    first, second = [1.0] * 5 + [2.0] * 2, [1.0] * 2 + [2.0] * 5
    ties = 2 * (7**3 - 7)
    z = (35.0 - 24.5 - 0.5) / np.sqrt(49 / 12 * (15 - ties / (14 * 13)))
    assert p_value([pair(first, second)]) == pytest.approx(2 * student.upper_tail(z, float("inf")))


@pytest.mark.parametrize(("count", "least"), [(4, 0.0286), (5, 0.0079), (6, 0.00216)])
def test_few_samples_cannot_be_significant(count: int, least: float):
    """The smallest p that so many samples a side can have: four never reach 0.01."""
    apart = pair(list(range(count)), list(range(100, 100 + count)))
    assert p_value([apart]) == pytest.approx(least, abs=5e-5)
    assert smallest_p([(count, count)]) == pytest.approx(least, abs=5e-5)


def test_cases_are_ranked_each_by_itself():
    """Ten cases of very different size, each a little slower: the sign test, 2 / 2¹⁰, where all in one heap show nothing."""
    cases = [pair([10.0**at], [1.1 * 10.0**at]) for at in range(10)]
    heap = pair([float(a[0]) for a, _ in cases], [float(b[0]) for _, b in cases])
    assert p_value(cases) == pytest.approx(2 / 2**10)
    assert p_value([heap]) > 0.5


@pytest.mark.parametrize(
    ("confidence", "df", "t"), [(0.95, 6, 1.943), (0.99, 14, 2.624), (0.975, 1, 12.706), (0.995, 30, 2.750)]
)
def test_students_quantiles_are_those_of_the_tables(confidence: float, df: float, t: float):
    assert student.quantile(confidence, df) == pytest.approx(t, abs=5e-4)
    assert student.upper_tail(t, df) == pytest.approx(1 - confidence, rel=1e-3)
