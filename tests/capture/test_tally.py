"""How many events of a row of plain entries say whose they are."""

from __future__ import annotations

import pytest

from pytest_intellisense.capture.records import read_batch
from pytest_intellisense.capture.tally import tally_of
from pytest_intellisense.codec.entries import Batch, PlainColumns, StreamEntries
from testrade_hooks import clock, wire


@pytest.mark.parametrize(("said", "correlated"), [("c1", 3), ("", 2), ("MISSING_CORRELATION_ID", 2), ("REPAIRED_7", 2)])
def test_an_id_that_is_none_is_not_counted(said: str, correlated: int) -> None:
    """An empty one, and one that a sender made up for want of it."""
    events = [wire.event("TESTRADE_ORDER_FILL", {"n": 1}, correlation_id=one) for one in ("c0", said, "c2")]
    texts = tuple(wire.encode(event)[b"json_payload"] for event in events)
    row = StreamEntries(wire.ORDER_FILLS, 0, PlainColumns((b"1-1", b"1-2", b"1-3"), texts, None))
    tally = tally_of(read_batch(Batch(clock.now(), row), 0))
    assert (tally.correlated, sum(tally.senses.values())) == (correlated, 3)
