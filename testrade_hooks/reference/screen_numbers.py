"""Numbers as a screen shows them and Tesseract misreads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NOUGHTS = str.maketrans("Oo", "00")
_LOOKALIKES = str.maketrans("QDlISB", "001158")
_DOLLAR_READ_AS_S = re.compile(r"(?<![\dA-Za-z.])S(?=\d)")
_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?")
_FOUR_DIGITS = re.compile(r"4\d{3,}\.")
_PLUS_LIKE = re.compile(r"4\d+\.")
_CLOSE_TO_EXPECTED = 0.01
"""Share of the price: how near to price minus cost a profit must be without its 4 to take the 4 for a plus."""


def number_text(token: str) -> str | None:
    """`token` as a plain number text (`-35.40`), or None if it is none.

    Thousands commas and trailing letters go, letters that look like digits become digits, and of several dots the
    last is the decimal point.
    """
    if not any(letter.isdigit() for letter in token):
        return None
    bare = _DOLLAR_READ_AS_S.sub("", token.replace(",", "").translate(_NOUGHTS))
    bare = re.sub(r"[A-Za-z]+$", "", bare).translate(_LOOKALIKES)
    whole, dot, cents = bare.rpartition(".")
    bare = whole.replace(".", "") + dot + cents
    match = _NUMBER.fullmatch(bare)
    return bare if match and (match[2] or match[3]) else None


def shifted_columns(numbers: Sequence[str]) -> str | None:
    """Say why the first three of `numbers` cannot be cost basis, profit per share and realized profit, or None."""
    if numbers[0][0] in "+-":
        return f"the cost basis {numbers[0]} has a sign: a column is missing before it"
    cut = len(numbers) > 3 and "." not in numbers[0] and re.fullmatch(r"\d{1,2}", numbers[1])
    return f"the cost basis {numbers[0]} {numbers[1]} is cut in two" if cut else None


def cost_of(text: str) -> float:
    """A cost basis in dollars; it has no sign."""
    return abs(float(text))


def realized_of(text: str) -> float:
    """Realized profit or loss in dollars; without a sign it is a profit."""
    return _with_cents(text)


def per_share_of(text: str, *, strategy: str, cost: float, price: float | None) -> float:
    """Profit or loss per share in dollars.

    A single digit is a fragment and counts 0. A number without sign takes that of the open position's profit at the
    live price. A leading 4 is a misread plus before three or more digits and the point, and where what follows it is about the
    expected profit: 4123.45 is +123.45; 4.25 and 45.00 are what they say.
    """
    if re.fullmatch(r"[+-]?\d", text):
        return 0.0
    if text[0] in "+-":
        return _with_cents(text)
    expected = _expected(strategy, cost, price)
    if _FOUR_DIGITS.match(text) or (expected is not None and _is_misread_plus(text, expected, price)):
        return _with_cents(text[1:])
    value = _with_cents(text)
    return -value if value and expected and expected < 0 else value


def _expected(strategy: str, cost: float, price: float | None) -> float | None:
    """The profit per share of an open position at the live price."""
    if price is None or strategy == "Closed":
        return None
    return price - cost if strategy == "Long" else cost - price


def _is_misread_plus(text: str, expected: float, price: float | None) -> bool:
    if not price or not _PLUS_LIKE.match(text):
        return False
    return abs(_with_cents(text[1:]) - expected) <= _CLOSE_TO_EXPECTED * price < abs(_with_cents(text) - abs(expected))


def _with_cents(text: str) -> float:
    """Without a decimal point the last two digits are cents."""
    if "." in text:
        return float(text)
    value = float(text)
    return 0.0 if abs(value) < 10 else value / 100
