"""KnownLosses: what is lost for certain while reading still goes on."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_intellisense.codec.stream_ids import id_key
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.readers import BATCH
from pytest_intellisense.streams.tracks import LossBook, StreamFacts, Track

_MOST_UNDER_WAY = 2 * BATCH
"""Of one stream: a reply that is being handed on, and the next one, which has been asked for."""


class KnownLosses:
    """Never more than was lost, and the exact number for every stream that had been read to its end when we looked."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, str], int] = {}

    def look(self, facts: Mapping[str, StreamFacts], tracks: Mapping[str, Track], book: LossBook) -> LossReport:
        """`tracks` and `book` are younger than `facts`, which may leave out streams that the server said nothing of."""
        return book.report_of({stream: self._missing(track, facts.get(stream)) for stream, track in tracks.items()})

    def _missing(self, track: Track, facts: StreamFacts | None) -> int | None:
        """None: cannot be measured."""
        now = _missing_at_least(track, facts) if facts is not None else 0
        if now is None:
            return None
        counted_from = track.stream, track.generation, track.attached_at
        self._known[counted_from] = max(now, self._known.get(counted_from, 0))
        return self._known[counted_from]


def _missing_at_least(track: Track, facts: StreamFacts) -> int | None:
    if facts.entries_added is None or track.added_before is None:
        return None
    is_at_the_end = id_key(facts.last_id) <= id_key(track.last_id)
    to_come = 0 if is_at_the_end else facts.length + _MOST_UNDER_WAY
    return max(0, facts.entries_added - track.added_before - track.received - to_come)
