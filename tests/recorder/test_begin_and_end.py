"""Beginning later, ending in a hurry, and a Redis of several nodes."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Capture, eventually, numbers_in, publish
from helpers.redis_cluster import RedisCluster
from helpers.redis_server import RedisServer


def in_seconds(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))


@pytest.mark.long
def test_it_waits_for_its_time(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """It says so and records nothing before; between --from and --until it records, and ends by itself."""
    with Capture(tmp_path, redis_server.url, "--from", in_seconds(20), "--until", in_seconds(40)) as capture:
        assert "waiting for the time to begin" in capture.announced
        assert capture.facts()["state"] == "scheduled"
        publish(app, range(10))
        eventually(
            within_s=30.0,
            holds=lambda: capture.facts()["state"] == "recording" and capture.facts()["resume"],
            what="its beginning",
        )
        publish(app, range(10, 20))
        assert capture.wait() == 0
    assert numbers_in(capture.directory) == list(range(10, 20))
    assert capture.facts()["reason"] == "the scheduled end"


def test_waiting_can_be_ended(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Exit code 1: nothing was captured."""
    with Capture(tmp_path, redis_server.url, "--from", in_seconds(3600), "--until", in_seconds(7200)) as capture:
        assert "waiting for the time to begin" in capture.announced
        assert capture.facts()["state"] == "scheduled"
        assert capture.end() == 1
    assert (capture.facts()["state"], capture.facts()["reason"]) == ("complete", "stopped by SIGTERM")


def test_a_second_signal_ends_it_at_once(app: redis.Redis, tmp_path: Path) -> None:
    """Redis does not answer, so a clean end takes its time; who insists gets a readable session that can be resumed."""
    with RedisServer("--appendonly", "yes") as server, server.client() as client:
        with Capture(tmp_path, server.url) as capture:
            publish(client, range(100))
            capture.has_written(100)
            server.pause()
            capture.process.send_signal(signal.SIGINT)
            assert capture.process.stderr is not None
            assert any(line.startswith("stopping: ") for line in iter(capture.process.stderr.readline, ""))
            capture.process.send_signal(signal.SIGINT)
            assert capture.wait() == 130
        server.resume()
        assert numbers_in(capture.directory) == list(range(100))
        with Capture(tmp_path, server.url, "--resume", "one") as resumed:
            assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(100))


@pytest.mark.long
def test_a_cluster_is_captured(tmp_path: Path) -> None:
    """Its streams lie on several nodes; what is behind is known of all of them."""
    with RedisCluster(3) as cluster, Capture(tmp_path, cluster.url, "--duration", "3s") as capture:
        with cluster.client() as client:
            for number, event_type in enumerate(("TESTRADE_ORDER_FILL", "TESTRADE_MARKET_TICK", "TESTRADE_SYSTEM_ALERT")):
                publish(client, range(number, number + 1), event_type)
        assert capture.wait() == 0
    assert sorted(numbers_in(capture.directory)) == [0, 1, 2]
    assert re.search(r"behind \d, ", capture.errors)
