"""Loss upstream is counted exactly, whatever happens to a stream; where it cannot be counted, that is said."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from helpers.capture_bench import STREAM, CaptureBench
from helpers.held_consumer import HeldConsumer
from helpers.lossy_proxy import LossyProxy
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.connection import Endpoint, endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer


class SteppedSink:
    """Counts the entries it is given, and lets the reader go on only step by step."""

    def __init__(self) -> None:
        self.received = 0
        self.free = threading.Event()
        self.free.set()

    def __call__(self, batch: Batch) -> None:
        assert self.free.wait(30)
        self.received += len(batch.entries)


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one stream: `lost` is the truth, `said` what the consumer says, `lag` what the group's lag says."""

    lost: int
    said: LossReport
    lag: int | None
    deleted: bool
    deeds: tuple[str, ...] = ()

    @property
    def told_rightly(self) -> bool:
        if self.deleted and not self.said.measurable:
            return True
        return self.said.measurable and self.said.lost == self.lost


def live_through(endpoint: Endpoint, chance: random.Random, *, deletions: bool) -> History:
    """A random history of XADD, XTRIM, XDEL, DEL and reading, on a stream of its own."""
    stream, sink = f"history-{uuid.uuid4()}", SteppedSink()
    consumer = StreamConsumer(endpoint, stream, streams=(stream,))
    with endpoint.open() as client:
        for _ in range(chance.choice((0, 0, 3))):  # before our time
            client.xadd(stream, {"a": "b"})
        consumer.start(sink, lambda: None)
        ids: list[bytes] = []
        deeds: list[str] = []
        added, deleted = 0, False
        for _ in range(chance.randrange(3, 25)):
            deed = chance.choice(("add", "add", "add", "trim", "remove", "read", "delete" if deletions else "read"))
            deeds.append(deed)
            if deed == "add":
                ids += [client.xadd(stream, {"a": "b"}) for _ in range(chance.randrange(1, 6))]
                added = len(ids)
                sink.free.clear()
            elif deed == "trim":
                client.xtrim(stream, maxlen=chance.randrange(8), approximate=False)
            elif deed == "remove" and ids:
                client.xdel(stream, chance.choice(ids))
            elif deed == "read":
                sink.free.set()
                consumer.catch_up()
            elif deed == "delete" and chance.random() < 0.3:
                client.delete(stream)
                deleted = True
                _next_millisecond(client)
            else:
                deeds.pop()
        sink.free.set()
        said = consumer.loss()
        groups = client.xinfo_groups(stream) if client.exists(stream) else []
        consumer.close()
        client.delete(stream)
    return History(added - sink.received, said, groups[0].get("lag") if groups else None, deleted, tuple(deeds))


def _next_millisecond(client: redis.Redis) -> None:
    """Before it the ids of a new stream could be those of the old one, and nobody could tell the two apart."""
    seconds, microseconds = client.time()
    while client.time() < (seconds, microseconds + 1000):
        pass


def live_through_many(endpoint: Endpoint, chance: random.Random, count: int) -> list[History]:
    if endpoint.doorbell is not None:
        count = max(1, count // 8)  # what fakeredis does not tell is found by looking at intervals
    return [live_through(endpoint, chance, deletions=True) for _ in range(count)]


def test_the_count_is_exact_in_every_history(endpoint: Endpoint, chance: random.Random) -> None:
    """Added = handed on + lost, to the entry; only after a deletion may it be called unknown."""
    assert [history for history in live_through_many(endpoint, chance, 40) if not history.told_rightly] == []


def histories(endpoint: Endpoint, chance: random.Random) -> Iterator[History]:
    """Without deletions: enough that whatever happens in one of ten is sure to be among them."""
    return (live_through(endpoint, chance, deletions=False) for _ in range(200))


def test_histories_lose_entries(redis_server: RedisServer, chance: random.Random) -> None:
    """The control of the histories themselves: many of them lose something, and saying that nothing is lost is wrong."""
    assert any(history.lost for history in histories(endpoint_of(redis_server.url), chance))


def test_the_lag_of_the_group_would_be_wrong(redis_server: RedisServer, chance: random.Random) -> None:
    """The control: what the server itself calls the lag, when everything readable was read, is not what was lost."""
    assert any(history.lag != history.lost for history in histories(endpoint_of(redis_server.url), chance))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_count_is_exact_in_thousands_of_histories(endpoint: Endpoint, chance: random.Random) -> None:
    """The same, 2,000 times."""
    assert [history for history in live_through_many(endpoint, chance, 2000) if not history.told_rightly] == []


@pytest.fixture
def slow(server: RedisServer, tmp_path: Path) -> tuple[CaptureBench, HeldConsumer]:
    """A capture that can be held up."""
    return CaptureBench(server, server.url, tmp_path), HeldConsumer(server.url)


def trim(client: redis.Redis, _ids: list[bytes]) -> None:
    client.xtrim(STREAM, maxlen=3, approximate=False)


def remove(client: redis.Redis, ids: list[bytes]) -> None:
    client.xdel(STREAM, *ids[:7])


@pytest.mark.parametrize("take_away", [trim, remove])
def test_entries_taken_away_unread_are_a_gap_of_that_size(slow: tuple[CaptureBench, HeldConsumer], take_away: object) -> None:
    """Seven of ten: seven are missing in the log, seven are said to be lost, in the report and on the timeline."""
    bench, consumer = slow
    with bench.capturing(consumer), bench.server.client() as client:
        with consumer.held(bench):
            ids = bench.publish(10)
            take_away(client, ids)  # type: ignore[operator]
    account = bench.account()
    assert (len(account.missing), account.lost, account.measurable) == (7, 7, True)
    assert any("7 trimmed or deleted" in note for note in account.notes)


@pytest.mark.parametrize("take_away", [trim, remove])
def test_entries_taken_away_after_they_were_read_are_no_loss(
    slow: tuple[CaptureBench, HeldConsumer], take_away: object
) -> None:
    """The control: the same deed, once everything is captured."""
    bench, consumer = slow
    with bench.capturing(consumer), bench.server.client() as client:
        ids = bench.publish(10)
        bench.arrived(bench.published[-1])
        take_away(client, ids)  # type: ignore[operator]
    assert bench.account().complete


def test_a_server_that_does_not_count_makes_the_loss_unknown(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Redis before 7.0 has no entries-added: the report says so instead of zero. The control: with it, zero is measured."""
    with bench.capturing() as session:
        bench.settle()
        assert session.loss() == LossReport()
    proxy.rewritten = {b"entries-added": b"entries-other"}
    with bench.capturing() as session:
        bench.settle()
        loss = session.loss()
    assert not loss.measurable
    assert any("the server does not count its entries" in note for note in loss.notes)
