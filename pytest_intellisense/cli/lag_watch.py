"""LagWatch: how far the streams are ahead of a running capture, what it has lost, and whether trimming catches up with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import redis

from pytest_intellisense.housekeeping.stream_watch import stream_state
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.known_losses import KnownLosses
from pytest_intellisense.streams.resuming import book_of
from pytest_intellisense.streams.tracks import StreamFacts, Track


class Watched(Protocol):
    """A consumer that is reading."""

    streams: tuple[str, ...]

    def tracks(self) -> Mapping[str, Track]: ...
    def resume_facts(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Lag:
    """`entries` are still in the streams and not read. `losses` are those that are certain. None: the server did not say."""

    entries: int | None = None
    losses: LossReport | None = None
    warnings: tuple[str, ...] = ()


class LagWatch:
    """Asks a settled endpoint on a connection of its own; a server that does not answer is the reader's affair."""

    def __init__(self, endpoint: Endpoint, watched: Watched) -> None:
        self._client = endpoint.open()
        self._watched = watched
        self._losses = KnownLosses()

    def look(self) -> Lag:
        try:
            said = self._asked()
        except (redis.RedisError, OSError):
            return Lag()
        tracks = self._watched.tracks()
        states = [
            stream_state(stream, info, last_id=tracks[stream].last_id, read=_read(tracks[stream]))
            for stream, info in said.items()
        ]
        unread = [state.unread for state in states if state.unread is not None]
        facts = {stream: StreamFacts.of(info) for stream, info in said.items()}
        return Lag(
            entries=sum(unread) if len(unread) == len(tracks) else None,
            losses=self._losses.look(facts, tracks, book_of(self._watched.resume_facts())),
            warnings=tuple(state.sentence for state in states if state.level != "enough"),
        )

    def close(self) -> None:
        self._client.close()

    def _asked(self) -> dict[str, Mapping[str, Any]]:
        """What the server says of each stream that is there."""
        pipeline = self._client.pipeline(transaction=False)
        for stream in self._watched.streams:
            pipeline.xinfo_stream(stream)
        answers = zip(self._watched.streams, pipeline.execute(raise_on_error=False), strict=True)
        return {stream: info for stream, info in answers if isinstance(info, Mapping)}


def _read(track: Track) -> int | None:
    return None if track.added_before is None else track.added_before + track.received + track.noted
