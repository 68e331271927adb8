"""From a stream entry to a TimelineEvent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_intellisense.codec.entries import Gap
from pytest_intellisense.codec.event_names import timeline_name
from pytest_intellisense.codec.pictures import Picture, take_out
from pytest_intellisense.codec.plain_entries import plain_event
from pytest_intellisense.model.timeline import Sense, TimelineEvent, read_json
from testrade_hooks import clock, wire

GAP = "CAPTURE_GAP"


@dataclass(frozen=True, slots=True)
class Observed:
    """An event and the images that came inside it."""

    event: TimelineEvent
    pictures: tuple[Picture, ...] = ()


def to_timeline(stream: str, entry_id: str, fields: Mapping[bytes, bytes], received: clock.Reading, sequence: int) -> Observed:
    """Read an entry of any known writer; an unknown event type keeps its name. Raises wire.UnreadableEntry."""
    plain = plain_event(stream, entry_id, fields, received, sequence)
    return Observed(plain) if plain is not None else read_any(stream, entry_id, fields, received, sequence)


def read_any(stream: str, entry_id: str, fields: Mapping[bytes, bytes], received: clock.Reading, sequence: int) -> Observed:
    """The general way: every dialect, images, limits. Raises wire.UnreadableEntry."""
    said = wire.decode(stream, fields, read_json)
    event_type, sense = timeline_name(said.event_type, said.payload)
    payload, pictures = take_out(said.payload, said.image_bytes)
    event = TimelineEvent(
        global_sequence_id=sequence,
        stream=stream,
        entry_id=entry_id,
        sense=sense,
        event_type=event_type,
        wire_type=said.event_type,
        source_component=said.source_component,
        event_id=said.event_id,
        correlation_id=said.correlation_id,
        causation_id=said.causation_id,
        app_time_ns=wire.occurred_ns(said),
        app_clock=said.clock_domain,
        received_ns=received.monotonic_ns,
        received_epoch_ns=received.epoch_ns,
        body=payload,
        image=pictures[0].ref if pictures else None,
    )
    return Observed(event, tuple(pictures))


def gap_event(gap: Gap, received: clock.Reading, sequence: int) -> TimelineEvent:
    """A gap stands on the timeline where it was noticed."""
    return TimelineEvent(
        global_sequence_id=sequence,
        stream=gap.stream,
        entry_id=gap.entry_id,
        sense=Sense.CAPTURE,
        event_type=GAP,
        wire_type=GAP,
        source_component="pytest_intellisense",
        event_id="",
        correlation_id=None,
        causation_id=None,
        app_time_ns=None,
        app_clock=None,
        received_ns=received.monotonic_ns,
        received_epoch_ns=received.epoch_ns,
        body={"note": gap.note, "lost": gap.lost},
    )
