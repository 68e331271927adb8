"""Any text as Markdown that shows it and does nothing else: no markup, no link, no HTML, no new line of a table."""

from __future__ import annotations

import re

from pytest_intellisense.reporting.lines import clipped, printable

_MARKUP = re.compile(r"[\\`*\[\]<>#|~&$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=\bwww)\.")
_TICKS = re.compile(r"`+")


def escaped(text: str, width: int = 1_000) -> str:
    """`text` to stand on one line after other text, the letters that Markdown would read as markup there behind a backslash."""
    return _MARKUP.sub(r"\\\g<0>", clipped(printable(text), width))


def code(text: str, width: int = 200) -> str:
    """`text` as a code span that fits a cell of a table."""
    shown = clipped(printable(text), width)
    if not shown.strip():
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    return (
        f"{ticks} {shown.replace('|', chr(92) + '|')} {ticks}"
        if "`" in shown
        else f"{ticks}{shown.replace('|', chr(92) + '|')}{ticks}"
    )


def block(text: str) -> str:
    """Lines as a fenced block of text."""
    fence = "`" * max(3, max(map(len, _TICKS.findall(text)), default=0) + 1)
    return f"{fence}text\n{text}\n{fence}"
