"""The reference application as a program of its own: ready, driven, ended, and what it says when Redis is not there."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from helpers.redis_server import RedisServer
from helpers.reference_app import RUN_ID, Driver

COMMAND = [sys.executable, "-m", "testrade_hooks.reference"]


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_when_it_is_ready_takes_commands_and_ends_in_order(
    app_redis: RedisServer, ending: signal.Signals
) -> None:
    """One line with the redacted URL, the run id and the state of injection; exit status 0."""
    url = f"redis://127.0.0.1:{app_redis.port}/3"
    with program("--redis-url", url, "--run-id", RUN_ID) as process, redis.Redis.from_url(url) as client:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert url in line
        assert RUN_ID in line
        assert "injection open" in line
        order = Driver(client).send("trade_command", symbol="AAPL", side="BUY", quantity=1)
        assert order.await_("ORDER_FILL").payload["fill_price"] == 150.0
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_without_redis_there_is_one_clear_line_and_no_secret() -> None:
    """No traceback, no password; exit status 1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"redis://user:s3cr@t/word@127.0.0.1:{probe.getsockname()[1]}/0"
        done = subprocess.run([*COMMAND, "--redis-url", url], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "s3cr" not in done.stderr
    assert "word" not in done.stderr


def test_a_wrong_password_is_told_apart(app_redis: RedisServer) -> None:
    """Redis answers, and what it says is passed on without the password."""
    with RedisServer("--requirepass", "right") as server:
        url = f"redis://:wr0ng@127.0.0.1:{server.port}/0"
        done = subprocess.run([*COMMAND, "--redis-url", url], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "password" in done.stderr.lower()
    assert f"redis://***@127.0.0.1:{server.port}/0" in done.stderr
    assert "wr0ng" not in done.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "redis://127.0.0.1:port/0"])
def test_what_is_no_redis_url_is_called_so(url: str) -> None:
    """Before anything is connected."""
    done = subprocess.run([*COMMAND, "--redis-url", url], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "is no Redis URL" in done.stderr
    assert "Traceback" not in done.stderr
