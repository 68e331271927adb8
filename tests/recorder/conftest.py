from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Said
from helpers.redis_endpoints import redis_server
from helpers.redis_server import RedisServer

from pytest_intellisense.cli.main import main

__all__ = ["redis_server"]


@pytest.fixture
def app(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """TESTRADE's client of an empty Redis."""
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], redis_server: RedisServer
) -> Callable[..., Said]:
    """Run `intellisense` in the folder of the test, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTELLISENSE_REDIS", redis_server.url)

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        return Said(code, *capsys.readouterr())

    return run
