"""Images that came after the event that refers to them, joined when the event is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from pytest_intellisense.codec.bulk import REFERENCE, UNRESOLVED, BulkData, resolved
from pytest_intellisense.codec.pictures import Images
from pytest_intellisense.model.timeline import TimelineEvent

_REFERENCES = re.compile(REFERENCE.pattern.encode())


class LateImages:
    """To be asked about the events of a recorded session.

    At the first one that still refers to the bulk stream `read_again` is read twice: for the names that are referred to, and
    for their images, wherever these stand. Only those are kept.
    """

    def __init__(self, read_again: Callable[[], Iterable[TimelineEvent]]) -> None:
        self._read_again = read_again
        self._bulk: BulkData | None = None

    def of(self, event: TimelineEvent) -> TimelineEvent:
        """The event with its image, or the event itself if it has all or there is none."""
        if not names_in(event):
            return event
        if self._bulk is None:
            self._bulk = self._images()
        return joined(event, self._bulk)

    def _images(self) -> BulkData:
        wanted = {name for event in self._read_again() for name in names_in(event)}
        bulk = BulkData(remembered=len(wanted))
        for event in self._read_again():
            if event.image is not None and event.payload.get("reference") in wanted:
                bulk.remember(event.payload, event.image)
        return bulk


def names_in(event: TimelineEvent) -> set[str]:
    """The names on the bulk stream that the event still refers to."""
    if not any(mark.startswith(UNRESOLVED) for mark in event.marks):
        return set()
    text = event.body if isinstance(event.body, bytes) else json.dumps(event.body, default=str).encode()
    return {name.decode() for name in _REFERENCES.findall(text)}


def joined(event: TimelineEvent, bulk: BulkData) -> TimelineEvent:
    """The event with those references resolved whose images `bulk` has seen, or the event itself."""
    if not names_in(event):
        return event
    payload, refs, reasons = resolved(event.payload, bulk.seen(), Images())
    if not refs:
        return event
    marks = tuple(mark for mark in event.marks if reasons or not mark.startswith(UNRESOLVED))
    return msgspec.structs.replace(event, body=payload, image=event.image or refs[0], marks=marks)


def all_joined(events: Sequence[TimelineEvent], bulk: BulkData) -> Sequence[TimelineEvent]:
    """The very sequence, if there is nothing to join."""
    if not any(event.marks for event in events):
        return events
    return [joined(event, bulk) for event in events]
