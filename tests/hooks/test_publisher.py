"""EventPublisher: in order, at most once, never in the application's way, and honest about losses."""

from __future__ import annotations

import collections
import enum
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import fakeredis
import numpy as np
import pytest
import redis
from helpers.lossy_proxy import LossyProxy
from helpers.redis_server import RedisServer
from redis.backoff import NoBackoff
from redis.retry import Retry

from testrade_hooks import wire
from testrade_hooks.publisher import (
    CLOSED,
    CONNECTION_LOST,
    NOT_ENCODABLE,
    QUEUE_FULL,
    REFUSED_BY_REDIS,
    EventPublisher,
)

TICKS = wire.MARKET_TRADES


def tick(number: int, **more: Any) -> wire.WireEvent:
    return wire.event("TESTRADE_MARKET_TICK", {"symbol": "AAPL", "volume": number, **more}, correlation_id=f"c{number}")


def published(client: redis.Redis, stream: str = TICKS) -> list[wire.WireEvent]:
    entries: Any = client.xrange(stream)
    return [wire.decode(stream, fields) for _entry_id, fields in entries]


def volumes(client: redis.Redis) -> list[int]:
    return [event.payload["volume"] for event in published(client)]


def test_events_arrive_as_they_were_published(any_redis: redis.Redis) -> None:
    """In order, each on its stream, with ids, clock and binary image."""
    sent = [tick(number) for number in range(300)]
    image = wire.event("TESTRADE_RAW_IMAGE_GRAB", {"frame_base64": "iVBORw0K"}, image_bytes=b"\x89PNG\r\n\0")
    with EventPublisher(any_redis) as publisher:
        assert all(publisher.publish(event) for event in [*sent, image])
        assert publisher.flush(10)
        assert (publisher.published, publisher.dropped, publisher.failed, publisher.losses) == (301, 0, 0, {})
    assert published(any_redis) == sent
    assert published(any_redis, wire.IMAGE_GRABS) == [image]


def test_close_sends_what_waits(any_redis: redis.Redis) -> None:
    """Nobody has to flush."""
    with EventPublisher(any_redis) as publisher:
        for number in range(1000):
            publisher.publish(tick(number))
    assert volumes(any_redis) == list(range(1000))


def test_the_payload_may_change_afterwards(any_redis: redis.Redis) -> None:
    """What is published is what the payload was, not what it became."""
    position = {"symbol": "AAPL", "volume": 1}
    with EventPublisher(any_redis) as publisher:
        publisher.publish(wire.event("TESTRADE_MARKET_TICK", position))
        position["volume"] = 2
    assert volumes(any_redis) == [1]


def test_threads_may_publish_at_once(any_redis: redis.Redis) -> None:
    """Nothing is lost, and each thread's events stay in order."""
    with EventPublisher(any_redis) as publisher:

        def work(worker: int) -> None:
            for number in range(250):
                publisher.publish(tick(number, worker=worker))

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for worker in range(4):
        assert [event.payload["volume"] for event in published(any_redis) if event.payload["worker"] == worker] == list(
            range(250)
        )


