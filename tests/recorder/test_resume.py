"""`--resume`: a capture that was killed, or lost its Redis, goes on with what is pending: nothing is lost, nothing is twice."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Capture, Said, events_in, numbers_in, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.streams.consumer import StreamConsumer


def test_a_killed_capture_goes_on(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """All events are there, numbered without a break, also those published while nobody recorded."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(300))
        killed.has_written(100)
        killed.end(signal.SIGKILL)
    publish(app, range(300, 400))
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        publish(app, range(400, 500))
        assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(500))
    assert (resumed.directory / "segment-000002").is_dir()
    sequences = [event.global_sequence_id for event in events_in(resumed.directory)]
    assert sequences == sorted(set(sequences))
    facts = resumed.facts()
    assert (facts["state"], facts["losses"]["lost"]) == ("complete", 0)
    (interruption,) = facts["interruptions"]
    assert interruption["in_segment"] == 2
    assert facts["started_epoch_ns"] < interruption["last_sign_epoch_ns"] <= interruption["resumed_epoch_ns"]


def test_a_torn_tail_is_put_aside(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """A power loss in the middle of a line: the rest is kept beside the log, the session has no damage."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(10))
        killed.has_written(10)
        killed.end(signal.SIGKILL)
    with (killed.directory / "broker.jsonl").open("ab") as log:
        log.write(b'{"seq":10,"crc":"00')
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        assert resumed.end() == 0
    session = read_session(resumed.directory)
    assert [event.payload["number"] for event in session if "number" in event.payload] == list(range(10))
    assert session.damage.lossless
    assert (resumed.directory / "broker.jsonl.torn").read_bytes() == b'{"seq":10,"crc":"00'


def test_what_was_trimmed_meanwhile_is_counted(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Exactly, as a gap on the timeline: exit code 3."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(50))
        killed.has_written(50)
        killed.end(signal.SIGKILL)
    publish(app, range(50, 150))
    app.xtrim("testrade:order-fills", maxlen=30, approximate=False)
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        assert resumed.end() == 3
    assert resumed.facts()["losses"]["lost"] == 70
    assert numbers_in(resumed.directory) == [*range(50), *range(120, 150)]


def test_a_capture_whose_redis_went_away_goes_on(app: redis.Redis, tmp_path: Path) -> None:
    """It ends by itself with exit code 3 and says how it goes on; with --resume it does."""
    with RedisServer("--appendonly", "yes", "--appendfsync", "always") as server:
        with Capture(tmp_path, server.url, "--reconnect-within", "1s") as capture, server.client() as client:
            publish(client, range(100))
            capture.has_written(100)
            server.kill()
            assert capture.wait() == 3
        assert capture.facts()["state"] == "failed"
        assert "refused the connection" in capture.facts()["reason"]
        assert "--resume one" in capture.output
        server.start()
        with Capture(tmp_path, server.url, "--resume", "one") as resumed, server.client() as client:
            publish(client, range(100, 120))
            assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(120))


@pytest.mark.parametrize("step", ["start", "catch_up"])
def test_an_attempt_that_fails_spoils_nothing(
    step: str,
    redis_server: RedisServer,
    app: redis.Redis,
    command: Callable[..., Said],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Redis goes silent before or after the groups are found again: the next attempt finds all that is pending."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(50))
        killed.has_written(50)
        killed.end(signal.SIGKILL)
    publish(app, range(50, 80))
    with monkeypatch.context() as silent:
        silent.setattr(StreamConsumer, step, went_silent)
        assert command("capture", "start", "--duration", "1s", "--resume", "one").code == 2
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        assert resumed.end() == 0
    assert numbers_in(resumed.directory) == list(range(80))


def went_silent(*_arguments: object) -> None:
    raise EnvironmentProblem("Redis did not answer in time")


def test_a_complete_session_is_not_resumed(
    redis_server: RedisServer, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """Its consumer group is gone: what came since is not known. Its directory stays as it is."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(1))
        capture.end()
    resumed = command("capture", "start", "--duration", "1s", "--resume", "one")
    assert resumed.code == 2
    assert "ended complete: there is nothing to resume" in resumed.errors
    assert not (capture.directory / "segment-000002").exists()


def test_a_running_session_is_not_resumed(
    redis_server: RedisServer, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """Its directory is held by the process that records it."""
    with Capture(tmp_path, redis_server.url) as capture:
        resumed = command("capture", "start", "--duration", "1s", "--resume", "one")
        assert capture.process.poll() is None
    assert resumed.code == 2
    assert "is being recorded" in resumed.errors
