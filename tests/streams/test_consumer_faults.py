"""Accidents on the server: what can be made whole is made whole, what is lost is counted, what is fatal is said."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams import connection, readers
from pytest_intellisense.streams.connection import Endpoint, endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

FILLS = wire.ORDER_FILLS


class Sink:
    """Keeps what it is given; `hold` makes it wait, as a slow disk would."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self.ended = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self.entered = threading.Event()
        self.arrived = threading.Condition()

    def __call__(self, batch: Batch) -> None:
        self.entered.set()
        assert self.hold.wait(20)
        with self.arrived:
            self.entries += batch.entries
            self.notes += [gap.note for gap in batch.gaps]
            self.arrived.notify_all()

    def numbers(self) -> list[int]:
        return [int(entry.fields[b"n"]) for entry in self.entries]

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.entries) >= count, 30), f"{len(self.entries)} of {count} arrived"

    def wait_for_note(self, text: str) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(text in note for note in self.notes), 30), self.notes


@contextmanager
def consuming(endpoint: Endpoint, **options: float) -> Iterator[tuple[StreamConsumer, Sink]]:
    sink, consumer = Sink(), StreamConsumer(endpoint, f"faults-{random.randrange(10**9)}", **options)
    consumer.start(sink, sink.ended.set)
    try:
        yield consumer, sink
    finally:
        sink.hold.set()
        consumer.close()


def add(client: redis.Redis, *numbers: int, stream: str = FILLS) -> list[bytes]:
    return [client.xadd(stream, {"n": number}) for number in numbers]


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[redis.Redis]:
    with endpoint.open() as client:
        yield client


def busy(consumer: StreamConsumer, sink: Sink, client: redis.Redis) -> None:
    """Have the reading thread stand in its sink, so that what follows on the streams stays unread."""
    sink.entered.clear()
    sink.hold.clear()
    add(client, 0)
    assert sink.entered.wait(30)


def test_trimmed_entries_are_counted_exactly(endpoint: Endpoint, client: redis.Redis) -> None:
    """Of 30 entries that were added while the reader was busy, 20 were trimmed: 20 are lost, and said to be."""
    with consuming(endpoint) as (consumer, sink):
        busy(consumer, sink, client)
        add(client, *range(1, 31))
        client.xtrim(FILLS, maxlen=10, approximate=False)
        sink.hold.set()
        loss = consumer.loss()
    assert sink.numbers() == [0, *range(21, 31)]
    assert loss == LossReport(lost=20, notes=(f"{FILLS}: 20 trimmed or deleted before they could be read",))


def test_deleted_entries_are_counted(endpoint: Endpoint, client: redis.Redis) -> None:
    """XDEL before the read is a loss like any other."""
    with consuming(endpoint) as (consumer, sink):
        busy(consumer, sink, client)
        client.xdel(FILLS, *add(client, 1, 2, 3)[:2])
        sink.hold.set()
        assert consumer.loss().lost == 2


def test_trimming_what_was_read_is_no_loss(endpoint: Endpoint, client: redis.Redis) -> None:
    """The application may trim as it likes once an entry is handed on."""
    with consuming(endpoint) as (consumer, sink):
        add(client, *range(50))
        sink.wait_for(50)
        client.xtrim(FILLS, maxlen=0, approximate=False)
        assert consumer.loss() == LossReport()


@pytest.mark.parametrize("seed", range(5))
def test_the_count_is_exact_in_any_history(endpoint: Endpoint, client: redis.Redis, seed: int) -> None:
    """Whatever is added, trimmed, deleted and read in whatever order: added = handed on + lost."""
    chance = random.Random(seed)
    with consuming(endpoint) as (consumer, sink):
        added = 1
        busy(consumer, sink, client)
        for _ in range(40):
            ids = add(client, *range(chance.randrange(5)))
            added += len(ids)
            if chance.random() < 0.3:
                client.xtrim(FILLS, maxlen=chance.randrange(20), approximate=False)
            if ids and chance.random() < 0.3:
                client.xdel(FILLS, chance.choice(ids))
            if chance.random() < 0.2:
                sink.hold.set()
                consumer.catch_up()
                sink.hold.clear()
        sink.hold.set()
        consumer.catch_up()
        assert added == len(sink.entries) + consumer.loss().lost


def test_a_burst_arrives_in_order(endpoint: Endpoint, client: redis.Redis) -> None:
    """More than one read can take, on several streams: nothing is lost, doubled or reordered within its stream."""
    with consuming(endpoint) as (consumer, sink):
        for number in range(750):
            add(client, number, stream=FILLS if number % 3 else wire.SIGNALS)
        consumer.catch_up()
        for stream in (FILLS, wire.SIGNALS):
            numbers = [int(entry.fields[b"n"]) for entry in sink.entries if entry.stream == stream]
            assert numbers == [number for number in range(750) if bool(number % 3) == (stream == FILLS)]


@pytest.mark.parametrize("count", [99, 100, 101, 200])
def test_a_question_is_answered_whatever_came_before_it(endpoint: Endpoint, client: redis.Redis, count: int) -> None:
    """Also when the last read gave exactly as many entries as were asked for, and nothing follows."""
    with consuming(endpoint) as (consumer, sink):
        busy(consumer, sink, client)
        add(client, *range(1, count + 1))
        threading.Timer(0.2, sink.hold.set).start()
        consumer.catch_up()
        assert len(sink.entries) == count + 1


