"""kill -9 at any moment: whatever was acknowledged is in the log, and every line has its image."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import helpers.recorder
import pytest
import redis
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session
from testrade_hooks import wire

STREAM = wire.PROCESSED_IMAGES


@dataclass
class Remains:
    """What a killed recorder left: acknowledged entries that are not in its log, and lines whose image is not right."""

    acknowledged: int
    lost: int
    dangling: int

    def __add__(self, other: Remains) -> Remains:
        return Remains(self.acknowledged + other.acknowledged, self.lost + other.lost, self.dangling + other.dangling)


def kill_once(server: RedisServer, root: Path, name: str, way: str, after_s: float) -> Remains:
    """Record, kill -9 so many seconds after the first acknowledgement, and look at what is left."""
    command = [sys.executable, helpers.recorder.__file__, server.url, str(root), name, way]
    with server.client() as client, subprocess.Popen(command, stdout=subprocess.PIPE) as recorder:
        client.flushall()
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"recording\n"
        group = f"intellisense:{name}"
        timer = threading.Timer(after_s, recorder.kill)
        for number in count(1):
            event = wire.event("TESTRADE_PROCESSED_ROI_IMAGE", {"number": number}, image_bytes=b"image %d" % number * 50)
            client.xadd(STREAM, wire.encode(event))
            if timer.ident is None and _acknowledged(client, group):
                timer.start()
            if recorder.poll() is not None:
                break
        return _remains(_acknowledged(client, group), root / name)


def _acknowledged(client: redis.Redis, group: str) -> set[str]:
    """Ids of the entries that were delivered and are not pending."""
    (facts,) = client.xinfo_groups(STREAM)
    delivered = {entry_id.decode() for entry_id, _ in client.xrange(STREAM, max=facts["last-delivered-id"])}
    pending = {one["message_id"].decode() for one in client.xpending_range(STREAM, group, "-", "+", 1_000_000)}
    return delivered - pending


def _remains(acknowledged: set[str], directory: Path) -> Remains:
    events = list(read_session(directory))
    dangling = 0
    for event in events:
        assert event.image is not None
        path = directory / event.image.path
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != event.image.sha256:
            dangling += 1
    return Remains(len(acknowledged), len(acknowledged - {event.entry_id for event in events}), dangling)


def kill_often(server: RedisServer, root: Path, way: str) -> Iterator[Remains]:
    """What is left after one kill, two kills, three kills, …, all of them together."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance, total = random.Random(seed), Remains(0, 0, 0)
    for number in range(1000):
        total += kill_once(server, root, f"kill-{number}", way, chance.uniform(0, 0.3))
        yield total


def test_a_killed_recorder_has_lost_nothing(redis_server: RedisServer, tmp_path: Path) -> None:
    """Every acknowledged entry is in the log, every line has an image with the right hash."""
    remains = next(islice(kill_often(redis_server, tmp_path, "sound"), 3, None))
    assert remains.acknowledged > 0
    assert (remains.lost, remains.dangling) == (0, 0)


def test_acknowledging_early_would_lose(redis_server: RedisServer, tmp_path: Path) -> None:
    """The control: this test finds a recorder that acknowledges before it writes."""
    assert any(remains.lost for remains in islice(kill_often(redis_server, tmp_path, "early ack"), 60))


def test_writing_lines_first_would_dangle(redis_server: RedisServer, tmp_path: Path) -> None:
    """The control: this test finds a recorder that writes a line before its image."""
    assert any(remains.dangling for remains in islice(kill_often(redis_server, tmp_path, "line first"), 60))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_kills(redis_server: RedisServer, tmp_path: Path) -> None:
    """The same promise, 60 times."""
    remains = next(islice(kill_often(redis_server, tmp_path, "sound"), 59, None))
    assert (remains.lost, remains.dangling) == (0, 0)
