"""A disk that takes 0.3 s for every sync: nothing is lost, and the time is not blamed on the application."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest
import redis
from helpers.redis_server import RedisServer
from helpers.remains import acknowledged_on
from helpers.workload_runs import environment, strace

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import wire

pytestmark = pytest.mark.timeout(60)
SYNC_TAKES_US = 300_000
EVENTS = 20


@contextmanager
def slow_recorder(server: RedisServer, root: Path, way: str) -> Iterator[None]:
    command = [*strace("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={SYNC_TAKES_US}"), sys.executable]
    command += ["-m", "helpers.recorder", server.url, str(root), "slow", way]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True) as recorder:
        try:
            assert recorder.stdout is not None
            assert recorder.stdout.readline() == "recording\n"
            yield
        finally:
            os.killpg(recorder.pid, signal.SIGKILL)  # strace and what it traces


def until_acknowledged(client: redis.Redis) -> None:
    deadline = time.monotonic() + 40
    while len(acknowledged_on(client, wire.ORDER_FILLS, "intellisense:slow")) < EVENTS:
        assert time.monotonic() < deadline, "not everything was recorded"
        time.sleep(0.02)


def recorded_slowly(server: RedisServer, root: Path, way: str) -> list[TimelineEvent]:
    """Twenty events, one every 50 ms, as they are in the log."""
    with slow_recorder(server, root, way), server.client() as client:
        for number in range(EVENTS):
            event = wire.event("TESTRADE_ORDER_FILL", {"number": number})
            client.xadd(event.stream, wire.encode(event))
            time.sleep(0.05)
        until_acknowledged(client)
    return list(read_session(root / "slow"))


def usual_delay_us(events: list[TimelineEvent]) -> float:
    """From the publisher's stamp to our own, on the same clock; the median, as any machine stands still for a moment."""
    return median(event.received_ns - (event.app_time_ns or 0) for event in events) / 1e3


def test_a_slow_disk_makes_no_latency(server: RedisServer, tmp_path: Path) -> None:
    """Every event is recorded; it was stamped when it came, while older ones were being written."""
    events = recorded_slowly(server, tmp_path, "sound")
    assert [event.payload["number"] for event in events] == list(range(EVENTS))
    assert usual_delay_us(events) < SYNC_TAKES_US / 4


def test_waiting_for_the_disk_is_found(server: RedisServer, tmp_path: Path) -> None:
    """The control: a recorder that reads on only after its sync gives the application the time of the disk."""
    assert usual_delay_us(recorded_slowly(server, tmp_path, "wait for the disk")) > SYNC_TAKES_US / 4
