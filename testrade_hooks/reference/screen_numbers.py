"""Numbers as a screen shows them and Tesseract misreads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

COLUMNS = 3

_NOUGHTS = str.maketrans("Oo", "00")
_LETTERS_BEHIND = re.compile(r"(?:(?<=[.,][0-9]{2})[A-Za-z]+|(?<=[0-9])[ACEFHKMNPRUVWXYacdefhkmnprtuvwxy]+)$")
_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})")
_COMMA_FOR_POINT = r"[0-9]{1,12},[0-9]{2}"
_THOUSANDS = r"[0-9]{1,3}(?:[.,][0-9]{3}){1,3}[.,](?:[0-9]{2}|[0-9]{4})"
_POINT_LOST = r"[0-9]{1,3}(?:,[0-9]{3}){1,3}[0-9]{2}"
_SEPARATED = re.compile(rf"[+-]?(?:{_COMMA_FOR_POINT}|{_THOUSANDS}|{_POINT_LOST})")
_CENTS = re.compile(r"(.+)[.,]([0-9]{2}|[0-9]{4})")
_FOUR_DIGITS = re.compile(r"4[0-9]{3,}\.")
_PLUS_LIKE = re.compile(r"4[0-9]+\.")
_CLOSE_TO_EXPECTED = 0.01
"""Share of the price: how near to price minus cost a profit must be without its 4 to take the 4 for a plus."""


def number_text(field: str) -> str | None:
    """`field` as a plain number text (`-35.40`), or None if it cannot be read for certain.

    Separators of thousands and letters behind the number go, an O is a nought, and the separator before the last two
    digits is the decimal point. Any other letter or sign within a number, a number that ends with a separator, and one
    of more than twelve digits are not certain.
    """
    if not re.search(r"[0-9]", field):
        return None
    bare = _LETTERS_BEHIND.sub("", field.translate(_NOUGHTS))
    if _PLAIN.fullmatch(bare):
        return bare
    if not _SEPARATED.fullmatch(bare):
        return None
    cents = _CENTS.fullmatch(bare)
    whole = re.sub(r"[.,]", "", cents[1] if cents else bare)
    return f"{whole}.{cents[2]}" if cents else whole


def column_problem(fields: Sequence[str]) -> str | None:
    """Say why `fields` cannot be cost basis, profit per share and realized profit, or None."""
    unreadable = [field for field in fields if number_text(field) is None]
    found = len(fields) - len(unreadable)
    if unreadable:
        which = ", ".join(repr(field[:20]) for field in unreadable)
        return f"{found} numbers and the unreadable {which} after the symbol; {COLUMNS} numbers alone are needed"
    if fields and fields[0][0] in "+-":
        return f"the cost basis {fields[0]} has a sign: a column is missing before it"
    if found > COLUMNS and "." not in fields[0] and re.fullmatch(r"[0-9]{1,2}", fields[1]):
        return f"the cost basis {fields[0]} {fields[1]} is cut in two"
    return None if found == COLUMNS else f"{found} numbers after the symbol; {COLUMNS} are needed"


def cost_of(field: str) -> float:
    """A cost basis in dollars; it has no sign."""
    return float(_plain(field))


def realized_of(field: str) -> float:
    """Realized profit or loss in dollars; without a sign it is a profit.

    A leading 4 is a misread plus before three or more digits and the point: 4123.45 is +123.45. A separator of thousands
    tells that it is a digit: 4,123.45 is what it says.
    """
    return _with_cents(_plain(field[1:] if _FOUR_DIGITS.match(field) else field))


def per_share_of(field: str, *, strategy: str, cost: float, price: float | None) -> float:
    """Profit or loss per share in dollars.

    A single digit is a fragment and counts 0. A number without sign takes that of the open position's profit at the
    live price. A leading 4 is a misread plus as in a realized profit, and where what follows it is about the expected
    profit; 4.25 and 45.00 are what they say.
    """
    text = _plain(field)
    if text[0] in "+-":
        return _with_cents(text)
    expected = _expected(strategy, cost, price)
    if _FOUR_DIGITS.match(field) or (expected is not None and _is_misread_plus(text, expected, price)):
        return _with_cents(text[1:])
    value = _with_cents(text)
    return -value if value and expected and expected < 0 else value


def _plain(field: str) -> str:
    text = number_text(field)
    if text is None:
        raise ValueError(f"{field!r} is no number that can be read for certain")
    return text


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
    """Without a decimal point the last two digits are cents; a single digit is a fragment and counts 0."""
    if "." in text:
        return float(text)
    return 0.0 if re.fullmatch(r"[+-]?[0-9]", text) else float(text) / 100
