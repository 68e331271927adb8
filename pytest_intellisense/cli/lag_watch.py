"""LagWatch: how far the streams are ahead of a running capture, and whether trimming catches up with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from pytest_intellisense.housekeeping.stream_watch import StreamState, stream_state
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.tracks import Track


@dataclass(frozen=True, slots=True)
class Lag:
    """`entries` are still in the streams and not read. `trimmed` are surely gone unread. None: the server did not say."""

    entries: int | None = None
    trimmed: int = 0
    warnings: tuple[str, ...] = ()


class LagWatch:
    """Asks a settled endpoint on a connection of its own; a server that does not answer is the reader's affair."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._client = endpoint.open()

    def look(self, tracks: Mapping[str, Track]) -> Lag:
        try:
            states = self._states(tracks)
        except (redis.RedisError, OSError):
            return Lag()
        unread = [state.unread for state in states if state.unread is not None]
        return Lag(
            entries=sum(unread) if len(unread) == len(tracks) else None,
            trimmed=sum(state.trimmed_unread for state in states),
            warnings=tuple(state.sentence for state in states if state.level != "enough"),
        )

    def close(self) -> None:
        self._client.close()

    def _states(self, tracks: Mapping[str, Track]) -> list[StreamState]:
        pipeline = self._client.pipeline(transaction=False)
        for stream in tracks:
            pipeline.xinfo_stream(stream)
        found = zip(tracks.items(), pipeline.execute(raise_on_error=False), strict=True)
        return [
            stream_state(stream, info, last_id=track.last_id, read=_read(track))
            for (stream, track), info in found
            if isinstance(info, Mapping)
        ]


def _read(track: Track) -> int | None:
    return None if track.added_before is None else track.added_before + track.received + track.noted
