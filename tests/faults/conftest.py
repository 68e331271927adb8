"""What the fault tests share: a seed that can be given again, a server that may be harmed, a proxy in front of it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.capture_bench import CaptureBench
from helpers.lossy_proxy import LossyProxy
from helpers.redis_endpoints import endpoint, redis_server
from helpers.redis_server import RedisServer

__all__ = ["endpoint", "redis_server"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests noted by `record_property("track record", …)`: docs/capture.md has these figures."""
    reports = terminalreporter.getreports("passed")
    for line in [text for report in reports for name, text in report.user_properties if name == "track record"]:
        terminalreporter.line(f"track record: {line}")


@pytest.fixture
def seed() -> int:
    """Printed with every failure; `FAULT_SEED=N` runs the same faults again."""
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**9))
    print(f"FAULT_SEED={seed}")
    return seed


@pytest.fixture
def chance(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of this test's own, to be killed, stopped and emptied."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[LossyProxy]:
    with LossyProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def bench(server: RedisServer, proxy: LossyProxy, tmp_path: Path) -> CaptureBench:
    """Captures through the proxy, publishes past it."""
    return CaptureBench(server, proxy.url, tmp_path)
