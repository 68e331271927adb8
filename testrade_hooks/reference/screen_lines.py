"""One line of the screen's table as tokens: strategy word, symbol, and the fields after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

STRATEGY_WORDS = ("Long", "Closed", "Short")

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u201c\u201d~=", "-"))
_IN_PARENTHESES = re.compile(r"(?<!\S)\$?\(\s*\$?\s*([0-9][0-9.,]*)\s*\)(?!\S)")
_CURRENCY = re.compile(r"(?<!\S)([+-]?)[$\u20ac\u00a3]|[$\u20ac\u00a3](?!\S)")
_STROKE_IN_WORD = re.compile(r"(?<=[A-Z])[|!\]]|[|!\[](?=[A-Z])")
_NOT_OF_A_LINE = re.compile(r"[^A-Za-z0-9+,.\-]")
_SIGN_APART = re.compile(r"(?<!\S)([+-])\s+(?=[0-9.])")
_DOT_APART = re.compile(r"(?<=[0-9])\s+(?=\.[0-9])|(?<=[0-9]\.)\s+(?=[0-9]{1,2}(?!\S))")
_MAY_BE_OF_A_NUMBER = re.compile(r"[A-Za-z0-9+,.\-/\\?!@#%&]")
_SYMBOL_LENGTH = 6
_LETTERS_FOR_DIGITS = str.maketrans("01258", "OIZSB")


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """`symbols` is what the symbol may be, the likeliest first; `fields` are the raw texts behind it, without grid strokes."""

    raw: str
    tokens: tuple[str, ...]
    strategy: str | None
    symbols: tuple[str, ...]
    fields: tuple[str, ...]


def parse_line(raw: str, threshold: float) -> ScreenLine:
    """Split a line as Tesseract returned it. A leading word `Trade` is skipped; accounting negatives keep their sign."""
    text = _CURRENCY.sub(r"\1", _IN_PARENTHESES.sub(r"-\1", raw.translate(_DASHES)))
    text = _DOT_APART.sub("", _SIGN_APART.sub(r"\1", _STROKE_IN_WORD.sub("I", text)))
    tokens = text.split()
    words = [place for place, token in enumerate(tokens) if re.search(r"[A-Za-z0-9]", token)]
    if len(words) > 1 and _bare(tokens[words[0]]).lower() == "trade":
        words = words[1:]
    strategy = strategy_word(_bare(tokens[words[0]]), threshold) if words else None
    symbols = _symbols(tokens[words[1]]) if len(words) > 1 else ()
    behind = tokens[words[1] + 1 :] if len(words) > 1 else []
    fields = tuple(token for token in behind if _MAY_BE_OF_A_NUMBER.search(token))
    return ScreenLine(raw, tuple(tokens), strategy, symbols, fields)


def strategy_word(token: str, threshold: float) -> str | None:
    """The strategy word that `token` resembles most (difflib ratio of lower case), if at least `threshold`."""
    ratio, word = max((SequenceMatcher(None, token.lower(), word.lower()).ratio(), word) for word in STRATEGY_WORDS)
    return word if ratio >= threshold else None


def _bare(token: str) -> str:
    return _NOT_OF_A_LINE.sub("", token)


def _symbols(token: str) -> tuple[str, ...]:
    """In capitals, and with letters for the digits that look like them: 1Q may be IQ. Among capitals an l was an I."""
    bare = re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", token)
    if not 1 <= len(bare) <= _SYMBOL_LENGTH or _NOT_OF_A_LINE.search(bare) or re.fullmatch(r"[0-9.,]+", bare):
        return ()
    if _one_letter_read_twice(bare):
        return (bare[0],)
    among_capitals = bare.replace("l", "").isupper()
    read = (bare.replace("l", "I"), bare.upper()) if among_capitals else (bare.upper(),)
    return tuple(dict.fromkeys(read + tuple(symbol.translate(_LETTERS_FOR_DIGITS) for symbol in read)))


def _one_letter_read_twice(bare: str) -> bool:
    """A lone V comes out as Vv."""
    return len(bare) == 2 and bare[0].isupper() and bare[1] == bare[0].lower()