def test_only_what_was_kept_is_acknowledged(endpoint: Endpoint, client: redis.Redis) -> None:
    """Entries that were handed on stay pending until they are said to be kept."""
    with consuming(endpoint) as (consumer, sink):
        add(client, 1, 2)
        sink.wait_for(2)
        group = client.xinfo_groups(FILLS)[0]["name"]
        assert client.xpending(FILLS, group)["pending"] == 2
        consumer.acknowledge([Batch(received=None, entries=tuple(sink.entries))])  # type: ignore[arg-type]
        assert client.xpending(FILLS, group)["pending"] == 0


def test_a_deleted_stream_is_read_again(endpoint: Endpoint, client: redis.Redis) -> None:
    """The new stream is read from its beginning, though its ids are smaller; that something may be lost is said."""
    with consuming(endpoint) as (consumer, sink):
        add(client, 1)
        sink.wait_for(1)
        client.delete(FILLS)
        sink.wait_for_note("deleted or recreated")
        client.xadd(FILLS, {"n": 2}, id="1-0")
        sink.wait_for(2)
        assert sink.entries[1].generation == 1
        assert not consumer.loss().measurable


def test_a_destroyed_group_is_made_again(endpoint: Endpoint, client: redis.Redis) -> None:
    """Reading goes on where it was, and nothing is lost."""
    with consuming(endpoint) as (consumer, sink):
        add(client, 1)
        sink.wait_for(1)
        client.xgroup_destroy(FILLS, client.xinfo_groups(FILLS)[0]["name"])
        sink.wait_for_note("made again where we had read to")
        add(client, 2)
        sink.wait_for(2)
        assert consumer.loss().lost == 0


def test_a_key_of_another_type_is_fatal_at_start(endpoint: Endpoint, client: redis.Redis) -> None:
    """The message names the key."""
    client.set(FILLS, "no stream")
    with pytest.raises(EnvironmentProblem, match=f"something else than a stream under {FILLS}"):
        StreamConsumer(endpoint, "wrong-type").start(Sink(), lambda: None)


def test_a_key_that_becomes_another_type_ends_the_reading() -> None:
    """The reason names the key, as at the start."""
    with RedisServer() as server, server.client() as client, consuming(endpoint_of(server.url)) as (consumer, sink):
        client.set(FILLS, "no stream")
        assert sink.ended.wait(30)
        assert FILLS in str(consumer.failure)


def test_an_emptied_server_is_read_again() -> None:
    """FLUSHALL takes everything; what comes after it is read."""
    with RedisServer() as server, server.client() as client, consuming(endpoint_of(server.url)) as (_, sink):
        client.flushall()
        sink.wait_for_note("deleted or recreated")
        add(client, 7)
        sink.wait_for(1)


def test_a_server_that_was_killed_is_read_again() -> None:
    """Restarted empty: the interruption is noted, the loss is not measurable, and reading goes on."""
    with RedisServer() as server, consuming(endpoint_of(server.url)) as (consumer, sink):
        with server.client() as client:
            add(client, 1)
        sink.wait_for(1)
        server.restart()
        sink.wait_for_note("deleted or recreated")
        with server.client() as client:
            add(client, 2)
        sink.wait_for(2)
        assert any("reading was interrupted" in note for note in sink.notes)
        assert not consumer.loss().measurable


def test_a_server_that_keeps_its_data_loses_nothing() -> None:
    """Killed and restarted with an append-only file: each entry is handed on once."""
    keeping = RedisServer("--appendonly", "yes", "--appendfsync", "always")
    with keeping as server, consuming(endpoint_of(server.url)) as (consumer, sink):
        with server.client() as client:
            add(client, 1, 2, 3)
        sink.wait_for(3)
        server.restart()
        sink.wait_for_note("reading was interrupted")
        with server.client() as client:
            add(client, 4)
        sink.wait_for(4)
        assert sink.numbers() == [1, 2, 3, 4]
        assert consumer.loss() == LossReport()


def test_a_paused_server_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped for longer than any reply may take: nothing is lost and nothing comes twice."""
    monkeypatch.setattr(readers, "BLOCK_MS", 100)
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.5)
    with RedisServer() as server, server.client() as client, consuming(endpoint_of(server.url)) as (consumer, sink):
        add(client, 1)
        sink.wait_for(1)
        server.pause()
        threading.Timer(1.6, server.resume).start()
        sink.wait_for_note("did not answer in time")
        add(client, 2)
        sink.wait_for(2)
        assert sink.numbers() == [1, 2]
        assert consumer.loss() == LossReport()


def test_a_server_that_stays_away_ends_the_reading() -> None:
    """After the time for recovery the reason is kept, and closing does not hang."""
    with RedisServer() as server, consuming(endpoint_of(server.url), recover_within_s=0.3) as (consumer, sink):
        server.kill()
        assert sink.ended.wait(30)
        assert isinstance(consumer.failure, EnvironmentProblem)
        assert "refused the connection" in str(consumer.failure)
        assert not consumer.loss().measurable
