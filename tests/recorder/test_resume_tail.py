"""`--resume` reads what was written behind the last word of session.json, however long the session is; in doubt all of it."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from helpers.capture_command import Capture, events_in, eventually, numbers_in, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.resuming import read_earlier

STREAM = "testrade:order-fills"


def kept(capture: Capture) -> int:
    """How many lines session.json vouches for."""
    state = capture.facts()["resume"]
    return sum(state["kept"]["counts"].values()) if state else 0


def resumed(folder: Path, url: str, app: redis.Redis, further: range) -> Capture:
    """The session after it went on with these entries and ended."""
    with Capture(folder, url, "--resume", "one") as capture:
        publish(app, further)
        assert capture.end() == 0
    return capture


def counted(facts: Mapping[str, Any]) -> tuple[int, int, int]:
    """Fills by the statistics, by the counts, and what is lost."""
    return facts["statistics"]["by_sense"]["broker"], facts["counts"]["broker.jsonl"], facts["losses"]["lost"]


def test_earlier_segments_are_not_read(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """They are not even there while it goes on; the counts of the whole session are right all the same."""
    aside = tmp_path / "aside"
    with Capture(tmp_path, redis_server.url, "--segment-size", "50KB") as killed:
        for first in range(0, 1000, 100):
            publish(app, range(first, first + 100))
            killed.has_written(first + 100)
        eventually(lambda: kept(killed) == 1000, "session.json vouches for all")
        killed.end(signal.SIGKILL)
    early = [killed.directory / "segment-000002", killed.directory / "segment-000003"]
    aside.mkdir()
    for folder in early:
        shutil.move(folder, aside)
    capture = resumed(tmp_path, redis_server.url, app, range(1000, 1100))
    for folder in early:
        shutil.move(aside / folder.name, folder)
    assert numbers_in(capture.directory) == list(range(1100))
    assert counted(capture.facts()) == (1100, 1100, 0)
    sequences = [event.global_sequence_id for event in events_in(capture.directory)]
    assert sequences == sorted(set(sequences))


def test_what_was_written_behind_it_is_found(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Killed long after session.json was written, in another segment: nothing is missed, nothing comes twice."""
    with Capture(tmp_path, redis_server.url, "--segment-size", "50KB") as killed:
        publish(app, range(100))
        eventually(lambda: kept(killed) == 100, "session.json vouches for some")
        stated = (killed.directory / "session.json").read_bytes()
        for first in range(100, 1000, 100):
            publish(app, range(first, first + 100))
            killed.has_written(first + 100)
        app.xadd(STREAM, {"neither": "text nor object"})
        killed.has_written(1001)
        killed.end(signal.SIGKILL)
    (killed.directory / "session.json").write_bytes(stated)
    capture = resumed(tmp_path, redis_server.url, app, range(1000, 1100))
    assert numbers_in(capture.directory) == list(range(1100))
    assert counted(capture.facts()) == (1100, 1100, 0)
    assert capture.facts()["statistics"]["unreadable"] == 1


@pytest.mark.long
def test_a_session_that_failed_goes_on_too(app: redis.Redis, tmp_path: Path) -> None:
    """Redis went away, several segments after the beginning."""
    with RedisServer("--appendonly", "yes", "--appendfsync", "always") as server:
        with (
            Capture(tmp_path, server.url, "--segment-size", "50KB", "--reconnect-within", "1s") as failed,
            server.client() as client,
        ):
            for first in range(0, 500, 100):
                publish(client, range(first, first + 100))
                failed.has_written(first + 100)
            server.kill()
            assert failed.wait() == 3
        server.start()
        with server.client() as client:
            capture = resumed(tmp_path, server.url, client, range(500, 550))
    assert numbers_in(capture.directory) == list(range(550))
    assert counted(capture.facts()) == (550, 550, 0)


def after_losing_lines(
    server: RedisServer, folder: Path, app: redis.Redis, spoil: Callable[[dict[str, Any]], None] = lambda _facts: None
) -> tuple[int, int]:
    """Of 100 entries the last 40 were acknowledged, and then a power loss took their lines; how many are there and told lost.

    Afterwards they still stand on the stream.
    """
    with Capture(folder, server.url, "--durability", "relaxed") as killed:
        publish(app, range(100))
        eventually(lambda: kept(killed) == 100, "session.json vouches for all")
        killed.end(signal.SIGKILL)
    log = killed.directory / "broker.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:60]))
    facts = dict(killed.facts())
    spoil(facts)
    (killed.directory / "session.json").write_text(json.dumps(facts))
    with Capture(folder, server.url, "--resume", "one") as capture:
        capture.end()
    numbers = numbers_in(capture.directory)
    assert numbers == list(range(len(numbers)))
    return len(numbers), capture.facts()["losses"]["lost"]


def test_logs_that_hold_less_are_read_whole(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Then it shows what is not there, and it is taken from the stream once more."""
    assert after_losing_lines(redis_server, tmp_path, app) == (100, 0)


def test_believing_session_json_would_hide_that(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """The control: one that vouches for the entries, and names no line by which the logs could contradict it."""

    def believed(facts: dict[str, Any]) -> None:
        facts["resume"]["kept"] |= {"segment": 2, "lines": {}}

    assert after_losing_lines(redis_server, tmp_path, app, believed) == (60, 0)


def test_a_recreated_stream_is_counted_anew(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Its ids begin again: what was kept of the old one vouches for nothing of the new one, whenever it was killed."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(50))
        eventually(lambda: kept(killed) == 50, "session.json vouches for the old stream")
        stated = killed.facts()["resume"]["kept"]
        app.delete(STREAM)
        killed.has_written(51)
        for number in range(1, 31):
            app.xadd(STREAM, {"json_payload": wire_text(number)}, id=f"{number}-0")
        killed.has_written(81)
        eventually(lambda: kept(killed) > 80, "session.json vouches for the new stream")
        killed.end(signal.SIGKILL)
    facts = dict(killed.facts())
    for since in (facts["resume"]["kept"], stated):
        facts["resume"]["kept"] = since
        (killed.directory / "session.json").write_text(json.dumps(facts))
        point = read_earlier(killed.directory).point
        assert point is not None
        stream = point.streams[STREAM]
        assert (stream.generation, stream.received, stream.last_id) == (1, 30, "30-0")
        assert stream.holds("30-0")
        assert not stream.holds("31-0")


def wire_text(number: int) -> str:
    return json.dumps(
        {"metadata": {"eventType": "TESTRADE_ORDER_FILL", "eventId": f"e{number}"}, "payload": {"number": number}}
    )


@pytest.mark.long
def test_what_session_json_does_not_say_is_read(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """A session of an earlier version: its logs say everything, to the same result."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(100))
        eventually(lambda: kept(killed) == 100, "session.json vouches for all")
        killed.end(signal.SIGKILL)
    short = read_earlier(killed.directory)
    facts = dict(killed.facts())
    del facts["resume"]["kept"]
    (killed.directory / "session.json").write_text(json.dumps(facts))
    whole = read_earlier(killed.directory)
    assert (short.next_sequence, short.counts, short.statistics.facts()) == (
        whole.next_sequence,
        whole.counts,
        whole.statistics.facts(),
    )
    assert short.kept_streams == whole.kept_streams
    assert short.point is not None
    assert short.point.streams[STREAM].ids == set()
