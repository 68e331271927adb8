"""The consumer groups that others have on a stream, and how they stand to one entry of it: asked, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from pytest_intellisense.codec.stream_ids import id_key
from pytest_intellisense.model.attribution import ReaderState
from pytest_intellisense.streams.replies import text_of

OWN_PREFIX = "intellisense:"


class OtherReaders:
    """Reads of the server only; what it does not answer is not known, and nothing is said about it."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def of(self, stream: str, entry_id: str) -> Sequence[ReaderState]:
        try:
            groups: Any = self._client.xinfo_groups(stream)
            return [
                self._state(stream, entry_id, group) for group in groups if not text_of(group["name"]).startswith(OWN_PREFIX)
            ]
        except (redis.RedisError, OSError, KeyError, ValueError):
            return ()

    def _state(self, stream: str, entry_id: str, group: dict[str, Any]) -> ReaderState:
        name = text_of(group["name"])
        delivered = id_key(text_of(group["last-delivered-id"])) >= id_key(entry_id)
        entry: Any = self._client.xpending_range(stream, name, min=entry_id, max=entry_id, count=1) if group["pending"] else ()
        lag = group.get("lag")
        return ReaderState(
            stream=stream,
            group=name,
            pending=int(group["pending"]),
            lag=None if lag is None else int(lag),
            delivered=delivered,
            holder=text_of(entry[0]["consumer"]) if entry else "",
            idle_ms=int(entry[0]["time_since_delivered"]) if entry else 0,
            times_delivered=int(entry[0]["times_delivered"]) if entry else 0,
        )
