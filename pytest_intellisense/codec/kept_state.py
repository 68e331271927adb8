"""How far a recording was on disk at one moment, so that an interrupted one goes on from there and not from its beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from pytest_intellisense.codec.entries import Batch, StreamEntries
from pytest_intellisense.codec.stream_ids import START, id_key


class KeptStream(msgspec.Struct):
    """What is on disk of one stream: all that was delivered up to `last_id`.

    `received` entries and `noted` losses are counted from `attached_at` on, of this generation.
    """

    attached_at: str
    generation: int
    last_id: str
    received: int = 0
    noted: int = 0

    def add_entries(self, generation: int, number: int, last_id: str) -> None:
        if generation > self.generation:
            self.generation, self.attached_at, self.last_id = generation, START, START
            self.received, self.noted = 0, 0
        self.received += number
        self.last_id = max(self.last_id, last_id, key=id_key)

    def add_loss(self, lost: int, entry_id: str) -> None:
        """`entry_id` is empty where no single entry was lost."""
        self.noted += lost
        if entry_id:
            self.last_id = max(self.last_id, entry_id, key=id_key)


class KeptState(msgspec.Struct):
    """`lines` are those of each log in `segment`, `counts` those in all segments; `statistics` as in session.json."""

    segment: int
    lines: dict[str, int]
    counts: dict[str, int]
    next_sequence: int
    statistics: dict[str, Any]
    streams: dict[str, KeptStream]


def kept_state(facts: Mapping[str, Any]) -> KeptState | None:
    """From the `resume` part of session.json; None where it does not say, or says something else."""
    try:
        return msgspec.convert(facts.get("kept"), KeptState | None)
    except msgspec.ValidationError:
        return None


def count_batch(streams: Mapping[str, KeptStream], batch: Batch) -> None:
    """The batch is on disk now. Streams that are not in `streams` are not counted."""
    for gap in batch.gaps:
        if gap.stream in streams:
            streams[gap.stream].add_loss(gap.lost or 0, gap.entry_id)
    if isinstance(batch.entries, StreamEntries):
        entries = batch.entries
        last = entries.ids[-1]
        if entries.stream in streams:
            last_id = last.decode() if isinstance(last, bytes) else last
            streams[entries.stream].add_entries(entries.generation, len(entries), last_id)
    else:
        numbers = Counter((entry.stream, entry.generation) for entry in batch.entries)
        last_ids = {(entry.stream, entry.generation): entry.entry_id for entry in batch.entries}
        for (stream, generation), number in numbers.items():
            if stream in streams:
                streams[stream].add_entries(generation, number, last_ids[stream, generation])