class Hostile(Mapping[str, Any]):
    """A payload that fails when it is read."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("not today")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("not today")

    def __len__(self) -> int:
        return 1


def endless() -> dict[str, Any]:
    payload: dict[str, Any] = {}
    payload["self"] = payload
    return payload


@pytest.mark.parametrize(
    "payload", [{"price": float("nan")}, {"order": object()}, Hostile(), endless()], ids=["nan", "object", "hostile", "endless"]
)
def test_what_cannot_be_encoded_is_dropped_and_announced(any_redis: redis.Redis, payload: Mapping[str, Any]) -> None:
    """The application sees no exception, the loss is counted, and an alert on the streams tells of it."""
    with EventPublisher(any_redis) as publisher:
        publisher.publish(wire.event("TESTRADE_MARKET_TICK", payload))
        assert publisher.publish(tick(1))
    assert publisher.losses == {NOT_ENCODABLE: 1}
    assert (publisher.published, publisher.dropped) == (1, 1)
    alerts = published(any_redis, wire.SYSTEM_ALERTS)
    assert alerts[-1].payload["details"] == {NOT_ENCODABLE: 1}
    assert alerts[-1].source_component == "EventPublisher"
    assert volumes(any_redis) == [1]


def local_side() -> object:
    """JSON, though nobody else can find its class."""

    class Side(enum.StrEnum):
        BUY = "BUY"

    return Side.BUY


def test_a_payload_that_cannot_be_read_is_refused_at_once(any_redis: redis.Redis) -> None:
    """Nothing of it could be sent later."""
    with EventPublisher(any_redis) as publisher:
        assert not publisher.publish(wire.event("TESTRADE_MARKET_TICK", Hostile()))


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (local_side(), "BUY"),
        (np.float64(150.25), 150.25),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ((1, 2), [1, 2]),
    ],
    ids=["local-enum", "numpy", "ordered", "tuple"],
)
def test_whatever_is_json_arrives(any_redis: redis.Redis, value: object, arrives: object) -> None:
    """The copy that is taken at once knows more kinds of values than dicts and strings."""
    with EventPublisher(any_redis) as publisher:
        assert publisher.publish(wire.event("TESTRADE_MARKET_TICK", {"value": value}))
    assert [event.payload["value"] for event in published(any_redis)] == [arrives]


def test_nothing_lost_is_not_announced(any_redis: redis.Redis) -> None:
    """The control: without a loss there is no alert."""
    with EventPublisher(any_redis) as publisher:
        publisher.publish(tick(1))
    assert not any_redis.exists(wire.SYSTEM_ALERTS)


def test_after_close_events_are_dropped(any_redis: redis.Redis) -> None:
    """Still without an exception; closing twice is harmless."""
    publisher = EventPublisher(any_redis)
    publisher.close()
    publisher.close()
    assert not publisher.publish(tick(1))
    assert publisher.losses == {CLOSED: 1}


def test_what_redis_refuses_is_counted(any_redis: redis.Redis) -> None:
    """One broken stream does not harm the others."""
    any_redis.set(wire.MARKET_QUOTES, "no stream")
    with EventPublisher(any_redis) as publisher:
        publisher.publish(tick(1))
        publisher.publish(wire.event("TESTRADE_MARKET_QUOTE", {"symbol": "AAPL"}))
        publisher.publish(tick(2))
    assert publisher.losses == {REFUSED_BY_REDIS: 1}
    assert (publisher.published, publisher.failed) == (2, 1)
    assert volumes(any_redis) == [1, 2]


def test_streams_are_kept_short_if_wanted(any_redis: redis.Redis) -> None:
    """The length is approximate: whole blocks of entries go."""
    with EventPublisher(any_redis, maxlen=100) as publisher:
        for number in range(1000):
            publisher.publish(tick(number))
    assert 100 <= any_redis.xlen(TICKS) < 300
    assert volumes(any_redis)[-1] == 999


def test_a_full_queue_drops_the_newest_and_says_so(redis_server: RedisServer) -> None:
    """While Redis hangs, the application goes on; afterwards everything kept is there, and an alert tells the rest."""
    redis_server.pause()
    with redis_server.client() as client, EventPublisher(client, capacity=3) as publisher:
        assert [publisher.publish(tick(number)) for number in range(5)] == [True, True, True, False, False]
        assert publisher.losses == {QUEUE_FULL: 2}
        assert not publisher.flush(0.01)
        redis_server.resume()
        assert publisher.flush(30)
        assert volumes(client) == [0, 1, 2]
        publisher.close()
        assert [alert.payload["details"] for alert in published(client, wire.SYSTEM_ALERTS)] == [{QUEUE_FULL: 2}]


def test_a_redis_that_comes_later_gets_everything(redis_server: RedisServer) -> None:
    """Events wait until Redis is there."""
    redis_server.kill()
    with redis_server.client() as client, EventPublisher(client) as publisher:
        assert all(publisher.publish(tick(number)) for number in range(10))
        redis_server.start()
        assert publisher.flush(30)
        assert volumes(client) == list(range(10))
        assert publisher.losses == {}


def test_every_event_is_accounted_for_when_redis_dies(redis_server: RedisServer) -> None:
    """Each event is published, failed or dropped; none is there twice."""
    with redis_server.client() as client:
        publisher = EventPublisher(client)
        for number in range(2000):
            publisher.publish(tick(number))
            if number == 1000:
                redis_server.restart()
        publisher.close(timeout_s=30)
        assert publisher.published + publisher.failed + publisher.dropped == 2000
        assert publisher.published >= 999
        assert volumes(client) == sorted(set(volumes(client)))
        assert volumes(client)[-1] == 1999


@pytest.mark.timeout(20)
def test_close_is_bounded_when_redis_hangs(redis_server: RedisServer) -> None:
    """What could not be sent by the deadline is dropped and counted."""
    redis_server.pause()
    with redis_server.client() as client:
        publisher = EventPublisher(client)
        for number in range(10):
            publisher.publish(tick(number))
        publisher.close(timeout_s=0.2)
        assert publisher.losses == {CLOSED: 10}
    redis_server.resume()


@pytest.mark.timeout(20)
def test_close_is_bounded_when_redis_is_gone(redis_server: RedisServer) -> None:
    """The same with nobody listening at all."""
    redis_server.kill()
    with redis_server.client() as client:
        publisher = EventPublisher(client)
        publisher.publish(tick(1))
        publisher.close(timeout_s=0.2)
        assert publisher.losses == {CLOSED: 1}


def test_an_answer_that_gets_lost_makes_no_second_event(redis_server: RedisServer) -> None:
    """A client that repeats commands writes the event twice; the publisher, given that client, does not."""
    with (
        LossyProxy(redis_server.port) as proxy,
        redis.Redis(port=proxy.port, retry=Retry(NoBackoff(), 3)) as repeating,
        redis_server.client() as direct,
    ):
        repeating.ping()
        proxy.lose_answer_to(b"XADD")
        repeating.xadd(TICKS, {"volume": 1})
        assert direct.xlen(TICKS) == 2
        direct.delete(TICKS)
        proxy.lose_answer_to(b"XADD")
        with EventPublisher(repeating) as publisher:
            publisher.publish(tick(1))
            assert publisher.flush(30)
            publisher.publish(tick(2))
        assert volumes(direct) == [1, 2]
        assert publisher.losses == {CONNECTION_LOST: 1}
        assert publisher.published == 1


@pytest.mark.parametrize("options", [{"decode_responses": True}, {"protocol": 3}, {"protocol": 2}])
def test_any_client_will_do(shared_server: RedisServer, real_redis: redis.Redis, options: dict[str, Any]) -> None:
    """The application's client may be set up as it likes."""
    with shared_server.client(**options) as client, EventPublisher(client) as publisher:
        publisher.publish(tick(1))
    assert volumes(real_redis) == [1]


def test_a_redis_in_the_process_that_fails_is_survived() -> None:
    """Connections that break on the way are counted like those of a real server."""
    server = fakeredis.FakeServer(version=(7, 4))
    with fakeredis.FakeRedis(server=server) as client:
        with EventPublisher(client) as publisher:
            publisher.publish(tick(1))
            assert publisher.flush(10)
            server.connected = False
            publisher.publish(tick(2))
            assert publisher.flush(10)
            server.connected = True
            publisher.publish(tick(3))
        assert publisher.losses == {CONNECTION_LOST: 1}
        assert volumes(client) == [1, 3]
