"""Repeats: which lines say again what an earlier line said, found in memory that does not grow with the session."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from enum import Enum

from pytest_intellisense.codec.stream_ids import id_key
from pytest_intellisense.codec.timeline import GAP
from pytest_intellisense.model.timeline import TimelineEvent

_Key = tuple[str, int, str]


class Said(Enum):
    """What a line is, seen from the lines before it."""

    FIRST = "first"
    AGAIN = "again"
    DIFFERENTLY = "differently"


class Repeats:
    """To be asked about every event of a session, in its order.

    The ids of a stream grow as long as each entry is delivered once, so only the highest id of each stream is remembered.
    What comes late (delivered again, or after an interruption) may be new or not. At the first one `read_again` is read
    twice: for what comes late anywhere, and for what these entries were when they were in order. Only those are kept.
    """

    def __init__(self, read_again: Callable[[], Iterable[tuple[TimelineEvent, int]]]) -> None:
        self._read_again = read_again
        self._order = _Order()
        self._contents: dict[_Key, bytes] | None = None

    def of(self, event: TimelineEvent, generation: int) -> Said:
        """`generation` tells streams apart that had the same name one after the other."""
        if self._order.is_kept_by(event, generation):
            return Said.FIRST
        if self._contents is None:
            self._contents = self._contents_of_late()
        key, content = (event.stream, generation, event.entry_id), _content_of(event)
        before = self._contents.get(key)
        if before is None:
            self._contents[key] = content
            return Said.FIRST
        return Said.AGAIN if before == content else Said.DIFFERENTLY

    def _contents_of_late(self) -> dict[_Key, bytes]:
        order = _Order()
        late = {
            (event.stream, generation, event.entry_id)
            for event, generation in self._read_again()
            if not order.is_kept_by(event, generation)
        }
        order, contents = _Order(), {}
        for event, generation in self._read_again():
            key = (event.stream, generation, event.entry_id)
            if order.is_kept_by(event, generation) and key in late:
                contents[key] = _content_of(event)
        return contents


class _Order:
    """Whether ids grow. Gaps are no entries: one that has an id says what became of that entry."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, int], tuple[int, int]] = {}

    def is_kept_by(self, event: TimelineEvent, generation: int) -> bool:
        if not event.entry_id or event.event_type == GAP:
            return True
        try:
            entry_id = id_key(event.entry_id)
        except ValueError:
            return False
        stream = (event.stream, generation)
        if entry_id <= self._highest.get(stream, (-1, -1)):
            return False
        self._highest[stream] = entry_id
        return True


def _content_of(event: TimelineEvent) -> bytes:
    """A digest of what was published; when and how often it was received, and how it was written down, are left out."""
    said = (
        event.event_id,
        event.correlation_id,
        event.causation_id,
        event.source_component,
        event.app_time_ns,
        event.app_clock,
    )
    text = json.dumps([event.wire_type, *said, event.payload], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()
