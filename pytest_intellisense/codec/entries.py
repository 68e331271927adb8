"""What a reader of streams hands on: entries as they stood on the wire, and gaps where entries should have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import msgspec

from testrade_hooks import clock


class Entry(msgspec.Struct, frozen=True):
    """One stream entry. `generation` counts how often the stream was recreated under us: its ids start again then."""

    stream: str
    entry_id: str
    fields: Mapping[bytes, bytes]
    generation: int = 0


class StreamEntries(Sequence[Entry]):
    """Entries of one stream in a row: what a backlog consists of. An Entry is made when one is asked for.

    Ids and fields are two lists, not pairs: the garbage collector would look at every pair again and again.
    """

    def __init__(self, stream: str, generation: int, items: Sequence[tuple[str, Mapping[bytes, bytes]]]) -> None:
        self.stream = stream
        self.generation = generation
        self.ids = [entry_id for entry_id, _ in items]
        self.fields = [fields for _, fields in items]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Entry]:
        return (Entry(self.stream, entry_id, fields, self.generation) for entry_id, fields in self._items())

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> StreamEntries: ...
    def __getitem__(self, index: int | slice) -> Entry | StreamEntries:
        if isinstance(index, slice):
            return StreamEntries(self.stream, self.generation, list(self._items())[index])
        return Entry(self.stream, self.ids[index], self.fields[index], self.generation)

    def _items(self) -> Iterator[tuple[str, Mapping[bytes, bytes]]]:
        return zip(self.ids, self.fields, strict=True)


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where entries are or may be missing. `lost` None: the server cannot tell how many."""

    stream: str
    note: str
    lost: int | None
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read returned; `received` was stamped before anything was parsed.

    `again` names stream and id of what an earlier batch had already: to be acknowledged with this one, not to be kept twice.
    """

    received: clock.Reading
    entries: Sequence[Entry]
    gaps: tuple[Gap, ...] = ()
    again: tuple[tuple[str, str], ...] = ()

    def ids(self) -> Iterator[tuple[str, list[str]]]:
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
