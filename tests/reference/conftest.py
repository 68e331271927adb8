"""One real Redis for the tests of the reference application, and one application that each test finds fresh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.redis_server import RedisServer
from helpers.reference_app import Driver, running


@pytest.fixture(scope="session")
def app_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def _shared_app(app_redis: RedisServer) -> Iterator[Driver]:
    with running(app_redis.client) as driver:
        yield driver


@pytest.fixture
def app(_shared_app: Driver) -> Driver:
    """The running application, reset to its start."""
    _shared_app.settle()
    _shared_app.ask("reset_state", keep_config=False)
    return _shared_app
