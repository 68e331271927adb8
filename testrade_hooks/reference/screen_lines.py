"""One line of the screen's table as tokens: strategy word, symbol, and the numbers after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

STRATEGY_WORDS = ("Long", "Closed", "Short")

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u201c\u201d~=", "-"))
_IN_PARENTHESES = re.compile(r"\(\s*\$?\s*(\d[\d.,]*)\s*\)")
_STROKE_IN_WORD = re.compile(r"(?<=[A-Z])[|!\]]|[|!\[](?=[A-Z])")
_NOT_OF_A_LINE = re.compile(r"[^A-Za-z0-9\s+,.\-]")
_SIGN_APART = re.compile(r"(?<!\S)([+-])\s+(?=[\d.])")
_DOT_APART = re.compile(r"(?<=\d)\s+(?=\.\d)|(?<=\d\.)\s+(?=\d{1,2}(?!\S))")
_SYMBOL_LENGTH = 6
_READ_AS_DIGIT = str.maketrans("01258", "OIZSB")


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """`numbers` are the raw texts behind the symbol."""

    raw: str
    tokens: tuple[str, ...]
    strategy: str | None
    symbol: str | None
    numbers: tuple[str, ...]


def parse_line(raw: str, threshold: float) -> ScreenLine:
    """Split a line as Tesseract returned it. A leading word `Trade` is skipped; accounting negatives keep their sign."""
    text = _IN_PARENTHESES.sub(r" -\1", raw.translate(_DASHES))
    text = _NOT_OF_A_LINE.sub("", _STROKE_IN_WORD.sub("I", text))
    text = _DOT_APART.sub("", _SIGN_APART.sub(r"\1", text))
    tokens = tuple(token for token in text.split() if re.search(r"[A-Za-z0-9]", token))
    rest = tokens[1:] if len(tokens) > 1 and tokens[0].lower() == "trade" else tokens
    strategy = strategy_word(rest[0], threshold) if rest else None
    symbol = _symbol(rest[1]) if len(rest) > 1 else None
    return ScreenLine(raw, tokens, strategy, symbol, rest[2:])


def strategy_word(token: str, threshold: float) -> str | None:
    """The strategy word that `token` resembles most (difflib ratio of lower case), if at least `threshold`."""
    ratio, word = max((SequenceMatcher(None, token.lower(), word.lower()).ratio(), word) for word in STRATEGY_WORDS)
    return word if ratio >= threshold else None


def in_letters(symbol: str) -> str:
    """`symbol` with its digits as the letters that look like them: 1Q is IQ, G00G is GOOG."""
    return symbol.translate(_READ_AS_DIGIT)


def _symbol(token: str) -> str | None:
    bare = re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", token)
    if re.fullmatch(r"[\d.,]+", bare) or not 1 <= len(bare) <= _SYMBOL_LENGTH:
        return None
    if _one_letter_read_twice(bare):
        return bare[0]
    return bare.upper() if bare.islower() else bare.replace("l", "I").upper()  # among capitals an l was an I


def _one_letter_read_twice(bare: str) -> bool:
    """A lone V comes out as Vv."""
    return len(bare) == 2 and bare[0].isupper() and bare[1] == bare[0].lower()
