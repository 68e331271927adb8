"""Numbers as a screen shows them and Tesseract misreads them."""

from __future__ import annotations

import math
import re

_LOOKALIKES = str.maketrans("OolI", "0011")
_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?")


def number_text(token: str) -> str | None:
    """`token` as a plain number text (`-35.40`), or None if it is none.

    Thousands commas and trailing letters go, letters that look like digits become digits, and of several dots the
    last is the decimal point.
    """
    if not any(letter.isdigit() for letter in token):
        return None
    bare = re.sub(r"[A-Za-z]+$", "", token.replace(",", "")) if token[-1:] not in "OolI" else token.replace(",", "")
    bare = bare.translate(_LOOKALIKES)
    whole, dot, cents = bare.rpartition(".")
    bare = whole.replace(".", "") + dot + cents
    match = _NUMBER.fullmatch(bare)
    return bare if match and (match[2] or match[3]) else None


def cost_of(text: str) -> float:
    """A cost basis in dollars; it has no sign."""
    return abs(float(text))


def realized_of(text: str) -> float:
    """Realized profit or loss in dollars; without a sign it is a profit."""
    return _with_cents(text)


def per_share_of(text: str, *, cost: float, price: float | None) -> float:
    """Profit or loss per share in dollars.

    A single digit is a fragment and counts 0. A number without sign takes that of price minus cost; if it begins with 4
    it may be a misread plus, and is taken so where that brings it closer to price minus cost.
    """
    if re.fullmatch(r"[+-]?\d", text):
        return 0.0
    if text[0] in "+-" or price is None:
        return _with_cents(text)
    expected = price - cost
    readings = [math.copysign(_with_cents(text), expected)]
    if re.match(r"4\d", text):
        readings.append(_with_cents(text[1:]))
    return min(readings, key=lambda value: abs(value - expected))


def _with_cents(text: str) -> float:
    """Without a decimal point the last two digits are cents."""
    if "." in text:
        return float(text)
    value = float(text)
    return 0.0 if abs(value) < 10 else value / 100
