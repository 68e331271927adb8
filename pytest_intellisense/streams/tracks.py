"""How far each stream has been read, and by how much the server's own count differs from ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.codec.entries import Gap
from pytest_intellisense.model.results import LossReport

START = "0-0"


def id_key(entry_id: str) -> tuple[int, int]:
    """Stream ids in the order of the server."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What XINFO STREAM says. `entries_added` is None before Redis 7.0: loss cannot be measured there."""

    last_id: str = START
    entries_added: int | None = 0
    length: int = 0

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> StreamFacts:
        added = info.get("entries-added")
        return cls(info["last-generated-id"].decode(), None if added is None else int(added), int(info["length"]))


@dataclass(slots=True)
class Track:
    """One stream, as far as we have handed it on. `added_before` is what the server had counted when we came."""

    stream: str
    last_id: str = START
    added_before: int | None = 0
    received: int = 0
    generation: int = 0

    def advance(self, entry_id: str, received: int) -> None:
        """Everything up to `entry_id` was delivered; `received` of it could still be read."""
        self.last_id = entry_id
        self.received += received

    def recreated(self, facts: StreamFacts) -> bool:
        """Whether the stream at the server cannot be the one we were reading."""
        fewer = (
            facts.entries_added is not None
            and self.added_before is not None
            and facts.entries_added < self.added_before + self.received
        )
        return fewer or id_key(facts.last_id) < id_key(self.last_id)

    def start_again(self) -> None:
        self.last_id, self.added_before, self.received = START, 0, 0
        self.generation += 1

    def missing(self, facts: StreamFacts, unread: int) -> int | None:
        """Entries that were added and neither handed on nor still to be read; None: cannot be measured."""
        if facts.entries_added is None or self.added_before is None or self.recreated(facts):
            return None
        return max(0, facts.entries_added - self.added_before - self.received - unread)


@dataclass(slots=True)
class LossBook:
    """Loss that has been found, in words and numbers."""

    lost: int = 0
    measurable: bool = True
    notes: list[str] = field(default_factory=list)

    def add(self, gap: Gap) -> None:
        """Keep a gap that the counts of the server will not show again."""
        if gap.lost is None:
            self.measurable = False
        else:
            self.lost += gap.lost
        self.notes.append(f"{gap.stream}: {gap.note}")

    def report(self, now: Iterable[tuple[Track, StreamFacts, int]]) -> LossReport:
        """The losses found earlier, and those that the server's counts show at this moment."""
        lost, measurable, notes = self.lost, self.measurable, list(self.notes)
        for track, facts, unread in now:
            missing = track.missing(facts, unread)
            if missing is None:
                measurable = False
                notes.append(
                    f"{track.stream}: loss not measurable, the server does not count its entries (or the stream was recreated)"
                )
            elif missing:
                lost += missing
                notes.append(f"{track.stream}: {missing} trimmed or deleted before they could be read")
        return LossReport(lost=lost, measurable=measurable, notes=tuple(notes))
