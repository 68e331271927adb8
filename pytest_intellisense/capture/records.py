"""Record: what is to be kept of one batch, and how it stands in the logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_intellisense.capture.paths import LOG_OF_SENSE, UNPARSED
from pytest_intellisense.capture.plain_record import PlainRecord
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.codec.entries import Batch, Entry, PlainColumns, StreamEntries
from pytest_intellisense.codec.log_lines import unparsed_text
from pytest_intellisense.codec.log_records import EntryTexts, event_text
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.codec.plain_entries import PlainEnvelope, plain_envelope, plain_event, plain_row
from pytest_intellisense.codec.timeline import Observed, gap_event, read_any
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import wire

Texts = Mapping[str, list[bytes]]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that no reader understands, and why."""

    entry: Entry
    reason: str


@dataclass(slots=True)
class Record:
    """A batch as it was read: for each entry its envelope, or its event where that took more, or why it cannot be read.

    The `count` events are numbered from `sequence`; gaps come first, what is unreadable has no number.
    """

    batch: Batch
    sequence: int
    count: int
    readings: Sequence[PlainEnvelope[str] | Observed | Unreadable]
    _events: list[tuple[TimelineEvent, Entry | None]] | None = field(default=None, init=False)

    def __len__(self) -> int:
        return self.count

    @property
    def unreadable(self) -> list[Unreadable]:
        return [reading for reading in self.readings if isinstance(reading, Unreadable)]

    @property
    def pictures(self) -> list[Picture]:
        return [picture for reading in self.readings if isinstance(reading, Observed) for picture in reading.pictures]

    @property
    def events(self) -> list[tuple[TimelineEvent, Entry | None]]:
        """Made when somebody asks for them. An event that stands for a gap has no entry."""
        if self._events is None:
            gaps: list[tuple[TimelineEvent, Entry | None]] = [(event, None) for event in self._gap_events()]
            self._events = gaps + [(_event_of(*numbered, self.batch), numbered[0]) for numbered in self._numbered()]
        return self._events

    def wire_types(self) -> Mapping[tuple[str, str], int]:
        """How many of each stream and published type; not what is unreadable."""
        return Counter(
            (entry.stream, reading.metadata.eventType if isinstance(reading, PlainEnvelope) else reading.event.wire_type)
            for entry, reading, _ in self._numbered()
        )

    @property
    def size(self) -> int:
        """Of what was published, in bytes."""
        return sum([sum(map(len, entry.fields.values())) for entry in self.batch.entries])

    def texts(self) -> Texts:
        """The texts of the new lines, by log."""
        texts: dict[str, list[bytes]] = {}
        for gap in self._gap_events():
            texts.setdefault(LOG_OF_SENSE[gap.sense], []).append(event_text(gap))
        plain = EntryTexts(self.batch.received)
        for entry, reading, number in self._numbered():
            if isinstance(reading, PlainEnvelope):
                texts.setdefault(LOG_OF_SENSE[reading.sense], []).append(plain.text(entry, number))
            elif isinstance(reading, Observed):
                text = event_text(reading.event, entry.generation)
                texts.setdefault(LOG_OF_SENSE[reading.event.sense], []).append(text)
        for unreadable in self.unreadable:
            texts.setdefault(UNPARSED, []).append(unparsed_text(unreadable.entry, self.batch.received, unreadable.reason))
        return texts

    def _gap_events(self) -> Iterator[TimelineEvent]:
        for number, gap in enumerate(self.batch.gaps, self.sequence):
            yield gap_event(gap, self.batch.received, number)

    def _numbered(self) -> Iterator[tuple[Entry, PlainEnvelope[str] | Observed, int]]:
        number = self.sequence + len(self.batch.gaps)
        for entry, reading in zip(self.batch.entries, self.readings, strict=True):
            if not isinstance(reading, Unreadable):
                yield entry, reading, number
                number += 1


AnyRecord = Record | PlainRecord


def read_batch(batch: Batch, sequence: int, bulk: BulkData | None = None) -> AnyRecord:
    """Read every entry, in the short way where that suffices; what cannot be read is kept raw with the reason."""
    entries = batch.entries
    if isinstance(entries, StreamEntries) and isinstance(entries.items, PlainColumns):
        row = plain_row(entries.stream, entries.items)
        if row is not None:
            return PlainRecord(batch, sequence, entries, entries.items, row)
    readings: list[PlainEnvelope[str] | Observed | Unreadable] = []
    number = sequence + len(batch.gaps)
    for entry in batch.entries:
        reading = plain_envelope(entry) or _general_reading(entry, batch, number, bulk)
        readings.append(reading)
        number += not isinstance(reading, Unreadable)
    return Record(batch, sequence, number - sequence, readings)


def _general_reading(entry: Entry, batch: Batch, number: int, bulk: BulkData | None) -> Observed | Unreadable:
    try:
        return read_any(entry, batch.received, number, bulk)
    except wire.UnreadableEntry as problem:
        return Unreadable(entry, str(problem))


def _event_of(entry: Entry, reading: PlainEnvelope[str] | Observed, number: int, batch: Batch) -> TimelineEvent:
    if isinstance(reading, Observed):
        return reading.event
    return plain_event(entry, reading, batch.received, number) or read_any(entry, batch.received, number).event
