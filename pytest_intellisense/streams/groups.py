"""Our consumer group on every stream: made, checked, made again after an accident, and removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import hiredis
import redis

from pytest_intellisense.codec.entries import Entry, Gap
from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.streams.connection import is_cluster, problem_of
from pytest_intellisense.streams.passing import is_of_the_server
from pytest_intellisense.streams.replies import Entries, Reply, entries_of
from pytest_intellisense.streams.tracks import StreamFacts, Track

CONSUMER = "recorder"
"""The one consumer of every group of ours: a session that was interrupted finds its pending entries under the same name."""

_PAGE = 1000
_GONE_UNREAD = "our consumer group was gone and was made again; whether entries went with it cannot be measured"
_RECREATED = "the stream was deleted or recreated; what was lost with it cannot be measured"
_WENT_BACK = "the server came back with older data; what was lost since cannot be measured"


def group_of(session_id: str) -> str:
    """The name of a session's group on every stream."""
    return f"intellisense:{session_id}"


def private_stream_of(session_id: str) -> str:
    """The stream on which a session calls itself."""
    return f"intellisense:capture:{session_id}"


class Groups:
    """One consumer group of one name on many streams. Every method raises redis errors or EnvironmentProblem."""

    def __init__(self, client: redis.Redis, address: str, name: str) -> None:
        self._client = client
        self._address = address
        self.name = name

    def facts(self, streams: Sequence[str]) -> dict[str, StreamFacts]:
        """What the server knows of each stream, in one round trip; a stream that does not exist yet is empty."""
        replies = self._pipelined([("XINFO STREAM", stream) for stream in streams])
        found = {}
        for stream, reply in zip(streams, replies, strict=True):
            if isinstance(reply, redis.ResponseError) and "no such key" in str(reply).lower():
                found[stream] = StreamFacts(there=False)
            else:
                found[stream] = StreamFacts.of(self._checked(reply, stream))
        return found

    def attach(self, streams: Sequence[str]) -> dict[str, Track]:
        """Make the group at the end of every stream: what is added from now on will be delivered, whenever reading starts.

        A group of this name that never came to be read is replaced.
        """
        facts = self.facts(streams)
        self.destroy(streams)
        self._create({stream: facts[stream].last_id for stream in streams})
        return {
            stream: Track(stream, fact.last_id, fact.entries_added, attached_at=fact.last_id) for stream, fact in facts.items()
        }

    def attach_again(self, tracks: Mapping[str, Track]) -> Iterator[Gap]:
        """After an accident: find recreated streams and lost groups, and make whole what can be made whole.

        Whatever fails on the way can be tried again: a track changes when its group stands and its gap is told, not before.
        """
        facts = self.facts(list(tracks))
        delivered = self.delivered(tracks)
        for stream in tracks.keys() - delivered.keys():
            tracks[stream].group_was_gone = True
        self._create({stream: track.last_id for stream, track in tracks.items()})  # also refused where nobody may write yet
        for stream, track in tracks.items():
            if track.group_was_gone:
                yield self._replaced(track, facts[stream])
            elif track.recreated(facts[stream]):
                track.count_anew(facts[stream], self.unread(track, facts[stream]))
                yield Gap(stream, _RECREATED, None)
            elif id_key(delivered[stream]) < id_key(track.last_id) and self._last_of(track) is None:
                track.count_anew(facts[stream], self.unread(track, facts[stream]))
                yield Gap(stream, _WENT_BACK, None)

    def delivered(self, streams: Iterable[str]) -> dict[str, str]:
        """The id that our group has been given last, of each stream that has our group."""
        names = list(streams)
        replies = self._pipelined([("XINFO GROUPS", stream) for stream in names])
        found = {}
        for stream, reply in zip(names, replies, strict=True):
            if isinstance(reply, redis.ResponseError) and "no such key" in str(reply).lower():
                continue
            for facts in self._checked(reply, stream):
                if facts["name"] == self.name.encode():
                    found[stream] = facts["last-delivered-id"].decode()
        return found

    def _last_of(self, track: Track) -> Mapping[bytes, bytes] | None:
        """What stands on the stream under the id of the last entry that we had."""
        replies = self._client.xrange(track.stream, min=track.last_id, max=track.last_id)
        return next((fields for _, found in entries_of({track.stream.encode(): replies}) for _, fields in found), None)

    def _replaced(self, track: Track, facts: StreamFacts) -> Gap:
        """Our group was gone: with the stream, or alone?"""
        note: str = "our consumer group was gone and was made again where we had read to"
        lost: int | None = 0
        last = self._last_of(track)
        is_another = track.recreated(facts, self.unread(track, facts)) or (last is not None and track.has_another_last(last))
        if is_another:
            note, lost = _RECREATED, None
        elif track.nothing_counted or last is None:
            note, lost = _GONE_UNREAD, None  # a new stream that was trimmed could have the same counts
        self.destroy((track.stream,))  # an attempt whose answer was lost may have made it elsewhere
        self._create({track.stream: START if is_another else track.last_id})
        if is_another:
            track.start_again()
        elif self._counted_anew(track):
            note, lost = _RECREATED, None
        track.group_was_gone = False
        return Gap(track.stream, note, lost)

    def _counted_anew(self, track: Track) -> bool:
        """Whether the stream became another one while we looked: our group is on the new one, which is counted then."""
        (facts,) = self.facts((track.stream,)).values()
        is_another = track.recreated(facts)
        if is_another:
            track.count_anew(facts, self.unread(track, facts))
        return is_another

    def pending(self, positions: Mapping[str, str], count: int) -> Reply:
        """Of each stream up to `count` entries behind its position that were delivered to us and never acknowledged."""
        replies = self._pipelined(
            [
                ("XREADGROUP", "GROUP", self.name, CONSUMER, "COUNT", count, "STREAMS", stream, position)
                for stream, position in positions.items()
            ]
        )
        answers = zip(positions, replies, strict=True)
        found = [part for stream, reply in answers for part in entries_of(self._checked(reply, stream))]
        return [(stream, items) for stream, items in found if items]

    def passed_over(self, tracks: Mapping[str, Track]) -> Iterator[tuple[str, Entries]]:
        """What stands on the streams behind the tracks and will not be delivered: the server takes it for delivered.

        It is pending no more: somebody removed our consumer, or the server came back without the list.
        """
        for stream, delivered in self.delivered(tracks).items():
            after = tracks[stream].last_id
            while page := self._page(stream, after, delivered):
                yield stream, page
                after = page[-1][0]

    def losses(self, tracks: Mapping[str, Track]) -> list[Gap]:
        """A gap for each stream that lost entries of which none has told yet. Exact only while no read is under way."""
        facts = self.facts(list(tracks))
        gaps = []
        for stream, track in tracks.items():
            lost = (track.missing(facts[stream], self.unread(track, facts[stream])) or 0) - track.noted
            if lost > 0:
                track.noted += lost
                gaps.append(Gap(stream, f"{lost} trimmed or deleted before they could be read", lost))
        return gaps

    def unread(self, track: Track, facts: StreamFacts) -> int:
        """How many of the entries that `facts` count can still be read after the last one that was handed on."""
        if facts.last_id == track.last_id or not facts.length:
            return 0
        if id_key(facts.first_id) > id_key(track.last_id):
            return facts.length
        count, after = 0, track.last_id
        while page := self._page(track.stream, after, facts.last_id):
            count, after = count + len(page), page[-1][0]
        return count

    def _page(self, stream: str, after: str, to: str) -> Entries:
        if id_key(after) >= id_key(to):
            return []
        return entries_of({stream.encode(): self._client.xrange(stream, min=f"({after}", max=to, count=_PAGE)})[0][1]

    def newest(self, streams: Sequence[str]) -> list[Entry]:
        """The last entry of each stream that has one."""
        replies = self._pipelined([("XREVRANGE", stream, "+", "-", "COUNT", 1) for stream in streams])
        return [
            Entry(stream, entry_id, fields)
            for stream, reply in zip(streams, replies, strict=True)
            for _, entries in entries_of({stream.encode(): self._checked(reply, stream)})
            for entry_id, fields in entries
        ]

    def acknowledge(self, ids: Mapping[str, Sequence[str | bytes]]) -> None:
        commands = [("XACK", stream, self.name, *some) for stream, some in ids.items()]
        for reply in self._pipelined(commands) if is_cluster(self._client) else self._answers(commands):
            if isinstance(reply, Exception):
                raise reply

    def _answers(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Of commands with thousands of arguments, which a pipeline would look at one by one."""
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()
        try:
            connection.send_packed_command([hiredis.pack_command(command) for command in commands])
            return [connection.read_response() for _ in commands]
        except BaseException:
            connection.disconnect()
            raise
        finally:
            pool.release(connection)

    def destroy(self, streams: Sequence[str]) -> None:
        self._pipelined([("XGROUP DESTROY", stream, self.name) for stream in streams])

    def _create(self, positions: Mapping[str, str]) -> None:
        """Make the group where it is missing. That it is there already may be our own lost reply."""
        replies = self._pipelined([("XGROUP CREATE", stream, self.name, at, "MKSTREAM") for stream, at in positions.items()])
        for stream, reply in zip(positions, replies, strict=True):
            if not (isinstance(reply, redis.ResponseError) and str(reply).startswith("BUSYGROUP")):
                self._checked(reply, stream)

    def _pipelined(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        try:
            return pipeline.execute(raise_on_error=False)
        except redis.exceptions.RedisClusterException as error:  # no RedisError: a slot that no node covers
            raise redis.ConnectionError(str(error)) from error

    def _checked(self, reply: Any, stream: str) -> Any:
        if is_of_the_server(reply):
            raise reply
        if isinstance(reply, Exception):
            raise problem_of(reply, self._address, key=stream)
        return reply
