"""A Redis of each kind, for tests that must hold on both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.redis_server import RedisServer

from pytest_intellisense.streams.connection import Endpoint, embedded_endpoint, endpoint_of


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One real server for all tests that do not harm it."""
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["embedded", "server"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """An empty Redis: fakeredis in this process, or a real server."""
    if request.param == "embedded":
        import fakeredis

        yield embedded_endpoint(fakeredis.FakeServer(version=(7, 4)))
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    endpoint = endpoint_of(server.url)
    client = endpoint.open()
    client.flushall()
    client.close()
    yield endpoint
