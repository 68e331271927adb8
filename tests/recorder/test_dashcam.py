"""Dash-cam: only what happened around certain events stays on disk; all else is dropped, and counted as dropped."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import redis
from helpers.capture_command import Capture, events_in, publish, publish_image
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session

ALERTS = ("--dashcam-on", "event_type=SYSTEM_ALERT_RAISED and payload.severity=ERROR")
BEFORE_S, AFTER_S = 0.5, 0.4
SLICE_S = 0.5


class Traffic:
    """A numbered event and an image of its own every 20 ms, and alerts when they are wanted."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._pause = threading.Event()
        self._number = 0

    def run_for(self, seconds: float) -> float:
        """At least so many seconds; how many it were."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            self._number += 1
            publish(self._client, range(self._number, self._number + 1))
            publish_image(self._client, self._number, b"picture %d" % self._number * 20)
            self._pause.wait(0.02)
        return time.monotonic() - began

    def alert(self, severity: str) -> None:
        publish(self._client, range(1), "TESTRADE_SYSTEM_ALERT", severity=severity)


def kept_around(directory: Path) -> tuple[float, float]:
    """How many seconds are kept before and after the alert."""
    events = events_in(directory)
    (at,) = [event.received_ns for event in events if event.event_type == "SYSTEM_ALERT_RAISED"]
    return (at - events[0].received_ns) / 1e9, (events[-1].received_ns - at) / 1e9


def test_only_the_time_around_an_alert_is_kept(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """At least what was asked for, and the slices before and after are gone; alerts of another severity keep nothing."""
    options = (*ALERTS, "--dashcam-before", f"{BEFORE_S}s", "--dashcam-after", f"{AFTER_S}s")
    with Capture(tmp_path, redis_server.url, *options) as capture:
        traffic = Traffic(app)
        traffic.alert("INFO")
        published = [traffic.run_for(BEFORE_S + 4 * SLICE_S)]
        traffic.alert("ERROR")
        published.append(traffic.run_for(AFTER_S + BEFORE_S + 4 * SLICE_S))
        assert capture.end() == 0
    before, after = kept_around(capture.directory)
    assert BEFORE_S - 0.1 < before < published[0] - SLICE_S / 2
    assert AFTER_S - 0.1 < after < published[1] - SLICE_S / 2
    check_what_is_left(capture)


def check_what_is_left(capture: Capture) -> None:
    """Counts fit, every line has its image, every image its line."""
    facts, session = capture.facts(), read_session(capture.directory)
    events = list(session)
    assert session.damage.lossless
    kept = sum(facts["counts"].values()) - sum(facts["dropped"]["counts"].values())
    assert kept == len(events) == capture.lines_on_disk()
    assert facts["dropped"]["segments"] > 0
    assert facts["losses"]["lost"] == 0
    images = {event.image.path: event.image.sha256 for event in events if event.image}
    assert {f"images/{path.name}" for path in capture.directory.glob("images/*")} == set(images)
    assert all(hashlib.sha256((capture.directory / path).read_bytes()).hexdigest() == sha for path, sha in images.items())
    assert f"{kept:,} lines kept around 1 moments" in capture.output


def test_without_an_alert_nothing_is_left(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """That is a success: what was captured is counted, and dropped as it was asked for."""
    with Capture(tmp_path, redis_server.url, *ALERTS, "--dashcam-before", "0.5s") as capture:
        Traffic(app).run_for(0.6)
        assert capture.end() == 0
    assert capture.lines_on_disk() == 0
    assert list(capture.directory.glob("images/*")) == []
    assert capture.facts()["dropped"]["counts"] == capture.facts()["counts"]


def test_an_image_that_is_seen_again_is_not_lost(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """The screen shows the same picture in slices that go and in one that stays: its file stays."""
    with Capture(tmp_path, redis_server.url, *ALERTS, "--dashcam-before", "0.5s", "--dashcam-after", "0.5s") as capture:
        traffic = Traffic(app)
        for _ in range(3):
            publish_image(app, -1, b"the same picture" * 20)
            traffic.run_for(0.6)
        traffic.alert("ERROR")
        publish_image(app, -2, b"the same picture" * 20)
        traffic.run_for(0.5)
        capture.end()
    again = [event for event in events_in(capture.directory) if event.payload.get("number") == -2]
    assert again[0].image is not None
    assert (capture.directory / again[0].image.path).read_bytes() == b"the same picture" * 20
    check_what_is_left(capture)
