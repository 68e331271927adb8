"""The reading loop: read, hand on, acknowledge, and find the way back after an accident."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import redis

from pytest_intellisense.codec.entries import Batch, Entry, Gap
from pytest_intellisense.streams.connection import Endpoint, problem_of
from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.readers import EmbeddedReader, GroupReader, Reader
from pytest_intellisense.streams.replies import Reply
from pytest_intellisense.streams.tracks import LossBook, Track
from testrade_hooks import clock

Sink = Callable[[Batch], None]

_DRAIN_WITHIN_S = 2.0
_RETRY_AFTER_S = 0.05
_PASSING = ("NOGROUP", "UNBLOCKED", "MASTERDOWN")
"""Answers after which looking again helps; every other refusal of a command stays a refusal."""


class ReadingLoop:
    """Reads all `tracks` at once, in one thread. Entries on `private_stream` are calls to ourselves and go to `on_call`.

    `lock` guards the tracks and the book.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        group: str,
        tracks: Mapping[str, Track],
        *,
        private_stream: str,
        sink: Sink,
        on_call: Callable[[str], None],
        recover_within_s: float,
    ) -> None:
        self.book = LossBook()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._endpoint = endpoint
        self._group = group
        self._tracks = tracks
        self._private_stream = private_stream
        self._sink = sink
        self._on_call = on_call
        self._recover_within_s = recover_within_s
        self._acks: dict[str, list[str]] = {}

    def run(self) -> None:
        """Read until `closing` is set and all is read. Raises what the sink raises, or EnvironmentProblem."""
        reader = self._reader(self._endpoint.open())
        drain_until = None
        try:
            while drain_until is None or (self._acks and time.monotonic() < drain_until):
                if drain_until is None and self.closing.is_set():
                    drain_until = time.monotonic() + _DRAIN_WITHIN_S
                try:
                    self._read_once(reader, block=drain_until is None)
                except redis.RedisError as error:
                    reader.close()
                    reader = self._recovered(error)
        finally:
            reader.close()

    def _read_once(self, reader: Reader, *, block: bool) -> None:
        reply = reader.read(self._acks, block=block)
        received = clock.now()
        self._acks = {}
        if reply:
            self._hand_on(reply, received)
        elif block and not self._endpoint.blocks_in_groups:
            self._make_whole(self._groups(reader.client))

    def _hand_on(self, reply: Reply, received: clock.Reading, *, delivered_before: bool = False) -> None:
        """Give the sink what is new; what it has taken is acknowledged with the next read."""
        entries: list[Entry] = []
        gaps: list[Gap] = []
        calls: list[str] = []
        acks = {stream: [entry_id for entry_id, _ in items] for stream, items in reply if items}
        for stream, items in reply:
            track = self._tracks[stream]
            for entry_id, fields in items:
                if delivered_before and track.knows(entry_id):
                    continue
                if not fields:
                    gaps.append(Gap(stream, "deleted after its delivery, before it could be read", 1, entry_id))
                elif stream == self._private_stream:
                    calls += [value.decode() for value in fields.values()]
                else:
                    entries.append(Entry(stream, entry_id, fields, track.generation))
        if entries or gaps:
            self._sink(Batch(received, tuple(entries), tuple(gaps)))
        with self.lock:
            for entry in entries:
                self._tracks[entry.stream].advance(entry.entry_id)
            for stream, ids in acks.items():
                self._tracks[stream].pass_by(ids[-1])
        self._acks = acks
        for call in calls:
            self._on_call(call)

    def _recovered(self, error: redis.RedisError) -> Reader:
        """A reader that goes on where we were. Raises EnvironmentProblem when that is impossible or takes too long."""
        deadline = time.monotonic() + self._recover_within_s
        while _may_pass(error) and time.monotonic() < deadline and not self.closing.wait(_RETRY_AFTER_S):
            client = self._endpoint.open()
            try:
                return self._reopened(client, error)
            except redis.RedisError as again:
                error = again
                client.close()
            except BaseException:
                client.close()
                raise
        raise problem_of(error, self._endpoint.address)

    def _reopened(self, client: redis.Redis, error: redis.RedisError) -> Reader:
        reader = self._reader(client)
        try:
            self._make_whole(
                self._groups(client), because=f"reading was interrupted: {problem_of(error, self._endpoint.address)}"
            )
            self._acks = {}
            self._hand_on_pending(reader)
        except BaseException:
            reader.close()
            raise
        return reader

    def _hand_on_pending(self, reader: Reader) -> None:
        while True:
            self._hand_on(reader.pending(), clock.now(), delivered_before=True)
            if not self._acks:
                return
            reader.acknowledge(self._acks)

    def _make_whole(self, groups: Groups, because: str = "") -> None:
        with self.lock:
            gaps = groups.attach_again(self._tracks)
            for gap in gaps:
                self.book.add(gap)
        if because:
            gaps.insert(0, Gap("", because, 0))
        public = tuple(gap for gap in gaps if gap.stream != self._private_stream)
        if public:
            self._sink(Batch(clock.now(), (), public))

    def _groups(self, client: redis.Redis) -> Groups:
        return Groups(client, self._endpoint.address, self._group)

    def _reader(self, client: redis.Redis) -> Reader:
        kind = GroupReader if self._endpoint.blocks_in_groups else EmbeddedReader
        return kind(client, self._group, self._tracks)


def _may_pass(error: redis.RedisError) -> bool:
    if isinstance(error, redis.AuthenticationError):
        return False
    return isinstance(error, redis.ConnectionError | redis.TimeoutError | redis.ReadOnlyError) or str(error).startswith(
        _PASSING
    )
