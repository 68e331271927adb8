"""What a capture costs over time: its memory does not grow with what it has recorded."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import redis
from helpers.capture_command import Capture, eventually, publish
from helpers.redis_server import RedisServer

BLOCK = 5_000


def resident_mb(capture: Capture) -> float:
    return psutil.Process(capture.process.pid).memory_info().rss / 1e6


def record(capture: Capture, client: redis.Redis, first: int, last: int) -> None:
    """Publish, and wait for it block by block, so that the backlog stays as it is in an application that runs."""
    for number in range(first, last, BLOCK):
        publish(client, range(number, number + BLOCK), padding="x" * 300)
        client.xtrim("testrade:order-fills", maxlen=4 * BLOCK, approximate=True)
        eventually(lambda: client.xinfo_groups("testrade:order-fills")[0]["pending"] == 0, "all of it kept")


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "options", [[], ["--dashcam-on", "event_type=REJECT", "--dashcam-before", "5s"]], ids=["all", "dash-cam"]
)
def test_memory_is_flat(options: list[str], redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """300,000 events after the first 50,000, in several segments: at most 15 MB more."""
    with Capture(tmp_path, redis_server.url, "--segment-size", "20MB", *options) as capture:
        record(capture, app, 0, 50_000)
        before_mb = resident_mb(capture)
        record(capture, app, 50_000, 350_000)
        after_mb = resident_mb(capture)
        assert capture.end() == 0
    assert capture.facts()["statistics"]["events"] == 350_000
    assert after_mb - before_mb < 15, f"{before_mb:.0f} MB before, {after_mb:.0f} MB after"
