"""Ids of stream entries, in the order of the server."""

from __future__ import annotations

START = "0-0"


def id_key(entry_id: str) -> tuple[int, int]:
    """What to sort ids by. Raises ValueError for what is no id."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
