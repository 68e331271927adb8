"""From a stream entry to a TimelineEvent."""

from __future__ import annotations

from pytest_intellisense.codec.any_entry import Observed as Observed
from pytest_intellisense.codec.any_entry import read_any as read_any
from pytest_intellisense.codec.entries import Entry, Gap
from pytest_intellisense.codec.plain_entries import plain_envelope, plain_event
from pytest_intellisense.model.timeline import Sense, TimelineEvent
from testrade_hooks import clock

GAP = "CAPTURE_GAP"


def to_timeline(entry: Entry, received: clock.Reading, sequence: int) -> Observed:
    """Read an entry of any known writer; an unknown event type keeps its name. Raises wire.UnreadableEntry."""
    envelope = plain_envelope(entry)
    event = plain_event(entry, envelope, received, sequence) if envelope else None
    return Observed(event) if event else read_any(entry, received, sequence)


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
