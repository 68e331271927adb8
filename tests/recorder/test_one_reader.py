"""A session is read by one capture, from one Redis: whoever comes second is refused, and the first one does not notice."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import redis
from helpers.capture_command import Capture, Said, intellisense, numbers_in, publish
from helpers.lossy_proxy import LossyProxy
from helpers.redis_server import RedisServer

NAME = ("--session-id", "one")


def test_two_captures_of_one_name_do_not_share_the_entries(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Also where they write to different folders: the second is refused before it writes anything."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Capture(tmp_path, redis_server.url) as first:
        second = intellisense("capture", "start", *NAME, folder=elsewhere, INTELLISENSE_REDIS=redis_server.url)
        assert second.returncode == 2
        assert 'a session called "one" is being recorded from Redis at' in second.stderr
        assert "another --session-id" in second.stderr
        assert list(elsewhere.iterdir()) == []
        publish(app, range(100))
        assert first.end() == 0
    assert numbers_in(first.directory) == list(range(100))


def test_a_capture_does_not_notice_that_another_was_refused(
    redis_server: RedisServer, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """Of the same name, in the same folder, as a new one or to go on: rights are tried without touching what is there."""
    with Capture(tmp_path, redis_server.url) as first:
        publish(app, range(10))
        for options in (NAME, ("--resume", "one")):
            assert command("capture", "start", *options).code == 2
        publish(app, range(10, 20))
        first.has_written(20)
        assert first.end() == 0
    assert numbers_in(first.directory) == list(range(20))
    assert first.facts()["losses"] == {"lost": 0, "measurable": True, "notes": []}


def test_a_name_is_free_again_after_a_kill(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """The control: its group and its stream are there still, and nobody reads from them."""
    with Capture(tmp_path, redis_server.url) as killed:
        killed.end(signal.SIGKILL)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Capture(elsewhere, redis_server.url) as second:
        publish(app, range(10))
        second.has_written(10)
        assert second.end() == 0


def test_a_session_is_not_resumed_from_another_redis(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Nothing is changed by the attempt: from its own Redis it goes on, with what came meanwhile."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(10))
        killed.has_written(10)
        killed.end(signal.SIGKILL)
    publish(app, range(10, 20))
    with RedisServer() as another:
        refused = intellisense("capture", "start", "--resume", "one", folder=tmp_path, INTELLISENSE_REDIS=another.url)
    assert refused.returncode == 2
    assert f"was recorded from Redis at 127.0.0.1:{redis_server.port}" in refused.stderr
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(20))


def test_a_redis_that_moved_is_known_by_what_it_knows(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """The same server under another address."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(10))
        killed.has_written(10)
        killed.end(signal.SIGKILL)
    with LossyProxy(redis_server.port) as door, Capture(tmp_path, door.url, "--resume", "one") as resumed:
        assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(10))


def test_the_stream_of_our_own_is_no_stream_that_can_lose(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """After FLUSHALL the loss is told of what TESTRADE publishes."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(10))
        capture.has_written(10)
        app.flushall()
        publish(app, range(10, 20))
        capture.has_written(20)
        assert capture.end() == 3
    notes = capture.facts()["losses"]["notes"]
    assert notes != []
    assert [note for note in notes if note.startswith("intellisense:capture:")] == []
