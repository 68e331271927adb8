"""PlainRecord: a row of plain entries of one stream, kept without looking at each: what a backlog consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.codec.entries import Batch, Entry, StreamEntries
from pytest_intellisense.codec.log_records import EntryTexts
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.codec.plain_entries import PlainEnvelope, plain_event, sense_of
from pytest_intellisense.codec.timeline import read_any
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(slots=True)
class PlainRecord:
    """As a Record, with `entries` for the entries of the batch and an envelope for each."""

    batch: Batch
    sequence: int
    entries: StreamEntries
    envelopes: Sequence[PlainEnvelope[str]]
    types: Counter[str] = field(init=False)
    _events: list[tuple[TimelineEvent, Entry | None]] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.types = Counter([envelope.metadata.eventType for envelope in self.envelopes])

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def unreadable(self) -> tuple[()]:
        return ()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return ()

    @property
    def size(self) -> int:
        return sum([len(fields[b"json_payload"]) for fields in self.entries.fields])

    @property
    def events(self) -> list[tuple[TimelineEvent, Entry | None]]:
        if self._events is None:
            received = self.batch.received
            self._events = [
                (plain_event(entry, envelope, received, number) or read_any(entry, received, number).event, entry)
                for number, (entry, envelope) in enumerate(zip(self.entries, self.envelopes, strict=True), self.sequence)
            ]
        return self._events

    def wire_types(self) -> Mapping[tuple[str, str], int]:
        return {(self.entries.stream, wire_type): count for wire_type, count in self.types.items()}

    def texts(self) -> Mapping[str, list[bytes]]:
        texts = EntryTexts(self.batch.received).texts(self.entries, self.sequence)
        logs = {wire_type: LOG_OF_SENSE[sense_of(wire_type)] for wire_type in self.types}
        if len(set(logs.values())) == 1:
            return {logs.popitem()[1]: texts}
        by_log: dict[str, list[bytes]] = {}
        for envelope, text in zip(self.envelopes, texts, strict=True):
            by_log.setdefault(logs[envelope.metadata.eventType], []).append(text)
        return by_log
