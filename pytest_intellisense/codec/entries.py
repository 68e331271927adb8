"""What a reader of streams hands on: entries as they stood on the wire, and gaps where entries should have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import msgspec

from testrade_hooks import clock

TEXT_FIELD = b"json_payload"
CLOCK_FIELD = b"clock_domain"

Item = tuple[str, Mapping[bytes, bytes]]
"""Id and fields, as they stood on the wire."""


class Entry(msgspec.Struct, frozen=True):
    """One stream entry. `generation` counts how often the stream was recreated under us: its ids start again then."""

    stream: str
    entry_id: str
    fields: Mapping[bytes, bytes]
    generation: int = 0


class PlainColumns(Sequence[Item]):
    """Entries that hold a published text and the clock of its sender, the same for all of them, and nothing else.

    Kept as columns: a tuple of bytes costs the garbage collector nothing, however long it is.
    """

    def __init__(self, ids: tuple[bytes, ...], texts: tuple[bytes, ...], clock_domain: bytes | None) -> None:
        self.ids = ids
        self.texts = texts
        self.clock_domain = clock_domain

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Item]:
        clock_field = self._clock_field
        for entry_id, text in zip(self.ids, self.texts, strict=True):
            yield entry_id.decode(), {TEXT_FIELD: text, **clock_field}

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> PlainColumns: ...
    def __getitem__(self, index: int | slice) -> Item | PlainColumns:
        if isinstance(index, slice):
            return PlainColumns(self.ids[index], self.texts[index], self.clock_domain)
        return self.ids[index].decode(), {TEXT_FIELD: self.texts[index], **self._clock_field}

    @property
    def _clock_field(self) -> dict[bytes, bytes]:
        return {CLOCK_FIELD: self.clock_domain} if self.clock_domain is not None else {}


def id_at(items: Sequence[Item], index: int) -> str:
    """The id of one of them, without a look at its fields."""
    return items.ids[index].decode() if isinstance(items, PlainColumns) else items[index][0]


class StreamEntries(Sequence[Entry]):
    """Entries of one stream in a row: what a backlog consists of. An Entry is made when one is asked for."""

    def __init__(self, stream: str, generation: int, items: Sequence[Item]) -> None:
        self.stream = stream
        self.generation = generation
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> StreamEntries: ...
    def __getitem__(self, index: int | slice) -> Entry | StreamEntries:
        if isinstance(index, slice):
            return StreamEntries(self.stream, self.generation, self.items[index])
        return Entry(self.stream, *self.items[index], self.generation)

    @property
    def ids(self) -> Sequence[str | bytes]:
        if isinstance(self.items, PlainColumns):
            return self.items.ids
        return [entry_id for entry_id, _ in self.items]


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where entries are or may be missing. `lost` None: the server cannot tell how many."""

    stream: str
    note: str
    lost: int | None
    entry_id: str = ""


class Batch(msgspec.Struct, frozen=True):
    """What one read returned; `received` was stamped before anything was parsed.

    `again` names stream and id of what an earlier batch had already: to be acknowledged with this one, not to be kept twice.
    """

    received: clock.Reading
    entries: Sequence[Entry]
    gaps: tuple[Gap, ...] = ()
    again: tuple[tuple[str, str], ...] = ()

    def ids(self) -> Iterator[tuple[str, Sequence[str | bytes]]]:
        """Streams and the ids of them that are to be acknowledged."""
        if isinstance(self.entries, StreamEntries):
            yield self.entries.stream, self.entries.ids
        else:
            for entry in self.entries:
                yield entry.stream, [entry.entry_id]
        for stream, entry_id in self.again:
            yield stream, [entry_id]
        for gap in self.gaps:
            if gap.entry_id:
                yield gap.stream, [gap.entry_id]

    def has_other_than(self, stream: str) -> bool:
        """Whether anything in it is not from this stream."""
        if isinstance(self.entries, StreamEntries):
            return self.entries.stream != stream
        return bool(self.gaps) or any(entry.stream != stream for entry in self.entries)
