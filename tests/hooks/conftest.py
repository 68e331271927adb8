from __future__ import annotations

from collections.abc import Iterator

import fakeredis
import pytest
import redis
from helpers.redis_server import RedisServer


@pytest.fixture(scope="session")
def shared_server() -> Iterator[RedisServer]:
    """A real server for tests that leave it running."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A real server of this test's own, to be killed, paused and restarted."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def real_redis(shared_server: RedisServer) -> Iterator[redis.Redis]:
    """An empty real Redis."""
    with shared_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def fake_redis() -> Iterator[redis.Redis]:
    """An empty Redis within this process."""
    with fakeredis.FakeRedis(server=fakeredis.FakeServer(version=(7, 4))) as client:
        yield client


@pytest.fixture(params=["fake", "real"])
def any_redis(request: pytest.FixtureRequest) -> redis.Redis:
    """Once with the Redis within the process, once with a real one."""
    client: redis.Redis = request.getfixturevalue(f"{request.param}_redis")
    return client
