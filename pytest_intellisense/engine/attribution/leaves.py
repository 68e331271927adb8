"""The values inside an event's body, each with its path, and what their names and texts say."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pytest_intellisense.engine.equality import decimal_of, is_number, same

_MOST_LEAVES = 2_000
_DEEPEST = 8
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SAME_WORD = {"shares": "quantity", "qty": "quantity", "size": "quantity", "avg": "average", "px": "price", "ticker": "symbol"}
_VOLATILE = frozenset(
    {"id", "ids", "uuid", "timestamp", "time", "ns", "ms", "us", "epoch", "latency", "duration", "version", "source", "frame"}
    | {"event", "component", "trigger", "correlation", "causation", "confidence", "roi", "params", "parameters", "sequence"}
)
"""Words in the names of fields that differ from event to event though nothing is wrong."""

_CHANGING = frozenset(
    {"status", "state", "reason", "message", "decision", "remaining", "filled", "enabled", "open", "version", "event"}
)
_KIND = frozenset({"type", "kind", "name", "event", "decision", "message", "update"})
"""Words in the names of fields that mean another thing at every stage, so that one stage says nothing about the next."""

_QUALIFIERS = frozenset({"total", "fill", "order", "request", "requested", "executed", "net", "position", "trade", "signal"})
"""Words that say whose value it is, not which: total_shares, fill_quantity and quantity are one thing on its way."""

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    path: tuple[str, ...]
    value: Any
    parent: Content

    @property
    def words(self) -> frozenset[str]:
        return words_of(self.path[-1])

    @property
    def is_volatile(self) -> bool:
        return not _VOLATILE.isdisjoint(self.words)

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str) and len(self.value.split()) > 1

    def nearness(self, context: frozenset[str]) -> int:
        """How much of what tells one thing from another (a symbol) stands on the way to it or beside it."""
        beside = {value for value in self.parent.values() if isinstance(value, str)}
        return len(context & {*self.path, *beside})


def leaves_of(content: Content) -> Iterator[Leaf]:
    """Every value that is no object or list, at most 2,000 of them, in the order in which they stand there."""
    return itertools.islice(_walk(content, (), {}), _MOST_LEAVES)


def _walk(value: Any, path: tuple[str, ...], parent: Content) -> Iterator[Leaf]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _walk(member, (*path, str(key)), value)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _walk(member, (*path, str(index)), parent)
    elif path:
        yield Leaf(path, value, parent)


@functools.lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """The words of a field's name, words of one meaning as one: fillQty and fill_quantity are the same."""
    found = (word.lower() for word in _WORD.findall(name))
    return frozenset(_SAME_WORD.get(word, word) for word in found)


def changes_on_its_way(name: str) -> bool:
    words = words_of(name)
    return not _CHANGING.isdisjoint(words) or words <= _KIND


def essential(words: frozenset[str]) -> frozenset[str]:
    """The words of a name without those that say whose value it is."""
    return words - _QUALIFIERS or words


def tokens_of(text: str) -> list[str]:
    return [token for raw in text.split() if (token := raw.strip("|,;:()[]{}\"'"))]


def number_in(token: str) -> Decimal | None:
    """The number a token of a text writes: 1,250.00 and $1250 and +1250 are one."""
    bare = token.replace(",", "").replace("$", "")
    try:
        number = Decimal(bare) if bare[:1] in "+-.0123456789" else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def writes(token: str, value: Any) -> bool:
    """Whether a token of a text is how `value` is written."""
    if is_number(value):
        number = number_in(token)
        return number is not None and number == decimal_of(value)
    return isinstance(value, str) and token.casefold() == value.casefold()


def token_that_writes(text: str, value: Any) -> str | None:
    if isinstance(value, str) and len(value.split()) > 1:
        return value if " ".join(value.split()).casefold() in " ".join(text.split()).casefold() else None
    return next((token for token in tokens_of(text) if writes(token, value)), None)


def equal(left: Any, right: Any) -> bool:
    """Equality across stages: texts apart from the spaces between their words, numbers by what they count."""
    if isinstance(left, str) and isinstance(right, str):
        return left.split() == right.split()
    return same(left, right)


def telling(value: Any, *, characters: int = 2) -> bool:
    """Whether a value is unlikely to stand somewhere by chance."""
    if isinstance(value, bool) or value is None:
        return False
    if is_number(value):
        return value != 0 and len(f"{decimal_of(value).normalize():f}".strip("-")) >= characters
    return isinstance(value, str) and len(value.strip()) >= characters
