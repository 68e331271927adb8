"""The reading loop: read, hand on, and find the way back after an accident."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import redis

from pytest_intellisense.codec.entries import Batch, Entry, Gap, Item, PlainColumns, StreamEntries, id_at
from pytest_intellisense.codec.stream_ids import id_key
from pytest_intellisense.streams.cluster import ClusterReader
from pytest_intellisense.streams.connection import Endpoint, is_cluster, problem_of
from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.passing import may_pass
from pytest_intellisense.streams.readers import BATCH, EmbeddedReader, GroupReader, Reader
from pytest_intellisense.streams.replies import Entries, Reply
from pytest_intellisense.streams.tracks import LossBook, Track
from testrade_hooks import clock, wire

Sink = Callable[[Batch], None]

_Row = tuple[str, int, Entries]
"""Stream, generation and entries of it, as a read returned them."""

_DELETED = "deleted after its delivery, before it could be read"
_DRAIN_WITHIN_S = 2.0
_RETRY_AFTER_S = 0.05


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
        self._calls: list[str] = []

    def run(self) -> None:
        """Read until `closing` is set and all is read. Raises what the sink raises, or EnvironmentProblem."""
        reader = self._reader(self._endpoint.open())
        drain_until = float("inf")
        try:
            while True:
                closing = self.closing.is_set()
                if closing:
                    drain_until = min(drain_until, time.monotonic() + _DRAIN_WITHIN_S)
                try:
                    found = self._read_once(reader, block=not closing)
                except redis.RedisError as error:
                    reader.close()
                    reader = self._recovered(error)
                    continue
                if closing and (not found or time.monotonic() > drain_until):
                    return
        finally:
            reader.close()

    def _read_once(self, reader: Reader, *, block: bool) -> bool:
        reply = reader.read(block=block)
        received = clock.now()
        if reply:
            self._hand_on(reply, received)
        else:
            self._answer_calls()
        if not reply and block and self._endpoint.doorbell is not None:
            self._make_whole(self._groups(reader.client))
        return bool(reply)

    def _hand_on(self, reply: Reply, received: clock.Reading) -> None:
        reply, again = self._without_repetitions(reply)
        gaps = _delivered_again(again) if again else []
        rows: list[_Row] = []
        passed: list[tuple[Track, Item, int, int]] = []
        for stream, items in reply:
            track = self._tracks[stream]
            readable = items if isinstance(items, PlainColumns) else [item for item in items if item[1]]
            deleted = len(items) - len(readable)
            if deleted:
                gaps += [Gap(stream, _DELETED, 1, entry_id) for entry_id, fields in items if not fields]
            if stream == self._private_stream:
                self._calls += [value.decode() for _, fields in readable for value in fields.values()]
            elif readable:
                rows.append((stream, track.generation, readable))
            passed.append((track, items[-1], len(readable), deleted))
        more_waits = any(len(items) >= BATCH for _, items in reply)
        if more_waits:
            self._hand_on_rows(received, rows, tuple(gaps), again)
        elif rows or gaps:
            self._sink(Batch(received, _in_order(rows), tuple(gaps), again))
        with self.lock:
            for track, (last_id, fields), count, deleted in passed:
                track.advance(last_id, count, deleted, fields)
        if not more_waits:
            self._answer_calls()

    def _hand_on_rows(
        self, received: clock.Reading, rows: Sequence[_Row], gaps: tuple[Gap, ...], again: tuple[tuple[str, str], ...]
    ) -> None:
        """Each alone, for more waits on one of the streams, and that may be older than what came from the others."""
        if gaps or again:
            self._sink(Batch(received, (), gaps, again))
        for row in rows:
            self._sink(Batch(received, StreamEntries(*row)))

    def _answer_calls(self) -> None:
        """Everything that was there before them has been handed on."""
        calls, self._calls = self._calls, []
        for call in calls:
            self._on_call(call)

    def _without_repetitions(self, reply: Reply) -> tuple[Reply, tuple[tuple[str, str], ...]]:
        """A server that has forgotten its last moments delivers again what we have."""
        for stream, items in reply:
            if id_key(id_at(items, 0)) <= id_key(self._tracks[stream].last_id):
                return self._parted(reply)
        return reply, ()

    def _parted(self, reply: Reply) -> tuple[Reply, tuple[tuple[str, str], ...]]:
        """What is new, and stream and id of what is not."""
        new: Reply = []
        again: list[tuple[str, str]] = []
        for stream, items in reply:
            known = id_key(self._tracks[stream].last_id)
            again += [(stream, entry_id) for entry_id, _ in items if id_key(entry_id) <= known]
            if unknown := [item for item in items if id_key(item[0]) > known]:
                new.append((stream, unknown))
        return new, tuple(again)

    def _recovered(self, error: redis.RedisError) -> Reader:
        """A reader that goes on where we were. Raises EnvironmentProblem when that is impossible or takes too long."""
        deadline = time.monotonic() + self._recover_within_s
        while may_pass(error) and time.monotonic() < deadline and not self.closing.wait(_RETRY_AFTER_S):
            try:
                return self._reopened(error)
            except redis.RedisError as again:
                error = again
        raise problem_of(error, self._endpoint.address)

    def _reopened(self, error: redis.RedisError) -> Reader:
        client = self._endpoint.open()
        try:
            reader = self._reader(client)
        except BaseException:
            client.close()
            raise
        try:
            groups = self._groups(client)
            self._make_whole(groups, because=f"reading was interrupted: {problem_of(error, self._endpoint.address)}")
            self._hand_on_pending(reader)
            self._tell_of_losses(groups)
        except BaseException:
            reader.close()
            raise
        return reader

    def _hand_on_pending(self, reader: Reader) -> None:
        while reply := [(stream, items) for stream, items in reader.pending() if items]:
            self._hand_on(reply, clock.now())

    def _tell_of_losses(self, groups: Groups) -> None:
        with self.lock:
            gaps = groups.losses({stream: track for stream, track in self._tracks.items() if stream != self._private_stream})
        if gaps:
            self._sink(Batch(clock.now(), (), tuple(gaps)))

    def _make_whole(self, groups: Groups, because: str = "") -> None:
        gaps: list[Gap] = []
        try:
            with self.lock:
                for gap in groups.attach_again(self._tracks):
                    if gap.stream != self._private_stream:
                        self.book.add(gap)
                        gaps.append(gap)
            if because:
                gaps.insert(0, Gap("", because, 0))
        finally:
            if gaps:
                self._sink(Batch(clock.now(), (), tuple(gaps)))

    def _groups(self, client: redis.Redis) -> Groups:
        return Groups(client, self._endpoint.address, self._group)

    def _reader(self, client: redis.Redis) -> Reader:
        if is_cluster(client):
            return ClusterReader(client, self._group, self._tracks, self._private_stream)
        if self._endpoint.doorbell is None:
            return GroupReader(client, self._group, self._tracks)
        return EmbeddedReader(client, self._group, self._tracks, self._endpoint.doorbell)


def _delivered_again(ids: Sequence[tuple[str, str]]) -> list[Gap]:
    counts = Counter(stream for stream, _ in ids)
    return [Gap(stream, f"{count} delivered again by the server; kept once", 0) for stream, count in counts.items()]


def _in_order(rows: Sequence[_Row]) -> tuple[Entry, ...]:
    """What came in one read from several streams, in order by the server's clock."""
    entries = [Entry(stream, entry_id, fields, generation) for stream, generation, items in rows for entry_id, fields in items]
    if len(rows) > 1:
        entries.sort(key=_order)
    return tuple(entries)


def _order(entry: Entry) -> tuple[int, bool]:
    """The server's clock in milliseconds; a command comes before what follows."""
    return int(entry.entry_id.partition("-")[0]), entry.stream != wire.INJECTION_COMMANDS
