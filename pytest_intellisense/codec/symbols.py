"""Which symbols (tickers) an event's payload speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NAMED = frozenset({"symbol", "ticker"})
_LISTED = frozenset({"symbols"})
_KEYED = frozenset({"snapshots", "positions", "prices"})
_DEEPEST = 6


def symbols_of(payload: Mapping[str, Any]) -> set[str]:
    """In capitals, from fields such as `symbol`, and from the keys of `snapshots`, at most six levels deep."""
    return {symbol.upper() for symbol in _found(payload, _DEEPEST) if symbol}


def _found(value: object, deeper: int) -> Iterator[str]:
    if deeper == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _found(item, deeper - 1)
    if not isinstance(value, Mapping):
        return
    for name, content in value.items():
        if name in _NAMED and isinstance(content, str):
            yield content
        elif name in _LISTED and isinstance(content, list):
            yield from (item for item in content if isinstance(item, str))
        elif isinstance(content, (Mapping, list)):
            if name in _KEYED and isinstance(content, Mapping):
                yield from content
            yield from _found(content, deeper - 1)
