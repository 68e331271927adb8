"""StreamTrimmer: by length, by age, or both; exactly or nearly."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis
from helpers.redis_server import RedisServer

from testrade_hooks.trimming import StreamTrimmer


def fill(client: redis.Redis, stream: str, count: int) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.xadd(stream, {"number": number})
        pipeline.execute()


def age(client: redis.Redis, stream: str, *ages_s: float) -> None:
    """Put entries on an empty stream that are as old as this by the server's clock, the oldest first."""
    seconds, microseconds = client.time()
    now_ms = seconds * 1000 + microseconds // 1000
    for number, age_s in enumerate(ages_s):
        client.xadd(stream, {"age_s": age_s}, id=f"{now_ms - int(age_s * 1000)}-{number}")


def test_length_exactly(any_redis: redis.Redis) -> None:
    """The newest entries stay; the number of removed ones is told for each stream."""
    fill(any_redis, "a", 500)
    fill(any_redis, "b", 5)
    with StreamTrimmer(any_redis, ["a", "b", "missing"], max_length=10, approximate=False) as trimmer:
        assert trimmer.trim_once() == {"a": 490, "b": 0, "missing": 0}
        assert trimmer.trim_once() == {"a": 0, "b": 0, "missing": 0}
    entries: Any = any_redis.xrange("a")
    assert [int(fields[b"number"]) for _entry_id, fields in entries] == list(range(490, 500))


def test_length_nearly(any_redis: redis.Redis) -> None:
    """At least so many entries stay, and not many more."""
    fill(any_redis, "a", 1000)
    with StreamTrimmer(any_redis, ["a"], max_length=10) as trimmer:
        removed = trimmer.trim_once()["a"]
    assert any_redis.xlen("a") == 1000 - removed
    assert 10 <= any_redis.xlen("a") <= 110


def test_age_exactly(any_redis: redis.Redis) -> None:
    """Entries older than that go, younger ones stay."""
    age(any_redis, "a", 3600, 120, 30, 1)
    with StreamTrimmer(any_redis, ["a"], max_age_s=60, approximate=False) as trimmer:
        assert trimmer.trim_once() == {"a": 2}
    assert any_redis.xlen("a") == 2


def test_length_and_age(any_redis: redis.Redis) -> None:
    """Each limit holds."""
    age(any_redis, "old", 3600, 120, 30)
    age(any_redis, "long", 5, 4, 3, 2, 1)
    with StreamTrimmer(any_redis, ["old", "long"], max_length=3, max_age_s=60, approximate=False) as trimmer:
        assert trimmer.trim_once() == {"old": 2, "long": 2}


def test_a_key_that_is_no_stream_harms_no_other(real_redis: redis.Redis) -> None:
    """The others are trimmed, then the error is told."""
    real_redis.set("broken", "no stream")
    fill(real_redis, "a", 50)
    trimmer = StreamTrimmer(real_redis, ["broken", "a"], max_length=10, approximate=False)
    with trimmer, pytest.raises(redis.ResponseError):
        trimmer.trim_once()
    assert real_redis.xlen("a") == 10


def test_in_the_background_until_closed(real_redis: redis.Redis, shared_server: RedisServer) -> None:
    """It trims again and again, and leaves no thread behind."""
    with StreamTrimmer(real_redis, ["a"], max_length=10, approximate=False) as trimmer, shared_server.client() as watching:
        watching.config_set("notify-keyspace-events", "Kt")
        with watching.pubsub() as events:
            events.subscribe("__keyspace@0__:a")
            trimmer.start(interval_s=0.01)
            for _round in range(2):
                fill(real_redis, "a", 50)
                until_trimmed(events)
    assert "testrade-trimmer" not in {thread.name for thread in threading.enumerate()}


def until_trimmed(events: Any) -> None:
    for _message in range(1000):
        message = events.get_message(timeout=30.0)
        if message and message["data"] == b"xtrim":
            return
    raise AssertionError("nobody trims")


def test_in_the_background_redis_may_fail(redis_server: RedisServer) -> None:
    """The trimmer goes on when Redis is back."""
    with redis_server.client() as client, StreamTrimmer(client, ["a"], max_length=10, approximate=False) as trimmer:
        redis_server.kill()
        trimmer.start(interval_s=0.01)
        redis_server.start()
        with redis_server.client() as watching:
            watching.config_set("notify-keyspace-events", "Kt")
            with watching.pubsub() as events:
                events.subscribe("__keyspace@0__:a")
                fill(watching, "a", 50)
                until_trimmed(events)


