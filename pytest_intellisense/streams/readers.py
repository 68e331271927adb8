"""The blocking read over all streams at once: one for servers, one for the Redis inside this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import redis

from pytest_intellisense.streams.replies import Reply, entries_of
from pytest_intellisense.streams.tracks import Track

BLOCK_MS = 1000
"""Shorter than the reply timeout of a connection: an idle read must come back empty, never as an error."""

BATCH = 100
Acks = Mapping[str, Sequence[str]]


class Reader(Protocol):
    """Not safe for threads: the reading thread owns it, and the client with it. Methods raise redis errors."""

    client: redis.Redis

    def read(self, acks: Acks, *, block: bool) -> Reply:
        """Acknowledge what is kept by now, then read new entries."""

    def pending(self) -> Reply:
        """Entries that were delivered to us and not acknowledged."""

    def acknowledge(self, acks: Acks) -> None: ...

    def close(self) -> None: ...


class GroupReader:
    """XACK of the last batch and the next XREADGROUP go out in one packet; the long command is packed once."""

    def __init__(self, client: redis.Redis, group: str, tracks: Mapping[str, Track]) -> None:
        self.client = client
        self._group = group
        self._connection: Any = client.connection_pool.get_connection()
        names = ("GROUP", group, _consumer_name(), "COUNT", BATCH)
        new = ("STREAMS", *tracks, *(">" for _ in tracks))
        self._read_blocking = self._packed("XREADGROUP", *names, "BLOCK", BLOCK_MS, *new)
        self._read_ready = self._packed("XREADGROUP", *names, *new)
        self._read_pending = self._packed("XREADGROUP", *names, "STREAMS", *tracks, *("0" for _ in tracks))

    def read(self, acks: Acks, *, block: bool) -> Reply:
        return self._answer(self._packed_acks(acks), self._read_blocking if block else self._read_ready)

    def pending(self) -> Reply:
        return self._answer([], self._read_pending)

    def acknowledge(self, acks: Acks) -> None:
        packed = self._packed_acks(acks)
        if packed:
            self._exchange(packed)

    def close(self) -> None:
        self._connection.disconnect()
        self.client.connection_pool.release(self._connection)
        self.client.close()

    def _answer(self, first: list[bytes], read: bytes) -> Reply:
        return entries_of(self._exchange([*first, read])[-1])

    def _exchange(self, commands: list[bytes]) -> list[Any]:
        self._connection.send_packed_command([b"".join(commands)])
        return [self._connection.read_response() for _ in commands]

    def _packed_acks(self, acks: Acks) -> list[bytes]:
        return [self._packed("XACK", stream, self._group, *ids) for stream, ids in acks.items()]

    def _packed(self, *command: str | int) -> bytes:
        return b"".join(self._connection.pack_command(*command))


class EmbeddedReader:
    """fakeredis returns at once from XREADGROUP BLOCK and may lose entries there: wait by XREAD, then take them by group."""

    def __init__(self, client: redis.Redis, group: str, tracks: Mapping[str, Track]) -> None:
        self.client = client
        self._group = group
        self._tracks = tracks

    def read(self, acks: Acks, *, block: bool) -> Reply:
        self.acknowledge(acks)
        positions: Any = {stream: track.last_id for stream, track in self._tracks.items()}
        ready = entries_of(self.client.xread(positions, count=1, block=BLOCK_MS if block else None))
        return self._by_group([stream for stream, _ in ready], ">")

    def pending(self) -> Reply:
        return self._by_group(list(self._tracks), "0")

    def acknowledge(self, acks: Acks) -> None:
        for stream, ids in acks.items():
            self.client.xack(stream, self._group, *ids)

    def close(self) -> None:
        self.client.close()

    def _by_group(self, streams: Sequence[str], position: str) -> Reply:
        if not streams:
            return []
        wanted: Any = dict.fromkeys(streams, position)
        return entries_of(self.client.xreadgroup(self._group, _consumer_name(), wanted, count=BATCH))


def _consumer_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"
