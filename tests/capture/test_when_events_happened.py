"""The time of an event is when it happened, which is not always the stamp in its envelope."""

from __future__ import annotations

import pytest

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.timeline import to_timeline
from testrade_hooks import clock, wire

GRABBED_NS, FINISHED_NS = 1_000, 43_000


@pytest.mark.parametrize(
    ("event_type", "happened_ns"), [("TESTRADE_PROCESSED_ROI_IMAGE", FINISHED_NS), ("TESTRADE_ORDER_FILL", GRABBED_NS)]
)
def test_a_processed_image_happened_when_it_was_finished(event_type: str, happened_ns: int) -> None:
    """Its envelope carries the time of the grab; any other event (the control) keeps the stamp of its envelope."""
    said = wire.WireEvent(
        stream=wire.EVENTS[event_type].stream,
        event_type=event_type,
        source_component="TESTRADE",
        payload={"preprocessing_finish_perf_ns": FINISHED_NS},
        timestamp_ns=GRABBED_NS,
    )
    observed = to_timeline(Entry(said.stream, "1-1", wire.encode(said)), clock.now(), 0)
    assert observed.event.app_time_ns == happened_ns
