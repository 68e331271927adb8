"""`intellisense capture` is killed again and again while TESTRADE publishes: resumed to the end, it has every event, once."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Capture, eventually, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session
from testrade_hooks import wire

pytestmark = pytest.mark.timeout(120)

STREAM = wire.ORDER_FILLS
GROUP = "intellisense:one"
CHUNK = 100


@dataclass(frozen=True)
class Drained:
    """`missing`: published and not in the recording; `told`: losses that it counts; `twice`: lines that repeat an entry."""

    missing: int
    told: int
    surplus: int
    twice: int
    pending: int


def after_kills(
    server: RedisServer,
    root: Path,
    chance: random.Random,
    *,
    entries: int,
    kills: int,
    between: Callable[[redis.Redis], None] = lambda _client: None,
) -> Drained:
    """Publish so many entries while the capture is killed and resumed; `between` may do harm while it is dead."""
    with server.client() as client, Capture(root, server.url) as first:
        publisher = threading.Thread(target=published, args=(server, entries))
        publisher.start()
        first.end(signal.SIGKILL)
        for _ in range(kills - 1):
            between(client)
            with Capture(root, server.url, "--resume", "one") as killed:
                time.sleep(chance.uniform(0.0, 0.2))
                killed.end(signal.SIGKILL)
        between(client)
        publisher.join()
        with Capture(root, server.url, "--resume", "one") as last:
            eventually(lambda: everything_acknowledged(client), "everything is recorded")
            pending = client.xpending(STREAM, GROUP)["pending"]
            last.end()
    return drained(last, entries, pending)


def drained(capture: Capture, entries: int, pending: int) -> Drained:
    log = read_session(capture.directory)
    numbers = [event.payload["number"] for event in log if event.stream == STREAM and event.event_type == "FILL"]
    return Drained(
        missing=len(set(range(entries)) - set(numbers)),
        told=capture.facts()["losses"]["lost"],
        surplus=len(numbers) - len(set(numbers)),
        twice=log.damage.repeats,
        pending=pending,
    )


def published(server: RedisServer, entries: int) -> None:
    """In pieces, as fast as the server takes them."""
    with server.client() as client:
        for start in range(0, entries, CHUNK):
            publish(client, range(start, min(start + CHUNK, entries)))


def everything_acknowledged(client: redis.Redis) -> bool:
    (facts,) = client.xinfo_groups(STREAM)
    newest = client.xinfo_stream(STREAM)["last-generated-id"]
    return bool(facts["last-delivered-id"] == newest and facts["pending"] == 0)


def consumer_removed(client: redis.Redis) -> None:
    """Takes what is pending with it: the server never delivers that again, but it still stands on the stream."""
    for consumer in client.xinfo_consumers(STREAM, GROUP):
        client.xgroup_delconsumer(STREAM, GROUP, consumer["name"])


def emptied(client: redis.Redis) -> None:
    """Takes what nobody has read yet and what is pending, once there is something; the publisher goes on."""
    eventually(lambda: client.xlen(STREAM) > 0 and not everything_acknowledged(client), "something is unread")
    client.xtrim(STREAM, maxlen=0, approximate=False)


def test_a_capture_that_is_killed_again_and_again(server: RedisServer, tmp_path: Path, chance: random.Random) -> None:
    """Nothing is missing, readers see nothing twice, nothing is left pending."""
    found = after_kills(server, tmp_path, chance, entries=6_000, kills=3)
    assert (found.missing, found.told, found.surplus, found.pending) == (0, 0, 0, 0)


def test_a_capture_whose_consumer_is_removed(server: RedisServer, tmp_path: Path, chance: random.Random) -> None:
    """What was pending is read from the stream again: nothing is missing all the same."""
    found = after_kills(server, tmp_path, chance, entries=8_000, kills=1, between=consumer_removed)
    assert (found.missing, found.told, found.surplus, found.pending) == (0, 0, 0, 0)


def test_a_stream_that_is_emptied_between(server: RedisServer, tmp_path: Path, chance: random.Random) -> None:
    """The control: what is trimmed while nobody records is missing, and the recording says exactly how much."""
    found = after_kills(server, tmp_path, chance, entries=8_000, kills=1, between=emptied)
    assert found.missing > 0
    assert found.told == found.missing


@pytest.mark.long
@pytest.mark.timeout(400)
def test_many_kills_of_a_capture(
    server: RedisServer, tmp_path: Path, chance: random.Random, record_property: Callable[[str, str], None]
) -> None:
    """The same promise over 60,000 entries and 20 kills."""
    found = after_kills(server, tmp_path, chance, entries=60_000, kills=20)
    assert (found.missing, found.told, found.surplus, found.pending) == (0, 0, 0, 0)
    record_property(
        "track record",
        f"20 kill -9 of `intellisense capture`, 60,000 entries: {found.missing} missing, {found.twice} lines written twice",
    )
