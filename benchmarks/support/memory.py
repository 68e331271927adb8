"""What a strict session keeps in memory over two million events, of which those of earlier plans are let go."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import psutil
from support.capture_rate import STREAMS, fill
from timing import print_figure

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer

EVENTS, PORTION = 2_000_000, 20_000
GOAL_MB = 30.0


def print_memory(endpoint: Endpoint) -> None:
    process = psutil.Process(os.getpid())
    sizes_mb = []
    with (
        tempfile.TemporaryDirectory() as folder,
        endpoint.open() as client,
        CaptureSession(Path(folder), "long", StreamConsumer(endpoint, "memory")) as session,
    ):
        for count in range(PORTION, EVENTS + 1, PORTION):
            fill(client, PORTION)
            assert session.wait(count - 1, time.perf_counter_ns() + 60_000_000_000)
            session.flush()
            session.let_go(count)
            for stream in STREAMS:
                client.xtrim(stream, maxlen=0, approximate=False)
            sizes_mb.append(process.memory_info().rss / 2**20)
    warm = sizes_mb[len(sizes_mb) // 10]
    print_figure("memory_growth_mb", max(sizes_mb) - warm, at_most=GOAL_MB)
