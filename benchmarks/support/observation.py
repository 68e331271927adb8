"""How soon an event is at hand, and what a consumer takes when nothing comes.

Another process adds 200 messages a second, each with the time it was sent at. In turns a blocking redis-py XREADGROUP returns
them, and a strict capture session shows them as events: from then on every check can see them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakeredis
from timing import print_figure

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.streams.connection import Endpoint, embedded_endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

COUNT, ROUNDS, IDLE_S = 400, 9, 5.0
P50_GOAL, P99_GOAL, IDLE_GOAL = 1.15, 1.5, 0.12
STREAM = wire.MARKET_TRADES


class NotedConsumer(StreamConsumer):
    """Notes when the session has taken a batch in: its events are visible then."""

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        self.shown: list[tuple[int, Batch]] = []
        self.all_shown = threading.Event()
        self._count = 0

        def show(batch: Batch) -> None:
            sink(batch)
            self.shown.append((time.perf_counter_ns(), batch))
            self._count += len(batch.entries)
            if self._count >= COUNT:
                self.all_shown.set()

        super().start(show, on_end)


def bare_latencies_ns(endpoint: Endpoint) -> list[int]:
    latencies: list[int] = []
    with endpoint.open() as client:
        client.delete(STREAM)
        client.xgroup_create(STREAM, "bare", "$", mkstream=True)
        with sender(endpoint):
            while len(latencies) < COUNT:
                reply: Any = client.xreadgroup("bare", "reader", {STREAM: ">"}, count=100, block=1000)
                now_ns = time.perf_counter_ns()
                ids = [entry_id for _, entries in reply for entry_id, _ in entries]
                latencies += [now_ns - sent_ns(fields) for _, entries in reply for _, fields in entries]
                if ids:
                    client.xack(STREAM, "bare", *ids)
    return latencies


def session_latencies_ns(endpoint: Endpoint, folder: Path) -> list[int]:
    consumer = NotedConsumer(endpoint, "observation")
    with CaptureSession(folder, f"round-{time.monotonic_ns()}", consumer), sender(endpoint):
        assert consumer.all_shown.wait(60)
    return [at_ns - sent_ns(entry.fields) for at_ns, batch in consumer.shown for entry in batch.entries]


def sent_ns(fields: Any) -> int:
    return wire.decode(STREAM, fields).timestamp_ns or 0


def sender(endpoint: Endpoint) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(Path(__file__).with_name("paced_sender.py")), endpoint.address, str(COUNT)])


def print_latencies(endpoint: Endpoint) -> None:
    """The medians over the rounds of the ratio of each round's p50, and of its p99."""
    p50, p99 = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            if number % 2:
                ours, bare = session_latencies_ns(endpoint, Path(folder)), bare_latencies_ns(endpoint)
            else:
                bare, ours = bare_latencies_ns(endpoint), session_latencies_ns(endpoint, Path(folder))
            ours_percentiles, bare_percentiles = (statistics.quantiles(values, n=100) for values in (ours, bare))
            p50.append(ours_percentiles[49] / bare_percentiles[49])
            p99.append(ours_percentiles[98] / bare_percentiles[98])
    print_figure("observation_p50", statistics.median(p50), at_most=P50_GOAL)
    print_figure("observation_p99", statistics.median(p99), at_most=P99_GOAL)


def print_idle(endpoint: Endpoint) -> None:
    """The share of a core that a session takes while nothing comes, on a server and on the embedded Redis."""
    for name, place in (("server", endpoint), ("embedded", embedded_endpoint(fakeredis.FakeServer(version=(7, 4))))):
        with tempfile.TemporaryDirectory() as folder, CaptureSession(Path(folder), "idle", StreamConsumer(place, "idle")):
            cpu_s, start_s = time.process_time(), time.perf_counter()
            time.sleep(IDLE_S)
            share = (time.process_time() - cpu_s) / (time.perf_counter() - start_s)
        print_figure(f"idle_core_{name}", share, at_most=IDLE_GOAL)
