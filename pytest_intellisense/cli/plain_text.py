"""Text from recorded sessions, made fit for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """Without anything that moves the cursor, changes colours or breaks the line."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "·" for letter in text)
