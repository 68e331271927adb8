"""What a reader of streams hands on: entries as they stood on the wire, and gaps where entries should have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from testrade_hooks import clock


class Entry(msgspec.Struct, frozen=True):
    """One stream entry. `generation` counts how often the stream was recreated under us: its ids start again then."""

    stream: str
    entry_id: str
    fields: Mapping[bytes, bytes]
    generation: int = 0


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
    entries: tuple[Entry, ...]
    gaps: tuple[Gap, ...] = ()
    again: tuple[tuple[str, str], ...] = ()
