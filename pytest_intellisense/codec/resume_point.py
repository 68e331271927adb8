"""Where an interrupted session stands: what its logs hold of every stream, and what the server had counted when it began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_intellisense.codec.kept_state import KeptState, KeptStream
from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.codec.timeline import GAP
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.model.timeline import TimelineEvent


class DoesNotFit(Exception):
    """What was kept is not counted as the rest of the facts are: only all the lines can tell."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the logs. A gap was not received: `lost` says for how many entries it stands."""

    stream: str
    entry_id: str
    generation: int = 0
    gap: bool = False
    lost: int = 0

    @classmethod
    def of_event(cls, event: TimelineEvent, generation: int) -> Self:
        gap = event.event_type == GAP
        return cls(event.stream, event.entry_id, generation, gap, int(event.payload.get("lost") or 0) if gap else 0)


@dataclass(slots=True)
class StreamPoint:
    """One stream as far as the logs hold it. `added_before` is what the server had counted at `attached_at`.

    The logs hold all that was delivered up to `whole_to`, and behind it `ids`.
    """

    added_before: int | None
    attached_at: str
    generation: int
    last_id: str
    noted: int
    ids: set[str]
    received: int = 0
    whole_to: str = START

    def holds(self, entry_id: str) -> bool:
        return entry_id in self.ids or id_key(entry_id) <= id_key(self.whole_to)

    def go_on_from(self, kept: KeptStream) -> None:
        """Of a stream that was recreated since then, all lines are behind what was kept. Raises DoesNotFit."""
        if kept.generation < self.generation:
            return
        if kept.generation > self.generation:
            self.generation, self.added_before, self.attached_at = kept.generation, 0, START
        if kept.attached_at != self.attached_at:
            raise DoesNotFit(f"counted from {kept.attached_at}, the reader from {self.attached_at}")
        self.last_id = self.whole_to = kept.last_id
        self.received, self.noted = kept.received, kept.noted


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What `StreamConsumer.resume_facts` had stored, put right by what is on disk."""

    streams: Mapping[str, StreamPoint]
    lost: int
    measurable: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any], recorded: Iterable[Recorded], kept: KeptState | None = None) -> ResumePoint:
        """`facts` as they were stored, and every line of the logs, in any order; only those behind `kept` if that is given.

        Raises CaptureFailed for facts not of ours, DoesNotFit where `kept` counts otherwise than `facts`.
        """
        try:
            streams = {str(name): _point(stored) for name, stored in facts["streams"].items()}
            book = facts["book"]
            lost, measurable, notes = int(book["lost"]), bool(book["measurable"]), tuple(map(str, book["notes"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise CaptureFailed(
                "this session does not say where its reading stood, so it cannot be resumed",
                hint="what it recorded is readable; start a new session for what follows",
            ) from None
        for name, stream in (kept.streams if kept else {}).items():
            if name in streams:
                streams[name].go_on_from(stream)
        for line in recorded:
            if line.stream in streams:
                _count(streams[line.stream], line)
        return cls(streams, lost, measurable, notes)


def _point(stored: Mapping[str, Any]) -> StreamPoint:
    before, at = stored["added_before"], str(stored["attached_at"])
    id_key(at)
    return StreamPoint(None if before is None else int(before), at, int(stored["generation"]), at, 0, set())


def _count(point: StreamPoint, line: Recorded) -> None:
    if line.gap and not line.entry_id:
        point.noted += line.lost
        return
    if not line.gap and line.generation > point.generation:  # recreated after the facts were stored for the last time
        point.generation, point.added_before, point.last_id = line.generation, 0, START
        point.received, point.noted = 0, 0
        point.ids.clear()
        point.whole_to = START
    elif not line.gap and line.generation < point.generation:
        return
    if point.holds(line.entry_id):
        return
    point.ids.add(line.entry_id)
    point.received += not line.gap
    point.noted += line.gap
    point.last_id = max(point.last_id, line.entry_id, key=id_key)
