"""The consumer of a Redis tutorial, as the control of fault tests: what it loses, the same test must find."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.replies import entries_of
from testrade_hooks import clock, wire

_GROUP = "ordinary"
_BLOCK_MS = 200
_PAUSE_S = 0.05


class OrdinaryConsumer:
    """Reads one stream with one group. It goes on after an error, lets the client repeat commands `retries` times, never
    looks at its pending entries, makes a lost group again at the end of the stream, and believes that it loses nothing.
    """

    streams = (wire.ORDER_FILLS,)
    newest_before: tuple[Entry, ...] = ()
    failure: BaseException | None = None

    def __init__(self, url: str, *, retries: int = 0, reply_timeout_s: float | None = 4) -> None:
        self.address = url.partition("//")[2]
        self._client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), retries), socket_timeout=reply_timeout_s)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        self._make_group()
        self._thread = threading.Thread(target=self._run, args=(sink, on_end), daemon=True)
        self._thread.start()

    def acknowledge(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            for entry in batch.entries:
                self._client.xack(entry.stream, _GROUP, entry.entry_id)

    def loss(self) -> LossReport:
        return LossReport()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(0.5)

    def close(self, *, keep_group: bool = False) -> None:
        self._client.close()

    def _run(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        try:
            while not self._stopped.is_set():
                for stream, items in self._read():
                    sink(Batch(clock.now(), tuple(Entry(stream, entry_id, fields) for entry_id, fields in items)))
        except BaseException as error:  # noqa: BLE001 - shown by the session
            self.failure = error
        finally:
            on_end()

    def _read(self) -> Iterable[tuple[str, list[tuple[str, object]]]]:
        try:
            return entries_of(  # type: ignore[return-value]
                self._client.xreadgroup(_GROUP, "one", {self.streams[0]: ">"}, count=100, block=_BLOCK_MS)
            )
        except redis.ResponseError as error:
            if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise
            self._make_group()
        except redis.RedisError:
            self._stopped.wait(_PAUSE_S)
        return ()

    def _make_group(self) -> None:
        try:
            self._client.xgroup_create(self.streams[0], _GROUP, id="$", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
