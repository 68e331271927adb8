"""What publishing one event costs the thread of the application: under load, and while Redis does not answer at all.

At a few hundred events a second each takes two to three times as long: the processor has forgotten the code in between.
"""

from __future__ import annotations

import os
import signal
import statistics
import time

from timing import print_figure

from pytest_intellisense.streams.connection import Endpoint
from testrade_hooks import wire
from testrade_hooks.publisher import EventPublisher

COUNT, RATE = 10_000, 5000
MEDIAN_GOAL_US, P99_GOAL_US = 20.0, 100.0
PAYLOAD = {"symbol": "AAPL", "price": 150.25, "volume": 100, "tick_type": "TRADE", "conditions": ["x" * 20] * 8}


def publish_costs_us(publisher: EventPublisher) -> list[float]:
    """Microseconds of each of COUNT calls of `publish`, RATE a second; the event itself is made outside."""
    costs = []
    start = time.perf_counter()
    for number in range(COUNT):
        event = wire.event("TESTRADE_MARKET_TICK", PAYLOAD, correlation_id=f"{number:036d}")
        time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        before_ns = time.perf_counter_ns()
        publisher.publish(event)
        costs.append((time.perf_counter_ns() - before_ns) / 1000)
    return costs


def print_publishing(endpoint: Endpoint) -> None:
    with endpoint.open() as client:
        server_pid = int(client.info("server")["process_id"])
        with EventPublisher(client, capacity=COUNT // 2) as publisher:
            _print(publish_costs_us(publisher), "publish")
            os.kill(server_pid, signal.SIGSTOP)
            try:
                stopped = publish_costs_us(publisher)
            finally:
                os.kill(server_pid, signal.SIGCONT)
            assert publisher.dropped > 0, "the queue was not even full"
            _print(stopped, "publish_redis_stopped")
        client.flushall()


def _print(costs_us: list[float], name: str) -> None:
    percentiles = statistics.quantiles(costs_us, n=100)
    print_figure(f"{name}_median_us", percentiles[49], at_most=MEDIAN_GOAL_US)
    print_figure(f"{name}_p99_us", percentiles[98], at_most=P99_GOAL_US)
