"""Taking up an interrupted session: its groups, its pending entries, and what was lost while nobody read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_intellisense.codec.entries import Batch, Entry, Gap
from pytest_intellisense.codec.resume_point import ResumePoint
from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.replies import Reply
from pytest_intellisense.streams.tracks import LossBook, Track
from testrade_hooks import clock

_AT_ONCE = 100


class Resumption:
    """Stands for the reading thread until everything is as if it had never been interrupted.

    `tracks` and `book` are then those of the whole session. Raises redis errors, EnvironmentProblem, and what the sink raises.
    """

    def __init__(self, groups: Groups, point: ResumePoint, sink: Callable[[Batch], None]) -> None:
        self._groups = groups
        self._point = point
        self._sink = sink
        self.book = LossBook(point.lost, point.measurable, list(point.notes))
        self.tracks = {
            stream: Track(stream, at.last_id, at.added_before, at.received, at.generation, at.noted, at.attached_at)
            for stream, at in point.streams.items()
        }

    def attach(self) -> None:
        """Find the groups, or make them again where the logs end."""
        self._gaps = list(self._groups.attach_again(self.tracks))
        for gap in self._gaps:
            self.book.add(gap)

    def catch_up(self) -> None:
        """Hand on what was delivered before the interruption and is not on disk, then say what is lost."""
        self._hand_on(gaps=(Gap("", "recording was interrupted and goes on", 0), *self._gaps))
        positions = dict.fromkeys(self.tracks, START)
        while reply := self._groups.pending(positions, _AT_ONCE):
            positions = {stream: items[-1][0] for stream, items in reply}
            self._hand_on_pending(reply)
        for stream, items in self._groups.passed_over(self.tracks):
            self._hand_on_pending([(stream, items)])
        if losses := self._groups.losses(self.tracks):
            self._hand_on(gaps=tuple(losses))

    def _hand_on_pending(self, reply: Reply) -> None:
        recorded: dict[str, list[str]] = {}
        entries: list[Entry] = []
        gaps: list[Gap] = []
        for stream, items in reply:
            track = self.tracks[stream]
            for entry_id, fields in items:
                if self._is_on_disk(stream, entry_id):
                    recorded.setdefault(stream, []).append(entry_id)
                    continue
                if fields:
                    entries.append(Entry(stream, entry_id, fields, track.generation))
                else:
                    gaps.append(Gap(stream, "deleted after its delivery, before it could be read", 1, entry_id))
                track.advance(max(entry_id, track.last_id, key=id_key), int(bool(fields)), int(not fields))
        self._groups.acknowledge(recorded)
        self._hand_on(tuple(entries), tuple(gaps))

    def _is_on_disk(self, stream: str, entry_id: str) -> bool:
        """Of a stream that was recreated meanwhile the logs hold nothing."""
        point = self._point.streams[stream]
        return point.generation == self.tracks[stream].generation and point.holds(entry_id)

    def _hand_on(self, entries: tuple[Entry, ...] = (), gaps: tuple[Gap, ...] = ()) -> None:
        if entries or gaps:
            self._sink(Batch(clock.now(), entries, gaps))


def resume_facts(tracks: Mapping[str, Track], book: LossBook) -> dict[str, object]:
    """What a `ResumePoint` is made of, as JSON."""
    return {
        "streams": {
            track.stream: {
                "added_before": track.added_before,
                "attached_at": track.attached_at,
                "generation": track.generation,
            }
            for track in tracks.values()
        },
        "book": {"lost": book.lost, "measurable": book.measurable, "notes": list(book.notes)},
    }


def book_of(facts: Mapping[str, Any]) -> LossBook:
    """The losses that had been found, from `resume_facts`."""
    return LossBook(**facts["book"])
