"""StreamTrimmer: keeps streams from growing for ever, by length, by age, or both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import redis

from testrade_hooks.connection import own_client
from testrade_hooks.unread import Unread, is_before, oldest_unread

_SOCKET_TIMEOUT_S = 5.0
_NEARLY = 100
"""Approximate trimming removes whole nodes of a stream, which hold at most so many entries by default."""

_log = logging.getLogger("testrade_hooks.trimming")


class StreamTrimmer:
    """Removes the oldest entries of `streams`: beyond `max_length` entries, or older than `max_age_s` by the server's clock.

    Approximate trimming keeps up to a hundred entries more and costs the server next to nothing.

    With `spare_unread_up_to`, entries that a consumer group has not read and acknowledged are left alone, as long as the stream
    has not more than so many: a reader that died must not fill the memory of Redis. Groups that exist when it looks count;
    readers without a group cannot be seen.

    `removed` counts what was trimmed from each stream since the start; `waits_for` names, for each stream that is longer or
    older than the limits, the group that the last trimming spared it for.

    Raises ValueError if no limit is given, a limit is not positive, or `spare_unread_up_to` is below `max_length`.
    """

    def __init__(
        self,
        redis_client: redis.Redis,
        streams: Iterable[str],
        *,
        max_length: int | None = None,
        max_age_s: float | None = None,
        approximate: bool = True,
        spare_unread_up_to: int | None = None,
    ) -> None:
        if max_length is None and max_age_s is None:
            raise ValueError("give max_length, max_age_s or both")
        if (max_length is not None and max_length < 1) or (max_age_s is not None and max_age_s <= 0):
            raise ValueError("max_length must be at least 1 and max_age_s more than 0")
        if spare_unread_up_to is not None and spare_unread_up_to < (max_length or 1):
            raise ValueError("spare_unread_up_to must be at least max_length, and at least 1")
        if spare_unread_up_to is not None and max_length is not None and not approximate:
            raise ValueError("max_length spares unread entries only approximately: leave out approximate=False")
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._streams = tuple(streams)
        self._max_length = max_length
        self._max_age_s = max_age_s
        self._approximate = approximate
        self._spare_up_to = spare_unread_up_to
        self.removed = dict.fromkeys(self._streams, 0)
        self.waits_for: dict[str, str] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def trim_once(self) -> dict[str, int]:
        """Trim now; gives the number of entries removed from each stream. Raises redis.RedisError after having tried all."""
        removed = dict.fromkeys(self._streams, 0)
        first_problem: redis.ResponseError | None = None
        for stream in self._streams:
            try:
                removed[stream] = self._trim(stream)
                self.removed[stream] += removed[stream]
            except redis.ResponseError as problem:
                first_problem = first_problem or problem
        if first_problem is not None:
            raise first_problem
        return removed

    def start(self, interval_s: float) -> None:
        """Trim every `interval_s` in the background until `close`; what goes wrong is logged and tried again."""
        self._thread = threading.Thread(target=self._run, args=(interval_s,), name="testrade-trimmer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the background thread. May be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(_SOCKET_TIMEOUT_S)
        if self._thread is None or not self._thread.is_alive():
            self._client.close()

    def _run(self, interval_s: float) -> None:
        while not self._closing.is_set():
            try:
                self.trim_once()
            except (redis.RedisError, OSError) as problem:
                _log.warning("streams could not be trimmed: %s", problem)
            self._closing.wait(interval_s)

    def _trim(self, stream: str) -> int:
        unread = None
        removed = 0
        if self._spare_up_to is not None:
            removed = self._trim_to_length(stream, self._spare_up_to)
            unread = oldest_unread(self._client, stream)
            self.waits_for.pop(stream, None)
            if removed and unread:
                _log.warning(
                    "%s: trimmed to %d entries, whether %s has read them or not", stream, self._spare_up_to, unread.group
                )
        if self._max_length is not None:
            removed += self._trim_read(stream, unread) if unread else self._trim_to_length(stream, self._max_length)
        if self._max_age_s is not None:
            removed += self._trim_old(stream, unread)
        return removed

    def _trim_to_length(self, stream: str, length: int) -> int:
        removed: int = self._client.xtrim(stream, maxlen=length, approximate=self._approximate)
        return removed

    def _trim_read(self, stream: str, unread: Unread) -> int:
        """As many entries as are too many, but only such as were read."""
        too_many = self._client.xlen(stream) - (self._max_length or 0)
        if too_many <= 0:
            return 0
        removed: int = self._client.xtrim(stream, minid=unread.entry_id, approximate=True, limit=too_many)
        if too_many - removed > _NEARLY:
            self.waits_for[stream] = unread.group
        return removed

    def _trim_old(self, stream: str, unread: Unread | None) -> int:
        oldest_kept = str(self._oldest_kept_ms())
        if unread and is_before(unread.entry_id, oldest_kept):
            oldest_kept = unread.entry_id
            self.waits_for[stream] = unread.group
        removed: int = self._client.xtrim(stream, minid=oldest_kept, approximate=self._approximate)
        return removed

    def _oldest_kept_ms(self) -> int:
        """Ids of entries begin with the server's wall clock, so the server's clock decides about age."""
        seconds, microseconds = self._client.time()
        return max(0, seconds * 1000 + microseconds // 1000 - int((self._max_age_s or 0) * 1000))
