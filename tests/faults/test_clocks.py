"""Clocks that jump and clocks that differ: no order, no latency and no deadline depends on them."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.redis_server import RedisServer
from helpers.workload_runs import environment

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.engine.latency import APP, RECEIVED, between
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

pytestmark = pytest.mark.timeout(60)
HOUR_NS = 3_600_000_000_000
DAY_S = 100_000

PUBLISHER = """
import sys, redis
from testrade_hooks import wire
event = wire.event("TESTRADE_ORDER_FILL", {"number": int(sys.argv[2])})
with redis.Redis.from_url(sys.argv[1]) as client:
    client.xadd(event.stream, wire.encode(event))
"""


def publish(server: RedisServer, number: int) -> None:
    with server.client() as client:
        event = wire.event("TESTRADE_ORDER_FILL", {"number": number})
        client.xadd(event.stream, wire.encode(event))


def publish_elsewhere(server: RedisServer, number: int, *before: str) -> None:
    """In a process of its own; `before` stands in front of its command."""
    subprocess.run([*before, sys.executable, "-c", PUBLISHER, server.url, str(number)], check=True, env=environment())


def session_on(server: RedisServer, root: Path) -> CaptureSession:
    return CaptureSession(root, "one", StreamConsumer(endpoint_of(server.url), "one"))


def recorded_over_jumps(server: RedisServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> list[TimelineEvent]:
    """Three events; before the second the wall clock goes back an hour, before the third it goes forward by two."""
    offset_ns, time_ns, time_s = [0], time.time_ns, time.time
    monkeypatch.setattr(time, "time_ns", lambda: time_ns() + offset_ns[0])
    monkeypatch.setattr(time, "time", lambda: time_s() + offset_ns[0] / 1e9)
    with session_on(server, root) as session:
        for number, jump_ns in enumerate((0, -HOUR_NS, HOUR_NS)):
            offset_ns[0] = jump_ns
            publish(server, number)
            assert session.wait(number, time.perf_counter_ns() + 30_000_000_000)
        began = time.monotonic()
        assert not session.wait(3, time.perf_counter_ns() + 50_000_000)
        assert time.monotonic() - began < 30
    return list(read_session(session.directory))


def test_a_wall_clock_that_jumps(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order stays, the times between the events are short and positive, a wait ends at its deadline."""
    events = recorded_over_jumps(server, tmp_path, monkeypatch)
    assert [event.payload["number"] for event in events] == [0, 1, 2]
    assert all(0 < between(first, second)[0] < HOUR_NS // 100 for first, second in itertools.pairwise(events))
    assert sorted(events, key=lambda event: event.received_ns) == events


def test_wall_time_would_be_wrong(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: by their wall time, which is recorded too, the same events stand in another order."""
    events = recorded_over_jumps(server, tmp_path, monkeypatch)
    assert [event.payload["number"] for event in sorted(events, key=lambda event: event.received_epoch_ns)] == [1, 0, 2]


def in_another_time_namespace() -> list[str]:
    """The beginning of a command that runs the rest where the monotonic clock is a day ahead."""
    if sys.platform != "linux":
        pytest.skip("time namespaces are there on Linux only")
    command = ["unshare", "--user", "--map-root-user", "--time", "--monotonic", str(DAY_S)]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("this kernel lets nobody make a time namespace")
    return command


def test_a_publisher_in_another_time_namespace(server: RedisServer, tmp_path: Path) -> None:
    """Its stamps are compared with nobody's: the time between two events is taken between their receipts."""
    with session_on(server, tmp_path) as session:
        publish_elsewhere(server, 0, *in_another_time_namespace())
        publish_elsewhere(server, 1)
        session.loss()
        ahead, here = session.events_since(0)
    assert ahead.app_time_ns is not None and here.app_time_ns is not None
    assert here.app_time_ns - ahead.app_time_ns < -DAY_S * 0.9 * 1e9, "the control: the stamps themselves are a day apart"
    took_ns, source = between(ahead, here)
    assert source == RECEIVED
    assert 0 < took_ns < 60e9


def test_two_publishers_on_one_clock(server: RedisServer, tmp_path: Path) -> None:
    """The control: without the namespace the stamps of two processes are compared."""
    with session_on(server, tmp_path) as session:
        publish_elsewhere(server, 0)
        publish_elsewhere(server, 1)
        session.loss()
        first, second = session.events_since(0)
    took_ns, source = between(first, second)
    assert source == APP
    assert 0 < took_ns < 60e9
