"""How far each stream has been read, and by how much the server's own count differs from ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.codec.entries import Gap
from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.model.results import LossReport


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What XINFO STREAM says. `entries_added` is None before Redis 7.0: loss cannot be measured there.

    A stream that does not exist is not `there`; our group made it, so one that we read was deleted.
    """

    last_id: str = START
    entries_added: int | None = 0
    length: int = 0
    first_id: str = START
    there: bool = True

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> StreamFacts:
        added, first = info.get("entries-added"), info.get("first-entry")
        return cls(
            info["last-generated-id"].decode(),
            None if added is None else int(added),
            int(info["length"]),
            first[0].decode() if first else START,
        )


@dataclass(slots=True)
class Track:
    """One stream, as far as we have handed it on. `added_before` is what the server had counted at `attached_at`, when we came.

    `noted` entries were lost of this generation and have been told of by a gap. `group_was_gone`: until it stands again.
    `last_fields` are those of the entry at `last_id`, where we know them: another stream may have the same ids.
    """

    stream: str
    last_id: str = START
    added_before: int | None = 0
    received: int = 0
    generation: int = 0
    noted: int = 0
    attached_at: str = START
    group_was_gone: bool = False
    last_fields: Mapping[bytes, bytes] | None = None

    def advance(self, entry_id: str, received: int, deleted: int = 0, fields: Mapping[bytes, bytes] | None = None) -> None:
        """Everything up to `entry_id` was delivered; `received` of it could still be read, of `deleted` a gap has told."""
        self.last_id = entry_id
        self.last_fields = fields or None
        self.received += received
        self.noted += deleted

    @property
    def nothing_counted(self) -> bool:
        """Whether an empty stream would look the same to us if it were another one."""
        return not self.added_before and not self.received

    def recreated(self, facts: StreamFacts, unread: int = 0) -> bool:
        """Whether the stream at the server, with so many entries behind our last one, cannot be the one we were reading."""
        fewer = (
            facts.entries_added is not None
            and self.added_before is not None
            and facts.entries_added < self.added_before + self.received + unread
        )
        return not facts.there or fewer or id_key(facts.last_id) < id_key(self.last_id)

    def has_another_last(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether the entry that stands under the id of our last one is not the one we had."""
        known = self.last_fields
        return known is not None and any(known.get(name) != value for name, value in fields.items())

    def start_again(self) -> None:
        self.last_id = self.attached_at = START
        self.last_fields = None
        self.added_before, self.received, self.noted = 0, 0, 0
        self.generation += 1

    def count_anew(self, facts: StreamFacts, unread: int) -> None:
        """The counts do not fit, though our group stands: what came through it, and is not yet acknowledged, we have."""
        self.attached_at = self.last_id
        self.added_before = None if facts.entries_added is None else facts.entries_added - unread
        self.received, self.noted = 0, 0

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
        return self.report_of({track.stream: track.missing(facts, unread) for track, facts, unread in now})

    def report_of(self, missing: Mapping[str, int | None]) -> LossReport:
        """The losses found earlier, and so many of each stream; None: not measurable."""
        lost, measurable, notes = self.lost, self.measurable, list(self.notes)
        for stream, number in missing.items():
            if number is None:
                measurable = False
                notes.append(
                    f"{stream}: loss not measurable, the server does not count its entries (or the stream was recreated)"
                )
            elif number:
                lost += number
                notes.append(f"{stream}: {number} trimmed or deleted before they could be read")
        return LossReport(lost=lost, measurable=measurable, notes=tuple(notes))
