"""Lines of a report as data: pieces of text with a style, written only through pytest's terminal writer."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Style = Literal["", "red", "green", "yellow", "cyan", "bold", "light"]

_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "–": "-", "—": "-", "│": "|", "┄": ".", "█": "#", "…": "~", "→": ">", "←": "<", "▲": "!", "×": "x"}
    | dict.fromkeys("▏▎▍▌▋▊▉", "#")
)
_PROBE = "✓✗–│┄█▏▉…→←▲"


class Writer(Protocol):
    """What is used of pytest's terminal writer."""

    def write(self, msg: str, *, flush: bool = False, **markup: bool) -> None: ...
    def line(self, s: str = "", **markup: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    style: Style = ""


Line = tuple[Piece, ...]


def line(*pieces: Piece | str) -> Line:
    return tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)


def text_of(lines: Iterable[Line]) -> str:
    return "\n".join("".join(piece.text for piece in pieces).rstrip() for pieces in lines)


def write(lines: Iterable[Line], writer: Writer) -> None:
    for pieces in lines:
        for piece in pieces:
            writer.write(piece.text, **({piece.style: True} if piece.style else {}))
        writer.line("")


def in_ascii(lines: Iterable[Line]) -> list[Line]:
    """The same lines in seven bits: marks by a plain twin, other letters as escapes."""
    return [tuple(Piece(_seven_bits(piece.text), piece.style) for piece in pieces) for pieces in lines]


def _seven_bits(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def terminal_speaks_unicode() -> bool:
    """Whether marks and bars survive on the terminal this process was started with."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    try:
        _PROBE.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def printable(text: str) -> str:
    """`text` without characters that move a terminal's cursor, colour it or reorder it."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)


def clipped(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
