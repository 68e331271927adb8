"""Numbers without the dust that sums of fractions leave behind."""

from __future__ import annotations


def whole_shares(quantity: float) -> float:
    """Nobody trades billionths of a share: what is smaller is dust, and would keep orders and positions open."""
    return round(quantity, 9)


def shown(dollars: float) -> float:
    """As it is told. Never reckon with what this returns: errors of rounding would add up."""
    return round(dollars, 6)
