"""Recording against reading alone: a durable capture session and a bare redis-py loop, on one real server.

Both read the same messages from eight streams and acknowledge them. The bare loop does nothing else (XREADGROUP COUNT 100,
one XACK a stream, hiredis); the session parses, shows the events, writes every line, syncs it, and acknowledges only then.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import redis
from timing import print_figure

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.server import PrivateServer
from testrade_hooks import wire

MESSAGES = 100_000
ROUNDS = 5
GOAL = 1.15
TYPES = (
    "TESTRADE_RAW_OCR_DATA",
    "TESTRADE_CLEANED_OCR_SNAPSHOT",
    "TESTRADE_SIGNAL_DECISION",
    "TESTRADE_ORDER_REQUEST",
    "TESTRADE_ORDER_STATUS_UPDATE",
    "TESTRADE_ORDER_FILL",
    "TESTRADE_POSITION_UPDATE",
    "TESTRADE_MARKET_TICK",
)
STREAMS = tuple(wire.EVENTS[name].stream for name in TYPES)


def fill(client: redis.Redis, count: int) -> None:
    """Put `count` messages of about 700 bytes on the streams in turn."""
    pipeline = client.pipeline(transaction=False)
    for number in range(count):
        payload = {"symbol": "AAPL", "number": number, "status": "working", "price": 150.25, "pad": "x" * 330}
        event = wire.event(TYPES[number % len(TYPES)], payload, correlation_id=f"{number:036d}", causation_id=f"{number:036d}")
        fields: dict[Any, Any] = wire.encode(event)
        pipeline.xadd(event.stream, fields)
        if len(pipeline) == 500:
            pipeline.execute()
    pipeline.execute()


def read_bare(client: redis.Redis, group: str) -> None:
    """What is fast without any recording: read 100 a stream, acknowledge in one pipeline."""
    received = 0
    wanted: dict[Any, Any] = dict.fromkeys(STREAMS, ">")
    while received < MESSAGES:
        reply: Any = client.xreadgroup(group, "bare", wanted, count=100, block=1000)
        pipeline = client.pipeline(transaction=False)
        for stream, entries in reply:
            received += len(entries)
            pipeline.xack(stream, group, *(entry_id for entry_id, _ in entries))
        pipeline.execute()


class HeldConsumer(StreamConsumer):
    """Keeps its first batch back until `go` is set, so that all messages are on the streams when the clock starts."""

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        self.go = threading.Event()
        self.acknowledged = 0
        super().start(lambda batch: (self.go.wait(), sink(batch))[1], on_end)

    def acknowledge(self, batches: Iterable[Batch]) -> None:
        batches = list(batches)
        super().acknowledge(batches)
        self.acknowledged += sum(len(batch.entries) for batch in batches)


def record(session: CaptureSession, consumer: HeldConsumer) -> None:
    """Until every message is shown, on disk and acknowledged."""
    consumer.go.set()
    session.wait(MESSAGES - 1, time.perf_counter_ns() + 60_000_000_000)
    session.flush()
    assert consumer.acknowledged == MESSAGES


def one_round(endpoint: Endpoint, folder: Path, *, bare_first: bool) -> float:
    """Bare time / recording time for the same messages."""
    with endpoint.open() as client:
        client.flushall()
        for stream in STREAMS:
            client.xgroup_create(stream, "bare", "0", mkstream=True)
        consumer = HeldConsumer(endpoint, "benchmark")
        with CaptureSession(folder, f"round-{time.monotonic_ns()}", consumer) as session:
            fill(client, MESSAGES)
            ways = [lambda: read_bare(client, "bare"), lambda: record(session, consumer)]
            times = {}
            for index in (0, 1) if bare_first else (1, 0):
                gc.collect()
                start = time.perf_counter()
                ways[index]()
                times[index] = time.perf_counter() - start
    return times[0] / times[1]


def main() -> None:
    server = PrivateServer()
    try:
        endpoint = server.start()
        with tempfile.TemporaryDirectory() as folder:
            ratios = [one_round(endpoint, Path(folder), bare_first=bool(number % 2)) for number in range(ROUNDS + 1)][1:]
        print(sorted(ratios))
        print_figure("capture_strict", statistics.median(ratios), at_least=GOAL)
    finally:
        server.close()


if __name__ == "__main__":
    main()
