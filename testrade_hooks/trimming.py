"""StreamTrimmer: keeps streams from growing for ever, by length, by age, or both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import redis

from testrade_hooks.connection import own_client

_SOCKET_TIMEOUT_S = 5.0

_log = logging.getLogger("testrade_hooks.trimming")


class StreamTrimmer:
    """Removes the oldest entries of `streams`: beyond `max_length` entries, or older than `max_age_s` by the server's clock.

    Approximate trimming keeps up to a hundred entries more and costs the server next to nothing.
    Raises ValueError if no limit is given or a limit is not positive.
    """

    def __init__(
        self,
        redis_client: redis.Redis,
        streams: Iterable[str],
        *,
        max_length: int | None = None,
        max_age_s: float | None = None,
        approximate: bool = True,
    ) -> None:
        if max_length is None and max_age_s is None:
            raise ValueError("give max_length, max_age_s or both")
        if (max_length is not None and max_length < 1) or (max_age_s is not None and max_age_s <= 0):
            raise ValueError("max_length must be at least 1 and max_age_s more than 0")
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._streams = tuple(streams)
        self._max_length = max_length
        self._max_age_s = max_age_s
        self._approximate = approximate
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
        removed = 0
        if self._max_length is not None:
            removed += self._client.xtrim(stream, maxlen=self._max_length, approximate=self._approximate)
        if self._max_age_s is not None:
            removed += self._client.xtrim(stream, minid=str(self._oldest_kept_ms()), approximate=self._approximate)
        return removed

    def _oldest_kept_ms(self) -> int:
        """Ids of entries begin with the server's wall clock, so the server's clock decides about age."""
        seconds, microseconds = self._client.time()
        return max(0, seconds * 1000 + microseconds // 1000 - int((self._max_age_s or 0) * 1000))
