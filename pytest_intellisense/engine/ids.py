"""Correlation ids for what we inject: never the same twice in a process, and unlikely to be the same in two."""

from __future__ import annotations

import itertools
import secrets

_numbers = itertools.count(secrets.randbits(32))


def correlation_id(prefix: str) -> str:
    """`<prefix>_<8 hex digits>`, without asking the system for randomness each time."""
    return f"{prefix}_{next(_numbers) & 0xFFFF_FFFF:08x}"
