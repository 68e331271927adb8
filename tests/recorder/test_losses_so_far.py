"""What is lost shows while it is still being recorded, and after a kill: never more than was lost, and soon all of it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import redis
from helpers.capture_command import Capture, Said, eventually, numbers_in, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.stream_ids import START
from pytest_intellisense.streams.known_losses import KnownLosses
from pytest_intellisense.streams.tracks import LossBook, StreamFacts, Track

STREAM = "testrade:order-fills"
Command = Callable[..., Said]


def lose(capture: Capture, app: redis.Redis, first: int) -> int:
    """Publish 100 entries from number `first` on while the reader stands still, and trim all but 30; how many were lost."""
    capture.process.send_signal(signal.SIGSTOP)
    eventually(lambda: psutil.Process(capture.process.pid).status() == psutil.STATUS_STOPPED, "stands still")
    publish(app, range(first, first + 100))
    app.xtrim(STREAM, maxlen=30, approximate=False)
    capture.process.send_signal(signal.SIGCONT)
    eventually(lambda: first + 99 in numbers_in(capture.directory), "the last entry is on disk")
    return 100 - len([number for number in numbers_in(capture.directory) if number >= first])


def status(command: Command) -> Mapping[str, Any]:
    (facts,) = json.loads(command("capture", "status", "--json").output)
    return facts  # type: ignore[no-any-return]


def shown(command: Command, lost: int) -> str:
    """The status when so many are told as lost."""
    eventually(lambda: status(command)["losses"]["lost"] == lost, f"{lost} lost in status")
    return command("capture", "status").output


def test_status_shows_what_is_lost_while_it_records(
    redis_server: RedisServer, app: redis.Redis, command: Command, tmp_path: Path
) -> None:
    """The exact number, when it was counted, and of which stream; a second loss is added; at the end it is the same."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(10))
        capture.has_written(10)
        assert re.search(r"\n  lost 0, counted \d s ago\n", shown(command, 0))
        lost = lose(capture, app, 10)
        assert lost > 60
        words = shown(command, lost)
        assert re.search(rf"\n  lost {lost}, counted \d s ago\n    {STREAM}: {lost} trimmed or deleted", words)
        lost += lose(capture, app, 110)
        shown(command, lost)
        assert status(command)["state"] == "recording"
        assert capture.end() == 3
    assert capture.facts()["losses"]["lost"] == lost


def test_a_killed_capture_still_says_it(redis_server: RedisServer, app: redis.Redis, command: Command, tmp_path: Path) -> None:
    """`info` and `status` of the dead one, and again when it goes on: also before it has counted for the first time."""
    with Capture(tmp_path, redis_server.url) as killed:
        publish(app, range(10))
        killed.has_written(10)
        lost = lose(killed, app, 10)
        shown(command, lost)
        killed.end(signal.SIGKILL)
    told = command("info", str(killed.directory))
    assert told.code == 3
    assert re.search(rf"\nlosses      {lost} entries so far, by the count at \S+ \S+Z and the gaps in the log\n", told.output)
    assert f"  lost {lost}, counted" in command("capture", "status").output
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        assert resumed.facts()["losses"]["lost"] == lost
        shown(command, lost)
        assert resumed.end() == 3
    assert resumed.facts()["losses"]["lost"] == lost


def test_what_was_read_before_it_was_trimmed_is_not_lost(
    redis_server: RedisServer, app: redis.Redis, command: Command, tmp_path: Path
) -> None:
    """The control: the same trimming behind the reader."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(100))
        capture.has_written(100)
        app.xtrim(STREAM, maxlen=30, approximate=False)
        counted_ns = status(command)["losses_epoch_ns"] or 0
        eventually(lambda: (status(command)["losses_epoch_ns"] or 0) > counted_ns, "counted again")
        shown(command, 0)
        assert capture.end() == 0


def test_a_reader_that_is_behind_knows_less_but_never_too_much(app: redis.Redis) -> None:
    """400 of 500 are gone. At most 200 of them can be in replies that are under way; at the end of the stream all are known."""
    publish(app, range(500))
    app.xtrim(STREAM, maxlen=100, approximate=False)
    facts = StreamFacts.of(app.xinfo_stream(STREAM))
    losses, track = KnownLosses(), Track(STREAM)

    def lost() -> int:
        return losses.look({STREAM: facts}, {STREAM: track}, LossBook()).lost

    assert (track.last_id, lost()) == (START, 200)
    track.advance(facts.last_id, 100)
    assert lost() == 400
    track.advance(f"{facts.last_id}1", 1)  # read since the server was asked
    assert lost() == 400