@pytest.mark.parametrize("limits", [{}, {"max_length": 0}, {"max_age_s": 0.0}, {"max_length": 5, "max_age_s": -1.0}])
def test_a_limit_that_is_none_is_an_error(fake_redis: redis.Redis, limits: dict[str, Any]) -> None:
    """A trimmer without a limit, or that would remove everything, is a mistake."""
    with pytest.raises(ValueError):
        StreamTrimmer(fake_redis, ["a"], **limits)


def read(client: redis.Redis, stream: str, group: str, count: int, *, acknowledge: bool = True) -> None:
    """Let a group read so many more entries."""
    reply: Any = client.xreadgroup(group, "reader", {stream: ">"}, count=count)
    if acknowledge:
        client.xack(stream, group, *(entry_id for entry_id, _fields in reply[0][1]))


def first_number(client: redis.Redis, stream: str) -> int:
    entries: Any = client.xrange(stream, count=1)
    return int(entries[0][1][b"number"])


def test_what_a_group_has_not_read_is_spared(any_redis: redis.Redis) -> None:
    """The slowest group decides how far trimming goes; what it has read goes as soon as it has read it."""
    fill(any_redis, "a", 1000)
    for group in ("fast", "slow"):
        any_redis.xgroup_create("a", group, id="0")
    read(any_redis, "a", "fast", 1000)
    read(any_redis, "a", "slow", 400)
    with StreamTrimmer(any_redis, ["a", "missing"], max_length=10, spare_unread_up_to=100_000) as trimmer:
        removed = trimmer.trim_once()["a"]
        assert 300 <= removed <= 400
        assert first_number(any_redis, "a") <= 400
        assert trimmer.waits_for == {"a": "slow"}
        read(any_redis, "a", "slow", 1000)
        removed += trimmer.trim_once()["a"]
        assert 10 <= any_redis.xlen("a") <= 110
        assert (trimmer.removed, trimmer.waits_for) == ({"a": removed, "missing": 0}, {})


def test_trimming_without_sparing_takes_unread_entries(any_redis: redis.Redis) -> None:
    """The control: who does not ask for it gets a stream of that length, read or not."""
    fill(any_redis, "a", 1000)
    any_redis.xgroup_create("a", "slow", id="0")
    with StreamTrimmer(any_redis, ["a"], max_length=10) as trimmer:
        trimmer.trim_once()
    assert first_number(any_redis, "a") > 800


def test_what_was_read_but_not_acknowledged_is_spared(any_redis: redis.Redis) -> None:
    """A reader that died needs it again."""
    fill(any_redis, "a", 1000)
    any_redis.xgroup_create("a", "died", id="0")
    read(any_redis, "a", "died", 300)
    read(any_redis, "a", "died", 500, acknowledge=False)
    with StreamTrimmer(any_redis, ["a"], max_length=10, spare_unread_up_to=100_000) as trimmer:
        trimmer.trim_once()
    assert 200 <= first_number(any_redis, "a") <= 300


def test_age_spares_the_unread_too(any_redis: redis.Redis) -> None:
    """Old entries stay until they were read, not one of them goes."""
    age(any_redis, "a", 3600, 1800, 120, 1)
    any_redis.xgroup_create("a", "slow", id="0")
    read(any_redis, "a", "slow", 1)
    with StreamTrimmer(any_redis, ["a"], max_age_s=60, approximate=False, spare_unread_up_to=100) as trimmer:
        assert trimmer.trim_once() == {"a": 1}
        assert trimmer.waits_for == {"a": "slow"}


def test_a_group_that_never_reads_does_not_fill_the_memory(any_redis: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the length that was allowed for it, unread entries go, and the log says so."""
    fill(any_redis, "a", 1000)
    any_redis.xgroup_create("a", "dead", id="0")
    with StreamTrimmer(any_redis, ["a"], max_length=10, spare_unread_up_to=500) as trimmer:
        trimmer.trim_once()
    assert 500 <= any_redis.xlen("a") <= 600
    assert "dead" in caplog.text


@pytest.mark.parametrize("wrong", [{"max_length": 10, "spare_unread_up_to": 5}, {"max_age_s": 1.0, "spare_unread_up_to": 0}])
def test_sparing_needs_room(fake_redis: redis.Redis, wrong: dict[str, Any]) -> None:
    """A bound below the length that is kept anyway cannot be meant."""
    with pytest.raises(ValueError):
        StreamTrimmer(fake_redis, ["a"], **wrong)
