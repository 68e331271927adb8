"""The rate of recording against reading alone, and against FastStream doing the same work, on one real server.

All read the same messages from eight streams and acknowledge them. The bare loop does nothing else (XREADGROUP COUNT 100,
one XACK a stream, hiredis); the session parses, shows the events, writes every line, syncs it, and acknowledges only then.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
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
from testrade_hooks import wire

MESSAGES = 200_000
FASTSTREAM_MESSAGES = 20_000
ROUNDS = 5
BARE_GOAL, FASTSTREAM_GOAL = 1.15, 4.0
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


def one_round(endpoint: Endpoint, folder: Path, *, first: int) -> tuple[float, float]:
    """Time of the bare loop, and of FastStream, each over the time of recording the same messages."""
    with endpoint.open() as client:
        client.flushall()
        for stream in STREAMS:
            for group in ("bare", "faststream"):
                client.xgroup_create(stream, group, "0", mkstream=True)
        consumer = HeldConsumer(endpoint, "benchmark")
        with CaptureSession(folder, f"round-{time.monotonic_ns()}", consumer) as session:
            fill(client, MESSAGES)
            ways: list[Callable[[], float]] = [
                lambda: timed(lambda: read_bare(client, "bare")),
                lambda: timed(lambda: record(session, consumer)),
                lambda: seconds_of_faststream(endpoint, folder) * MESSAGES / FASTSTREAM_MESSAGES,
            ]
            times = {index: ways[index]() for index in (first, (first + 1) % 3, (first + 2) % 3)}
    return times[0] / times[1], times[2] / times[1]


def timed(run: Callable[[], None]) -> float:
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def seconds_of_faststream(endpoint: Endpoint, folder: Path) -> float:
    """A process of its own, timed from its first message to the last acknowledgement."""
    peer = Path(__file__).with_name("faststream_peer.py")
    command = [sys.executable, str(peer), endpoint.address, str(FASTSTREAM_MESSAGES), str(folder), *STREAMS]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_rates(endpoint: Endpoint) -> None:
    """Print the rate of a strict session against the bare loop, and against FastStream."""
    to_bare, to_faststream = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS + 1):
            bare, faststream = one_round(endpoint, Path(folder), first=number % 3)
            if number:
                to_bare.append(bare)
                to_faststream.append(faststream)
    print_figure("capture_to_bare", statistics.median(to_bare), at_least=BARE_GOAL)
    print_figure("capture_to_faststream", statistics.median(to_faststream), at_least=FASTSTREAM_GOAL)
