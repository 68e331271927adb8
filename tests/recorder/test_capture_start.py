"""`intellisense capture start` in the foreground: it records all that is published, and every way to end it is a clean one."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from helpers.capture_command import WITHIN_S, Capture, Said, events_in, numbers_in, publish
from helpers.redis_server import RedisServer


def eventually_read(terminal: int, pattern: bytes, meanwhile: Callable[[], object]) -> bytes:
    """What was shown up to the first text like `pattern`; a line tells of the second before it, so `meanwhile` is repeated."""
    shown, deadline = b"", time.monotonic() + WITHIN_S
    while not re.search(pattern, shown):
        assert time.monotonic() < deadline, shown
        meanwhile()
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096)
    return shown


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda by: by.name)
def test_a_signal_ends_it_cleanly(by: signal.Signals, redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Everything published before is in the log, the session is complete, Redis keeps no consumer group of ours."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(500))
        assert capture.end(by) == 0
    assert numbers_in(capture.directory) == list(range(500))
    assert capture.facts()["state"] == "complete"
    assert capture.facts()["reason"] == f"stopped by {by.name}"
    assert app.xinfo_groups("testrade:order-fills") == []


def test_the_summary_says_what_was_recorded(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """For people, with the loss in exact numbers."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(20))
        publish(app, range(10), "TESTRADE_MARKET_TICK")
        capture.end()
    assert "30 lines" in capture.output
    assert "broker 20  price 10" in capture.output
    assert "100.0 % correlated" in capture.output
    assert "lost 0" in capture.output
    assert "complete: stopped by SIGTERM" in capture.output


def test_a_line_tells_how_it_is_doing(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Where there is no terminal it is printed every ten seconds, from the beginning on."""
    with Capture(tmp_path, redis_server.url, "--duration", "1s") as capture:
        capture.wait()
    (line,) = [line for line in capture.errors.splitlines() if " | " in line]
    assert line == "00:00:00  waiting | no event yet | behind 0, 0.0 s | 0 B/h | lost 0"


def test_on_a_terminal_the_line_is_rewritten(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Events per second of each sense, how many carry a correlation id, how far behind, disk per hour, losses."""
    ours, theirs = pty.openpty()
    with Capture(tmp_path, redis_server.url, stderr=theirs) as capture:
        shown = eventually_read(
            ours,
            rb"\r\x1b\[K00:00:\d\d  broker [\d.]+/s \| 100.0 % correlated \| behind \d+, \d+.\d s \| [\d.]+ .B/h",
            meanwhile=lambda: publish(app, range(100)),
        )
        capture.end()
    os.close(ours)
    os.close(theirs)
    assert shown.count(b"\n") == 0


def test_it_ends_by_itself_after_a_duration(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Exit code 0, the reason said."""
    with Capture(tmp_path, redis_server.url, "--duration", "1s", "--json") as capture:
        publish(app, range(3))
        assert capture.wait() == 0
    facts = json.loads(capture.output)
    assert facts["reason"] == "the duration is over"
    assert facts["exit_code"] == 0
    assert facts["statistics"]["events"] == 3


def test_only_the_senses_that_were_asked_for(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Other streams are not even read; single streams are added by name."""
    with Capture(tmp_path, redis_server.url, "--senses", "price", "--extra-streams", "testrade:risk-actions") as capture:
        publish(app, range(5), "TESTRADE_MARKET_TICK")
        publish(app, range(5), "TESTRADE_ORDER_FILL")
        publish(app, range(5), "TESTRADE_RISK_REJECTION")
        capture.end()
    assert capture.facts()["streams"] == [
        *("testrade:market-data:trades", "testrade:market-data:quotes"),
        *("testrade:filtered:market-trades", "testrade:filtered:market-quotes", "testrade:risk-actions"),
    ]
    assert {event.event_type for event in events_in(capture.directory)} == {"PRICE_TRADE", "RISK_REJECTION"}


def test_a_silent_application_is_no_success(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Nothing captured: exit code 1 and a question that leads to the reason."""
    with Capture(tmp_path, redis_server.url) as capture:
        assert capture.end() == 1
    assert "nothing was captured" in capture.output


def test_loss_upstream_is_an_exit_code(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Entries that are trimmed before the recorder can read them are counted exactly: exit code 3."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(10))
        capture.has_written(10)
        capture.process.send_signal(signal.SIGSTOP)
        publish(app, range(10, 60))
        app.xtrim("testrade:order-fills", maxlen=20, approximate=False)
        capture.process.send_signal(signal.SIGCONT)
        assert capture.end() == 3
    lost = 60 - len(numbers_in(capture.directory))
    assert lost > 20
    assert capture.facts()["losses"]["lost"] == lost
    assert f"lost {lost}\n" in capture.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--senses", "smell"], "there is no sense 'smell'"),
        (["--streams", ","], "--streams: an empty name in ','"),
        (["--streams", ""], "--streams: an empty name in ''"),
        (["--senses", "ocr,"], "--senses: an empty name in 'ocr,'"),
        (["--extra-streams", "a,,b"], "--extra-streams: an empty name in 'a,,b'"),
        (["--segment-minutes", "nan"], "a segment needs a size and a time above 0"),
        (["--segment-minutes", "inf"], "a segment needs a size and a time above 0"),
        (["--segment-minutes=-1"], "a segment needs a size and a time above 0"),
        (["--segment-size", "nan"], "not a size: 'nan'"),
        (["--duration", "0s"], "--duration 0s: nothing would be recorded"),
        (["--duration", "99999999d"], "--duration: not a time: '99999999d'"),
        (["--resume", ""], "--resume is empty"),
        (["--session-id", " "], "--session-id is empty"),
        (["--duration", "long"], "--duration: not a time: 'long'"),
        (["--from", "25:00"], "--from: not a time of day: '25:00'"),
        (["--until", "16:00", "--timezone", "Mars"], "--timezone: unknown time zone 'Mars'"),
        (["--segment-size", "0"], "a segment needs a size and a time above 0"),
        (["--dashcam-before", "5s"], "the dash-cam needs to know what to look for"),
        (["--dashcam-on", "event_type"], "--dashcam-on: not a condition: 'event_type'"),
        (["--dashcam-on", "event_type=ORDER_FIL"], '"ORDER_FIL" is no declared event type'),
        (["--session-id", "../up"], "not a session id: '../up'"),
        (["--resume", "never-was"], "never-was"),
        (["--redis-url", "localhost"], "not the URL of a Redis: 'localhost'"),
        (["--redis-url", "redis://127.0.0.1:1/0"], "Redis at 127.0.0.1:1 refused the connection"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told_before_anything_happens(
    options: list[str], said: str, command: Callable[..., Said], tmp_path: Path
) -> None:
    """Exit code 2, what is wrong and what is allowed; no traceback, no folder."""
    ended = command("capture", "start", "--duration", "1s", *options)
    assert ended.code == 2
    error, hint = ended.errors.splitlines()
    assert error.startswith("error: ") and said in error
    assert hint.startswith("hint: ")
    assert not (tmp_path / "captures").exists()
