"""Reading on a Redis cluster: a blocking read never spans slots, so each slot has a connection of its own to its node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import redis

from pytest_intellisense.codec.entries import Item
from pytest_intellisense.streams.groups import CONSUMER
from pytest_intellisense.streams.readers import BATCH, BLOCK_MS
from pytest_intellisense.streams.replies import Reply, entries_of
from pytest_intellisense.streams.tracks import Track

_ASK_AGAIN_S = 0.02


class ClusterReader:
    """A `Reader` over many slots. Calls to ourselves come out only when everything that was there before them has.

    A slot that moved is an error like a lost connection: whoever reads opens a new reader.
    """

    def __init__(self, client: Any, group: str, tracks: Mapping[str, Track], private_stream: str) -> None:
        self.client = client
        self._tracks = tracks
        self._private_stream = private_stream
        self._calls: Reply = []
        self._asked: dict[Future[Reply], _Line] = {}
        of_slot: dict[int, list[str]] = {}
        for stream in tracks:
            of_slot.setdefault(client.keyslot(stream), []).append(stream)
        self._lines: list[_Line] = []
        try:
            for streams in of_slot.values():
                self._lines.append(_Line(client, group, streams))
        except BaseException:
            for line in self._lines:
                line.close()
            raise
        self._threads = ThreadPoolExecutor(len(self._lines), "intellisense-slot")

    def read(self, *, block: bool) -> Reply:
        if self._calls or not block:
            return self._sweep()
        self._ask("BLOCK", BLOCK_MS)
        done, _ = wait(self._asked, return_when=FIRST_COMPLETED)
        found = self._collected(done)
        return found or (self._sweep() if self._calls else [])

    def pending(self) -> Reply:
        return [part for line in self._lines for part in line.answer([self._tracks[stream].last_id for stream in line.streams])]

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._threads.shutdown()
        self.client.close()

    def _sweep(self) -> Reply:
        """What there is on every slot at this moment."""
        while self._asked:
            for line in self._asked.values():
                line.interrupt()
            done, waiting = wait(self._asked, _ASK_AGAIN_S)
            if not waiting:
                break
        found = self._collected(done) if self._asked else []
        self._ask()
        found = _merged([*found, *self._collected(wait(self._asked).done)])
        if all(len(items) < BATCH for _, items in found):
            calls, self._calls = self._calls, []
            found += calls
        return found

    def _ask(self, *options: str | int) -> None:
        """Have every line read that is not reading."""
        busy = set(map(id, self._asked.values()))
        for line in self._lines:
            if id(line) not in busy:
                self._asked[self._threads.submit(line.answer, None, *options)] = line

    def _collected(self, done: Iterable[Future[Reply]]) -> Reply:
        """The answers but for calls, which are kept. Raises the error of a line."""
        found: Reply = []
        for future in done:
            del self._asked[future]
            for part in future.result():
                (self._calls if part[0] == self._private_stream else found).append(part)
        return found


def _merged(parts: Reply) -> Reply:
    """A stream that answered twice is one part."""
    of_stream: dict[str, list[Item]] = {}
    for stream, items in parts:
        of_stream.setdefault(stream, []).extend(items)
    return list(of_stream.items())


class _Line:
    """One connection to the node that holds the slot of `streams`."""

    def __init__(self, client: Any, group: str, streams: Sequence[str]) -> None:
        self.streams = streams
        try:
            self._node = client.get_redis_connection(client.get_node_from_key(streams[0]))
        except redis.exceptions.RedisClusterException as error:  # no RedisError
            raise redis.ConnectionError(str(error)) from error
        self._connection: Any = self._node.connection_pool.get_connection()
        self._head = ("XREADGROUP", "GROUP", group, CONSUMER, "COUNT", BATCH)
        self._client_id = (self._connection.handshake_metadata or {}).get(b"id")

    def answer(self, positions: Sequence[str] | None, *options: str | int) -> Reply:
        """New entries, or those pending behind `positions`. Raises redis errors."""
        behind = positions or [">" for _ in self.streams]
        self._connection.send_command(*self._head, *options, "STREAMS", *self.streams, *behind)
        return [part for part in entries_of(self._connection.read_response()) if part[1]]

    def interrupt(self) -> None:
        """End a blocking read now, where we may; it ends by itself within a second otherwise."""
        if self._client_id is not None:
            with suppress(redis.RedisError):
                self._node.client_unblock(self._client_id)

    def close(self) -> None:
        self._connection.disconnect()
        self._node.connection_pool.release(self._connection)
