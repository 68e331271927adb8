"""On a cluster the streams lie in different slots and on different nodes; capture is the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from helpers.redis_cluster import RedisCluster

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.cli.main import main
from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams import reading
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire


@pytest.fixture(scope="module")
def one_node() -> Iterator[RedisCluster]:
    with RedisCluster(1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def three_nodes() -> Iterator[RedisCluster]:
    with RedisCluster(3) as cluster:
        yield cluster


@pytest.fixture(params=["one_node", "three_nodes"])
def cluster(request: pytest.FixtureRequest) -> RedisCluster:
    cluster: RedisCluster = request.getfixturevalue(request.param)
    return cluster


@pytest.fixture
def client(cluster: RedisCluster) -> Iterator[Any]:
    with cluster.client() as client:
        client.flushall(target_nodes=redis.RedisCluster.PRIMARIES)
        yield client


class Sink:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self.noted = threading.Condition()

    def __call__(self, batch: Batch) -> None:
        with self.noted:
            self.entries += batch.entries
            self.notes += [gap.note for gap in batch.gaps]
            self.noted.notify_all()

    def wait_for_note(self, text: str) -> None:
        with self.noted:
            assert self.noted.wait_for(lambda: any(text in note for note in self.notes), 30), self.notes


def test_every_stream_is_recorded(cluster: RedisCluster, client: Any, tmp_path: Path) -> None:
    """Each event once, in the order of its stream, whatever slot it is in; nothing stays pending."""
    with CaptureSession(tmp_path, "cluster", StreamConsumer(endpoint_of(cluster.url), "cluster")) as session:
        for number in range(300):
            stream = wire.STREAMS[number % len(wire.STREAMS)]
            event_type = next(spec.event_type for spec in wire.EVENTS.values() if spec.stream == stream)
            client.xadd(stream, wire.encode(wire.event(event_type, {"number": number})))
        assert session.loss() == LossReport()
        group = client.xinfo_groups(wire.ORDER_FILLS)[0]["name"]
        assert sum(client.xpending(stream, group)["pending"] for stream in wire.STREAMS) == 0
    events = list(read_session(tmp_path / "cluster"))
    assert sorted(event.payload["number"] for event in events) == list(range(300))
    for stream in wire.STREAMS:
        numbers = [event.payload["number"] for event in events if event.stream == stream]
        assert numbers == sorted(numbers)


def test_what_was_said_before_has_come_when_caught_up(cluster: RedisCluster, client: Any) -> None:
    """A burst of more than one read on many slots, and then a single question: all of it is there."""
    sink, consumer = Sink(), StreamConsumer(endpoint_of(cluster.url), "burst")
    consumer.start(sink, lambda: None)
    try:
        for round_ in range(3):
            for number in range(450):
                client.xadd(wire.STREAMS[number % 3], {"n": number})
            consumer.catch_up()
            assert len(sink.entries) == 450 * (round_ + 1)
    finally:
        consumer.close()


def test_a_reader_for_one_server_would_fail(cluster: RedisCluster, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: one read over all slots is refused."""
    monkeypatch.setattr(reading, "is_cluster", lambda _client: False)
    consumer = StreamConsumer(endpoint_of(cluster.url), "plain")
    with pytest.raises(Exception, match=r"slot|connection_pool"):
        consumer.start(Sink(), lambda: None)


def test_losses_are_counted(cluster: RedisCluster, client: Any) -> None:
    """Deleted while pending and unread, as on one server."""
    sink, consumer = Sink(), StreamConsumer(endpoint_of(cluster.url), "losses")
    consumer.start(sink, lambda: None)
    try:
        with client.pipeline(transaction=True) as together:  # the reader sees them added and gone
            for _ in range(5):
                together.xadd(wire.SIGNALS, {"n": 1})
            together.xtrim(wire.SIGNALS, maxlen=2, approximate=False)
            together.execute()
        assert consumer.loss().lost == 3
    finally:
        consumer.close()


def test_the_doctor_understands_clusters(cluster: RedisCluster, client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client.xadd(wire.ORDER_FILLS, wire.encode(wire.event("TESTRADE_ORDER_FILL", {})))
    assert main(["doctor", "--redis-url", cluster.url]) == 0
    assert "cluster: counts the entries" in capsys.readouterr().out


@pytest.mark.parametrize("stream", [wire.ORDER_FILLS, wire.SIGNALS])
def test_a_slot_that_moves(three_nodes: RedisCluster, stream: str) -> None:
    """Its stream goes on at another node, with our group in it."""
    sink, consumer = Sink(), StreamConsumer(endpoint_of(three_nodes.url), "moving")
    consumer.start(sink, lambda: None)
    try:
        with three_nodes.client() as client:
            client.xadd(stream, {"n": 1})
            consumer.catch_up()
            three_nodes.move(stream)
            sink.wait_for_note("reading was interrupted")
            client.xadd(stream, {"n": 2})
        consumer.catch_up()
        assert [entry.fields for entry in sink.entries] == [{b"n": b"1"}, {b"n": b"2"}]
        assert consumer.loss() == LossReport()
    finally:
        consumer.close()


def test_a_node_that_comes_back_empty(three_nodes: RedisCluster) -> None:
    """Reading waits for it and goes on; what it forgot is said not to be measurable."""
    sink, consumer = Sink(), StreamConsumer(endpoint_of(three_nodes.url), "node")
    consumer.start(sink, lambda: None)
    try:
        with three_nodes.client() as client:
            client.xadd(wire.ORDER_FILLS, {"n": 1})
            consumer.catch_up()
            three_nodes.holder(wire.ORDER_FILLS).restart()
        sink.wait_for_note("deleted or recreated")
        three_nodes.wait_until_ready()
        with three_nodes.client() as client:
            client.xadd(wire.ORDER_FILLS, {"n": 2})
        consumer.catch_up()
        assert [entry.fields for entry in sink.entries] == [{b"n": b"1"}, {b"n": b"2"}]
        assert not consumer.loss().measurable
    finally:
        consumer.close()


def test_a_node_that_stays_away(three_nodes: RedisCluster) -> None:
    """The reading ends within its time, with the reason in words."""
    ended = threading.Event()
    consumer = StreamConsumer(endpoint_of(three_nodes.url), "away", recover_within_s=0.3)
    consumer.start(Sink(), ended.set)
    node = three_nodes.holder(wire.ORDER_FILLS)
    try:
        node.kill()
        assert ended.wait(20)
        assert isinstance(consumer.failure, EnvironmentProblem)
        assert not consumer.loss().measurable
    finally:
        consumer.close()
        node.start()
        three_nodes.wait_until_ready()
