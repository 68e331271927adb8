"""How near trimming is to who reads, told from what a real Redis, and the embedded one, say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
import redis
from helpers.redis_server import RedisServer

from pytest_intellisense.housekeeping.stream_watch import StreamState, group_lags, memory_state, stream_state

GB = 1_000_000_000


@pytest.fixture(params=["embedded", "server"])
def client(request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    """An empty Redis of each kind."""
    if request.param == "embedded":
        with fakeredis.FakeRedis(server=fakeredis.FakeServer(version=(7, 4))) as client:
            yield client
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with server.client() as client:
        client.flushall()
        yield client


def add(client: redis.Redis, numbers: range) -> None:
    """An entry every 10 ms of the stream's own time."""
    for number in numbers:
        client.xadd("s", {"number": number}, id=f"{1_000_000 + number * 10}-0")


def entry(number: int) -> str:
    return f"{1_000_000 + number * 10}-0"


def state(client: redis.Redis, *, read: int) -> StreamState:
    """As a reader sees it that has read so many entries from the beginning."""
    last_id = entry(read - 1) if read else "0-0"
    return stream_state("s", client.xinfo_stream("s"), last_id=last_id, read=read)  # type: ignore[arg-type]


def test_nothing_is_trimmed(client: redis.Redis) -> None:
    """However far behind: without trimming there is no danger."""
    add(client, range(1000))
    seen = state(client, read=100)
    assert (seen.unread, seen.behind_s, seen.level) == (900, 9.0, "enough")
    assert seen.margin_entries == 100


def test_trimming_behind_the_reader(client: redis.Redis) -> None:
    """600 entries, 6 s: so much may be trimmed before the first unread one goes."""
    add(client, range(1000))
    client.xtrim("s", maxlen=700, approximate=False)
    seen = state(client, read=900)
    assert (seen.margin_entries, seen.margin_s, seen.unread, seen.level) == (600, 5.99, 100, "enough")
    assert seen.sentence == "s: trimming is 6.0 s (600 entries) behind our reader"


def test_trimming_comes_near(client: redis.Redis) -> None:
    """More is unread than read entries are left: a word of warning."""
    add(client, range(1000))
    client.xtrim("s", maxlen=700, approximate=False)
    seen = state(client, read=400)
    assert (seen.margin_entries, seen.unread, seen.level) == (100, 600, "near")
    assert seen.sentence.endswith("keep more entries, or read faster")


def test_trimming_has_passed(client: redis.Redis) -> None:
    """At least so many are gone, before the reader gets to them."""
    add(client, range(1000))
    client.xtrim("s", maxlen=700, approximate=False)
    seen = state(client, read=200)
    assert (seen.trimmed_unread, seen.margin_entries, seen.level) == (100, 0, "passed")
    assert "at least 100 entries before they were read" in seen.sentence


def test_all_was_read_and_trimmed(client: redis.Redis) -> None:
    """An empty stream with nothing unread is no loss; nor is the first entry after that."""
    add(client, range(100))
    client.xtrim("s", maxlen=0, approximate=False)
    assert (state(client, read=100).level, state(client, read=100).margin_s) == ("enough", None)
    add(client, range(100, 101))
    assert state(client, read=100).trimmed_unread == 0


def test_nothing_was_read_yet(client: redis.Redis) -> None:
    """The age of a stream is no lag: it counts from its first entry."""
    add(client, range(101))
    assert state(client, read=0).behind_s == 1.0


def test_a_server_that_does_not_count(client: redis.Redis) -> None:
    """Before Redis 7.0 times are told, counts are not, and no loss is made up."""
    add(client, range(1000))
    client.xtrim("s", maxlen=700, approximate=False)
    info: Any = client.xinfo_stream("s")
    del info["entries-added"]
    seen = stream_state("s", info, last_id=entry(899), read=900)
    assert (seen.unread, seen.margin_entries, seen.trimmed_unread, seen.level) == (None, None, 0, "enough")
    assert seen.margin_s == 5.99


def test_byte_keys(client: redis.Redis) -> None:
    """Some clients give names as bytes."""
    add(client, range(10))
    info: Any = client.xinfo_stream("s")
    raw = {name.encode(): value for name, value in info.items()}
    assert stream_state("s", raw, last_id=entry(4), read=5) == state(client, read=5)


def test_who_is_behind(client: redis.Redis) -> None:
    """The group that is furthest behind comes first; one that trimming has passed is told."""
    add(client, range(1000))
    for group, count in (("fast", 1000), ("slow", 700), ("asleep", 100)):
        client.xgroup_create("s", group, id="0")
        client.xreadgroup(group, "reader", {"s": ">"}, count=count)
    client.xack("s", "fast", *(entry(number) for number in range(1000)))
    client.xtrim("s", maxlen=500, approximate=False)
    lags = group_lags("s", client.xinfo_stream("s"), client.xinfo_groups("s"))  # type: ignore[arg-type]
    assert [lag.group for lag in lags] == ["asleep", "slow", "fast"]
    assert [lag.behind_s for lag in lags] == [9.0, 3.0, 0.0]
    assert [lag.trimming_passed for lag in lags] == [True, False, False]
    assert lags[1].pending == 700
    assert lags[0].sentence.startswith("s: group asleep is 9.0 s behind")


def test_a_group_whose_name_is_no_text(client: redis.Redis) -> None:
    """It is told as far as it can be read, and the others with it."""
    add(client, range(10))
    client.xgroup_create("s", b"\xffslow", id="0")
    (lag,) = group_lags("s", client.xinfo_stream("s"), client.xinfo_groups("s"))  # type: ignore[arg-type]
    assert lag.group == "\N{REPLACEMENT CHARACTER}slow"


def test_memory_of_a_real_server(redis_server: RedisServer) -> None:
    """A limit and what is used of it, as this server says."""
    with redis_server.client() as client:
        assert memory_state(client.info("memory")).level == "enough"
        client.config_set("maxmemory", 1)
        try:
            assert memory_state(client.info("memory")).level == "critical"
        finally:
            client.config_set("maxmemory", 0)


@pytest.mark.parametrize(
    ("used_gb", "limit_gb", "policy", "level", "says"),
    [
        (5.0, 0, "noeviction", "enough", ""),
        (5.0, 10, "noeviction", "enough", ""),
        (6.1, 10, "noeviction", "warn", "refuses new entries"),
        (8.1, 10, "noeviction", "critical", "refuses new entries"),
        (1.0, 10, "allkeys-lru", "warn", "may evict whole streams"),
        (8.1, 10, "allkeys-lru", "critical", "evicts whole streams"),
        (1.0, 10, "volatile-lru", "enough", ""),
    ],
)
def test_memory(used_gb: float, limit_gb: float, policy: str, level: str, says: str) -> None:
    """What happens when the memory is full depends on the policy; where streams may be evicted that is said at once."""
    seen = memory_state(
        {"used_memory": round(used_gb * GB), "maxmemory": round(limit_gb * GB), "maxmemory_policy": policy},
    )
    assert seen.level == level
    assert says in seen.sentence
    assert bool(seen.sentence) == (level != "enough")
