"""A capture in the background: confirmed by `--detach`, shown by `status`, ended by `stop`, and never mistaken for another."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis
from helpers.capture_command import Capture, Said, eventually, intellisense, numbers_in, publish
from helpers.redis_server import RedisServer

CANARY = "pa55/w0rd@canary"


@pytest.fixture
def background(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> Iterator[int]:
    """The pid of a detached capture named `one`; it is gone after the test."""
    started = intellisense(
        "capture", "start", "--detach", "--session-id", "one", "--redis-url", redis_server.url, folder=tmp_path
    )
    assert started.returncode == 0, started.stderr
    pid = int(re.findall(r"pid (\d+)", started.stdout)[0])
    yield pid
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def running(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> Iterator[Capture]:
    """The same in the foreground, which starts faster."""
    with Capture(tmp_path, redis_server.url) as capture:
        yield capture


def test_a_detached_capture_is_confirmed_and_stopped(
    background: int, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """What is published after `start --detach` has returned is recorded; `stop` says so and takes over the exit code."""
    publish(app, range(200))
    stopped = command("capture", "stop")
    assert (stopped.code, stopped.errors) == (0, "")
    assert "200 lines" in stopped.output
    assert numbers_in(tmp_path / "captures" / "one") == list(range(200))
    eventually(lambda: not psutil.pid_exists(background), "nothing left of the process")
    assert "complete: stopped by SIGTERM" in (tmp_path / "captures" / "one" / "capture.log").read_text()


def test_a_detached_capture_that_cannot_record_says_why(tmp_path: Path) -> None:
    """The error stands on the terminal of whoever wanted it, with the exit code."""
    started = intellisense("capture", "start", "--detach", "--redis-url", "redis://127.0.0.1:1/0", folder=tmp_path)
    assert started.returncode == 2
    assert "refused the connection" in started.stderr


def test_status_shows_the_running_capture(
    running: Capture, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """State, process, how long, how much; --json for scripts."""
    publish(app, range(50))

    def said() -> dict:
        shown = command("capture", "status", "--json")
        assert shown.code == 0
        return json.loads(shown.output)[0]

    facts = eventually(lambda: (one := said())["statistics"]["events"] == 50 and one, "50 events in status")
    assert (facts["state"], facts["pid"], facts["in_use"]) == ("recording", running.process.pid, True)
    words = command("capture", "status").output
    assert re.search(rf"one: recording, pid {running.process.pid}, 00:00:\d\d, last sign of life \d s ago\n  50 events", words)


def test_status_of_a_killed_capture(running: Capture, command: Callable[..., Said]) -> None:
    """Nobody holds its directory any more: it was killed, and this is how it goes on. Exit code 1: nothing runs."""
    running.end(signal.SIGKILL)
    shown = command("capture", "status")
    assert shown.code == 1
    assert "one: killed" in shown.output
    assert "intellisense capture start --resume one" in shown.output
    stopped = command("capture", "stop", "--session-id", "one")
    assert stopped.code == 2
    assert "capture one is not running: killed" in stopped.errors


def test_stop_without_a_capture(command: Callable[..., Said]) -> None:
    """It says where it looked."""
    stopped = command("capture", "stop")
    assert stopped.code == 2
    assert "error: no capture is running in captures/" in stopped.errors


def test_several_captures_must_be_named(
    redis_server: RedisServer, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """None is stopped by guessing."""
    with Capture(tmp_path, redis_server.url) as one, Capture(tmp_path, redis_server.url, session_id="two") as two:
        stopped = command("capture", "stop")
        assert stopped.code == 2
        assert "2 captures are running" in stopped.errors
        assert one.process.poll() is None and two.process.poll() is None
        publish(app, range(1))
        assert command("capture", "stop", "--session-id", "two").code == 0
        assert one.process.poll() is None


@pytest.mark.parametrize("locked", [True, False], ids=["directory is held by somebody", "nobody holds the directory"])
def test_stop_never_signals_another_process(
    locked: bool, running: Capture, command: Callable[..., Said], tmp_path: Path
) -> None:
    """The pid was given to another process after a kill -9: it lives, whoever holds the directory."""
    running.end(signal.SIGKILL)
    directory = tmp_path / "captures" / "one"
    with subprocess.Popen(["sleep", "60"]) as innocent:
        facts = json.loads((directory / "session.json").read_text())
        (directory / "session.json").write_text(json.dumps({**facts, "pid": innocent.pid}))
        held = os.open(directory, os.O_RDONLY)
        if locked:
            fcntl.flock(held, fcntl.LOCK_EX)
        stopped = command("capture", "stop", "--session-id", "one")
        os.close(held)
        assert stopped.code == 2
        assert innocent.poll() is None
        innocent.kill()
    assert ("is not the one that records one" if locked else "is not running: killed") in stopped.errors


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    """Not in any process list, file or output, however the capture is started; on the command line it is warned of."""
    (tmp_path / "password").write_text(CANARY + "\n")
    with RedisServer("--requirepass", CANARY) as server:
        by_file = ("--redis-url", server.url, "--password-file", "password")
        started = intellisense("capture", "start", "--detach", "--session-id", "one", *by_file, folder=tmp_path)
        assert started.returncode == 0, started.stderr
        pid = int(re.findall(r"pid (\d+)", started.stdout)[0])
        words = psutil.Process(pid).cmdline()
        stopped = intellisense("capture", "stop", folder=tmp_path)
        by_url = server.url.replace("redis://", f"redis://:{CANARY}@")
        warned = intellisense("capture", "start", "--duration", "1s", "--redis-url", by_url, folder=tmp_path)
    assert "--password-file or the environment" in warned.stderr
    (tmp_path / "password").unlink()
    files = "".join(path.read_text() for path in tmp_path.glob("captures/**/*") if path.is_file())
    outputs = [started.stdout, started.stderr, stopped.stdout, stopped.stderr, warned.stdout, warned.stderr]
    for text in (*words, files, *outputs):
        assert CANARY not in text and "canary" not in text
