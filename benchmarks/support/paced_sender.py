"""`python paced_sender.py HOST:PORT COUNT` adds that many market ticks, 200 a second, each stamped as late as possible."""

from __future__ import annotations

import sys
import time
from typing import Any

import redis

from testrade_hooks import wire

RATE = 200


def main(address: str, count: int) -> None:
    host, _, port = address.partition(":")
    client = redis.Redis(host=host, port=int(port))
    client.ping()
    time.sleep(0.3)  # lets the reader come to rest
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        payload = {"symbol": "AAPL", "price": 150.25, "volume": 100, "pad": "x" * 400}
        event = wire.event("TESTRADE_MARKET_TICK", payload, correlation_id=f"{number:036d}")
        fields: dict[Any, Any] = wire.encode(event)
        client.xadd(event.stream, fields)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
