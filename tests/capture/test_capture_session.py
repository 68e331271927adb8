"""What TESTRADE says on its streams arrives in memory and on disk, on every kind of Redis."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire


def soon() -> int:
    return time.perf_counter_ns() + 5_000_000_000


def publish(endpoint: Endpoint, *events: wire.WireEvent) -> None:
    client = endpoint.open()
    for event in events:
        client.xadd(event.stream, wire.encode(event))
    client.close()


def test_an_event_is_captured(endpoint: Endpoint, tmp_path: Path) -> None:
    """A fill added to its stream is seen by waiters and can be read back from the log."""
    with CaptureSession(tmp_path, "one", StreamConsumer(endpoint, "one")) as session:
        publish(endpoint, wire.event("TESTRADE_ORDER_FILL", {"fill_price": 150.31}, correlation_id="master-1"))
        assert session.wait(0, soon())
        (event,) = session.events_since(0)
    assert (event.event_type, event.correlation_id, event.payload["fill_price"]) == ("FILL", "master-1", 150.31)
    assert list(read_session(session.directory)) == [event]
