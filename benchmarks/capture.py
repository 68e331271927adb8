"""What recording costs: its rate, how soon an event is at hand, what it takes when idle, what publishing costs, its memory."""

from __future__ import annotations

from support.capture_rate import print_rates
from support.memory import print_memory
from support.observation import print_idle, print_latencies
from support.publishing import print_publishing

from pytest_intellisense.streams.server import PrivateServer


def main() -> None:
    server = PrivateServer()
    try:
        endpoint = server.start()
        print_rates(endpoint)
        print_latencies(endpoint)
        print_idle(endpoint)
        print_publishing(endpoint)
        print_memory(endpoint)
    finally:
        server.close()


if __name__ == "__main__":
    main()
