"""The blocking read over all streams at once: one for servers, one for the Redis inside this process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import redis

from pytest_intellisense.garbage import no_garbage_collection
from pytest_intellisense.streams.groups import CONSUMER
from pytest_intellisense.streams.replies import Reply, entries_of
from pytest_intellisense.streams.tracks import Track
from testrade_hooks import wire

if TYPE_CHECKING:
    from pytest_intellisense.streams.doorbell import Doorbell

BLOCK_MS = 1000
"""Shorter than the reply timeout of a connection: an idle read must come back empty, never as an error."""

BATCH = 100
_AT_MOST = ("COUNT", BATCH)
_LOOK_EVERY_S = 0.25
_QUIET = frozenset({wire.INJECTION_COMMANDS})
"""Our own commands. Nobody waits to see them and the application needs the processor at that moment: they are read with
the first event that follows, or with the end of an idle read."""


class Reader(Protocol):
    """Not safe for threads: the reading thread owns it, and the client with it. Methods raise redis errors."""

    client: redis.Redis

    def read(self, *, block: bool) -> Reply:
        """New entries of all streams."""

    def pending(self) -> Reply:
        """Entries that were delivered to us and that no track has seen: the reply was lost."""

    def close(self) -> None: ...


class _ConnectionReader:
    """XREADGROUP on a connection of its own, without the detours of the client; a subclass says how it waits."""

    def __init__(self, client: redis.Redis, group: str, tracks: Mapping[str, Track]) -> None:
        self.client = client
        self._tracks = tracks
        self._connection: Any = client.connection_pool.get_connection()
        self._names = ("XREADGROUP", "GROUP", group, CONSUMER)

    def pending(self) -> Reply:
        positions = [track.last_id for track in self._tracks.values()]
        return self._answer(self._packed(*self._names, *_AT_MOST, "STREAMS", *self._tracks, *positions))

    def close(self) -> None:
        self._connection.disconnect()
        self.client.connection_pool.release(self._connection)
        self.client.close()

    def _new(self, streams: Iterable[str], *options: str | int) -> bytes:
        names = tuple(streams)
        return self._packed(*self._names, *options, "STREAMS", *names, *(">" for _ in names))

    def _answer(self, *commands: bytes) -> Reply:
        self._send(*commands)
        return [part for _ in commands for part in self._received()]

    def _send(self, *commands: bytes) -> None:
        self._connection.send_packed_command([b"".join(commands)])

    def _received(self) -> Reply:
        return entries_of(self._connection.read_response())

    def _packed(self, *command: str | int) -> bytes:
        return b"".join(self._connection.pack_command(*command))


class GroupReader(_ConnectionReader):
    """Two reads in one packet: the first blocks, the second follows it at once and takes the quiet streams along.

    Where a stream gave all that was asked for, more is waiting: the next read is sent before the reply is handed on, so that
    the server works on it meanwhile.
    """

    def __init__(self, client: redis.Redis, group: str, tracks: Mapping[str, Track]) -> None:
        super().__init__(client, group, tracks)
        quiet = [stream for stream in tracks if stream in _QUIET]
        others = [stream for stream in tracks if stream not in _QUIET]
        self._read_waiting = [self._new(others, *_AT_MOST, "BLOCK", BLOCK_MS)]
        self._read_waiting += [self._new(quiet, *_AT_MOST)] if quiet else []
        self._read_ready = self._new(tracks, *_AT_MOST)
        self._is_sent_ahead = False

    def read(self, *, block: bool) -> Reply:
        if self._is_sent_ahead:
            with no_garbage_collection():  # hundreds of lists that are gone when the reply has been read
                reply = self._received()
        else:
            reply = self._answer(*self._read_waiting) if block else self._answer(self._read_ready)
        self._is_sent_ahead = any(len(items) == BATCH for _, items in reply)
        if self._is_sent_ahead:
            self._send(self._read_ready)
        return reply


class EmbeddedReader(_ConnectionReader):
    """Waits for the doorbell and takes all there is from the streams that rang; looks at all of them when none did.

    There is no limit to a read: the entries are in the memory of this process already, and fakeredis reads faster without.
    """

    def __init__(self, client: redis.Redis, group: str, tracks: Mapping[str, Track], doorbell: Doorbell) -> None:
        super().__init__(client, group, tracks)
        self._doorbell = doorbell
        self._reads: dict[frozenset[str], bytes] = {}
        self._bell = doorbell.subscribe(frozenset(tracks), _QUIET)
        self._bell.ring(tracks)  # nobody rang for what came before

    def read(self, *, block: bool) -> Reply:
        rung = self._bell.wait(_LOOK_EVERY_S if block else 0)
        return self._answer(self._read_of(frozenset(rung or self._tracks)))

    def _read_of(self, streams: frozenset[str]) -> bytes:
        if streams not in self._reads:
            self._reads[streams] = self._new(stream for stream in self._tracks if stream in streams)
        return self._reads[streams]

    def close(self) -> None:
        self._doorbell.unsubscribe(self._bell)
        super().close()
