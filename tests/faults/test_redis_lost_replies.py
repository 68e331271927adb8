"""Replies that get lost, connections that break, fall silent or crawl: nothing is lost, orphaned or doubled."""

from __future__ import annotations

import pytest
import redis
from helpers.capture_bench import STREAM, CaptureBench
from helpers.lossy_proxy import LossyProxy
from helpers.ordinary_consumer import OrdinaryConsumer
from helpers.redis_server import RedisServer

from pytest_intellisense.streams import connection
from pytest_intellisense.streams.connection import endpoint_of


def lose_a_delivery(bench: CaptureBench, proxy: LossyProxy, *, reset: bool = False) -> None:
    """Three entries are delivered in a reply that never arrives, others before and after it do."""
    bench.settle()
    sent = proxy.lose_answer_to(b"XREADGROUP", reset=reset)
    bench.publish()
    assert sent.wait(10)
    bench.publish(3)
    bench.settle()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_entries_of_a_lost_delivery_are_captured(bench: CaptureBench, proxy: LossyProxy, reset: bool) -> None:
    """They are pending for us: they are read again, kept once and acknowledged."""
    with bench.capturing():
        lose_a_delivery(bench, proxy, reset=reset)
        assert bench.acknowledged()
    assert bench.account().complete


def test_a_client_that_repeats_reads_would_lose_a_delivery(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: the repeated read takes the next entries, those of the lost reply stay pending for ever, in silence."""
    with bench.capturing(OrdinaryConsumer(proxy.url, retries=3)):
        lose_a_delivery(bench, proxy)
        assert not bench.acknowledged()
    account = bench.account()
    assert account.missing
    assert not account.honest
