"""PlainRecord: a row of plain entries of one stream, kept without looking at each: what a backlog consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.codec.entries import Batch, Entry, PlainColumns, StreamEntries
from pytest_intellisense.codec.log_records import EntryTexts
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.codec.plain_entries import PlainRow, sense_of
from pytest_intellisense.codec.timeline import to_timeline
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(slots=True)
class PlainRecord:
    """As a Record: `columns` are the entries of the batch, `row` is what they say of themselves."""

    batch: Batch
    sequence: int
    entries: StreamEntries
    columns: PlainColumns
    row: PlainRow
    _events: list[tuple[TimelineEvent, Entry | None]] | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def unreadable(self) -> tuple[()]:
        return ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return ()

    @property
    def size(self) -> int:
        return sum(map(len, self.columns.texts))

    @property
    def events(self) -> list[tuple[TimelineEvent, Entry | None]]:
        if self._events is None:
            received = self.batch.received
            self._events = [
                (to_timeline(entry, received, number).event, entry) for number, entry in enumerate(self.entries, self.sequence)
            ]
        return self._events

    @property
    def type_counts(self) -> Counter[str]:
        """How many of each published type."""
        return Counter(self.row.types)

    def wire_types(self) -> Mapping[tuple[str, str], int]:
        return {(self.entries.stream, wire_type): count for wire_type, count in self.type_counts.items()}

    def texts(self) -> Mapping[str, list[bytes]]:
        entries = self.entries
        texts = EntryTexts(self.batch.received).texts(entries.stream, self.columns, entries.generation, self.sequence)
        logs = {wire_type: LOG_OF_SENSE[sense_of(wire_type)] for wire_type in set(self.row.types)}
        if len(set(logs.values())) == 1:
            return {logs.popitem()[1]: texts}
        by_log: dict[str, list[bytes]] = {}
        for wire_type, text in zip(self.row.types, texts, strict=True):
            by_log.setdefault(logs[wire_type], []).append(text)
        return by_log
