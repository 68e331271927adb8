"""Where the consumer groups of a stream stand: what somebody still needs must not be trimmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

_LARGEST_SEQUENCE = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Unread:
    """The oldest entry that `group` has not acknowledged, or has yet to read, is `entry_id` or later."""

    entry_id: str
    group: str

    @property
    def order(self) -> tuple[int, int]:
        return _order(self.entry_id)


def oldest_unread(client: redis.Redis, stream: str) -> Unread | None:
    """Of all groups of a stream; None if it has none. Raises redis.RedisError."""
    try:
        groups: Any = client.xinfo_groups(stream)
    except redis.ResponseError as problem:
        if "no such key" in str(problem).lower():
            return None
        raise
    return min(_of_each(client, stream, groups), key=lambda one: one.order, default=None)


def is_before(entry_id: str, other: str) -> bool:
    """Whether an entry is older, by ids that may lack the part after the `-`."""
    return _order(entry_id) < _order(other)


def _of_each(client: redis.Redis, stream: str, groups: Any) -> Iterator[Unread]:
    for group in groups:
        name = group["name"]
        pending: Any = client.xpending(stream, name) if group["pending"] else {}
        oldest = pending.get("min")
        yield Unread(oldest.decode() if oldest else _after(group["last-delivered-id"].decode()), name.decode())


def _after(entry_id: str) -> str:
    milliseconds, sequence = _order(entry_id)
    return f"{milliseconds}-{sequence + 1}" if sequence < _LARGEST_SEQUENCE else f"{milliseconds + 1}-0"


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
