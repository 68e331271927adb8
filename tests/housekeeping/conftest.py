from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from helpers.redis_endpoints import redis_server
from helpers.redis_server import RedisServer

__all__ = ["redis_server"]


@pytest.fixture
def app(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """TESTRADE's client of an empty Redis."""
    with redis_server.client() as client:
        client.flushall()
        yield client
