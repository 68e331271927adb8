"""Puts a lost or misplaced decimal point of a cost basis back, with the live price as the measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOWEST_RATIO = 0.05
HIGHEST_RATIO = 20.0
LARGEST_EXPONENT = 6


@dataclass(frozen=True, slots=True)
class Correction:
    """`skip_reason` is empty if the value was corrected."""

    value: float
    ratio: float | None
    exponent: int | None
    skip_reason: str

    @property
    def applied(self) -> bool:
        return not self.skip_reason


def corrected_cost(read: float, price: float | None) -> Correction:
    """Shift `read` by the power of ten that brings it to the price, if it is off by more than a factor of 20."""
    if not price or price <= 0:
        return Correction(read, None, None, "NO_VALID_REFERENCE_PRICE")
    ratio = abs(read) / price
    if read == 0 or LOWEST_RATIO <= ratio <= HIGHEST_RATIO:
        return Correction(read, ratio, None, "RATIO_WITHIN_ACCEPTABLE_RANGE")
    exponent = round(math.log10(ratio))
    if abs(exponent) > LARGEST_EXPONENT:
        return Correction(read, ratio, exponent, "EXPONENT_EXCEEDS_MAXIMUM")
    shifted = round(read * 10.0**-exponent, 4)
    return Correction(min(max(shifted, LOWEST_RATIO * price), HIGHEST_RATIO * price), ratio, exponent, "")
