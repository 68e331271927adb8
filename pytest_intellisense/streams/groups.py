"""Our consumer group on every stream: made, checked, made again after an accident, and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from pytest_intellisense.codec.entries import Entry, Gap
from pytest_intellisense.streams.connection import problem_of
from pytest_intellisense.streams.replies import entries_of
from pytest_intellisense.streams.tracks import StreamFacts, Track


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
                found[stream] = StreamFacts()
            else:
                found[stream] = StreamFacts.of(self._checked(reply, stream))
        return found

    def attach(self, streams: Sequence[str]) -> dict[str, Track]:
        """Make the group at the end of every stream: what is added from now on will be delivered, whenever reading starts."""
        facts = self.facts(streams)
        self._create({stream: facts[stream].last_id for stream in streams})
        return {stream: Track(stream, facts[stream].last_id, facts[stream].entries_added) for stream in streams}

    def attach_again(self, tracks: Mapping[str, Track]) -> list[Gap]:
        """After an accident: find recreated streams and lost groups, and make whole what can be made whole."""
        facts = self.facts(list(tracks))
        gaps = []
        for stream, track in tracks.items():
            if track.recreated(facts[stream]):
                track.start_again()
                gaps.append(Gap(stream, "the stream was deleted or recreated; what was lost with it cannot be measured", None))
        replaced = self._create({stream: track.last_id for stream, track in tracks.items()})
        again = {gap.stream for gap in gaps}
        gaps += [
            Gap(stream, "our consumer group was gone and was made again where we had read to", 0)
            for stream in replaced
            if stream not in again
        ]
        return gaps

    def unread(self, track: Track) -> int:
        """How many entries can still be read after the last one that was handed on."""
        found = entries_of({track.stream.encode(): self._client.xrange(track.stream, min=f"({track.last_id}", max="+")})
        return len(found[0][1])

    def newest(self, streams: Sequence[str]) -> list[Entry]:
        """The last entry of each stream that has one."""
        replies = self._pipelined([("XREVRANGE", stream, "+", "-", "COUNT", 1) for stream in streams])
        return [
            Entry(stream, entry_id, fields)
            for stream, reply in zip(streams, replies, strict=True)
            for _, entries in entries_of({stream.encode(): self._checked(reply, stream)})
            for entry_id, fields in entries
        ]

    def acknowledge(self, ids: Mapping[str, Sequence[str]]) -> None:
        for reply in self._pipelined([("XACK", stream, self.name, *some) for stream, some in ids.items()]):
            if isinstance(reply, Exception):
                raise reply

    def destroy(self, streams: Sequence[str]) -> None:
        self._pipelined([("XGROUP DESTROY", stream, self.name) for stream in streams])

    def _create(self, positions: Mapping[str, str]) -> list[str]:
        """Make the group where it is missing; returns where. That it is there already may be our own lost reply."""
        replies = self._pipelined([("XGROUP CREATE", stream, self.name, at, "MKSTREAM") for stream, at in positions.items()])
        made = []
        for stream, reply in zip(positions, replies, strict=True):
            if not (isinstance(reply, redis.ResponseError) and str(reply).startswith("BUSYGROUP")):
                self._checked(reply, stream)
                made.append(stream)
        return made

    def _pipelined(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        return pipeline.execute(raise_on_error=False)

    def _checked(self, reply: Any, stream: str) -> Any:
        if isinstance(reply, redis.ConnectionError | redis.TimeoutError):
            raise reply
        if isinstance(reply, Exception):
            raise problem_of(reply, self._address, key=stream)
        return reply
