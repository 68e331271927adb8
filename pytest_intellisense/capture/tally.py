"""How many events of which sense a record holds, counted without making events where that is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_intellisense.capture.plain_record import PlainRecord
from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.codec.plain_entries import sense_of
from pytest_intellisense.codec.timeline import GAP
from pytest_intellisense.model.timeline import Sense, TimelineEvent


@dataclass(frozen=True, slots=True)
class Tally:
    """Events by sense, and how many of them carry a correlation id of their own. Gaps are no events."""

    senses: Counter[Sense]
    correlated: int


def tally_of(record: AnyRecord) -> Tally:
    if isinstance(record, PlainRecord) and record.row.are_correlated:
        return Tally(_by_sense(record.type_counts), len(record))
    return tally_of_events(event for event, _ in record.events)


def tally_of_events(events: Iterable[TimelineEvent]) -> Tally:
    senses: Counter[Sense] = Counter()
    correlated = 0
    for event in events:
        if event.wire_type != GAP:
            senses[event.sense] += 1
            correlated += bool(event.correlation_id)
    return Tally(senses, correlated)


def _by_sense(types: Counter[str]) -> Counter[Sense]:
    senses: Counter[Sense] = Counter()
    for name, count in types.items():
        senses[sense_of(name)] += count
    return senses
