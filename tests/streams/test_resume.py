"""A session that was killed goes on: nothing is lost, nothing comes twice, and what was trimmed meanwhile is counted."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import helpers.resumable
import pytest
from helpers.redis_server import RedisServer
from helpers.resumable import FACTS, recorded

from pytest_intellisense.codec.resume_point import Recorded, ResumePoint
from pytest_intellisense.errors import CaptureFailed
from testrade_hooks import wire

STREAMS = (wire.ORDER_FILLS, wire.SIGNALS, wire.MARKET_TRADES)
GROUP = "intellisense:resumed"


class Session:
    """One session directory and the processes that record into it, one after another."""

    def __init__(self, server: RedisServer, directory: Path, way: str = "sound") -> None:
        self.client = server.client()
        self.client.flushall()
        self.directory = directory
        self.added: dict[str, int] = dict.fromkeys(STREAMS, 0)
        self._command = [sys.executable, helpers.resumable.__file__, server.url, str(directory), "resumed", way]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "recording\n"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def finish(self) -> dict[str, object]:
        """End the recording in order; what it says of its losses."""
        assert self._process is not None
        said, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        loss: dict[str, object] = json.loads(said)
        return loss

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.client.close()

    def add(self, count: int, stream: str) -> None:
        with self.client.pipeline(transaction=False) as pipeline:
            for _ in range(count):
                pipeline.xadd(stream, {"n": self.added[stream]})
                self.added[stream] += 1
            pipeline.execute()

    def add_until(self, timer: threading.Timer) -> None:
        timer.start()
        while timer.is_alive():
            self.add(random.randrange(1, 20), random.choice(STREAMS))

    def lines(self) -> Counter[tuple[str, str]]:
        """How often each entry stands in the log."""
        return Counter((line.stream, line.entry_id) for line in recorded(self.directory) if not line.gap)

    def pending(self) -> int:
        return sum(self.client.xpending(stream, GROUP)["pending"] for stream in STREAMS)

    def gaps(self) -> int:
        return sum(line.lost for line in recorded(self.directory) if line.gap)


@pytest.fixture
def session(redis_server: RedisServer, tmp_path: Path) -> Iterator[Session]:
    session = Session(redis_server, tmp_path)
    yield session
    session.close()


def kill_and_resume(session: Session, kills: int) -> dict[str, object]:
    session.start()
    for _ in range(kills):
        assert session._process is not None
        session.add_until(threading.Timer(random.uniform(0.05, 0.25), session._process.kill))
        session.kill()
        session.add(random.randrange(60, 300), random.choice(STREAMS))
        session.start()
    return session.finish()


def test_each_entry_once_over_kills(session: Session) -> None:
    """Killed in mid-stream and resumed: every entry is in the log exactly once and nothing stays pending."""
    loss = kill_and_resume(session, 2)
    lines = session.lines()
    assert len(lines) == sum(session.added.values()) > 100
    assert set(lines.values()) == {1}
    assert session.pending() == 0
    assert loss == {"lost": 0, "measurable": True}
    assert session.gaps() == 0


@pytest.mark.parametrize("way", ["early ack", "a name of its own"])
def test_wrong_recorders_are_found_out(redis_server: RedisServer, tmp_path: Path, way: str) -> None:
    """The control: acknowledging before writing loses entries; another consumer name leaves them pending."""
    for attempt in range(40):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        session = Session(redis_server, directory, way)
        try:
            kill_and_resume(session, 2)
            if len(session.lines()) < sum(session.added.values()) or session.pending():
                return
        finally:
            session.close()
    pytest.fail("this test would not notice a recorder that loses entries")


def test_what_was_trimmed_meanwhile_is_counted(session: Session) -> None:
    """Of 500 entries that came while nobody read, 50 were left: 450 lost, once in the report and once on the timeline."""
    session.start()
    session.add(40, wire.ORDER_FILLS)
    session.kill()
    session.add(500, wire.ORDER_FILLS)
    session.client.xtrim(wire.ORDER_FILLS, maxlen=50, approximate=False)
    session.start()
    session.kill()
    session.add(7, wire.ORDER_FILLS)
    session.start()
    loss = session.finish()
    on_disk = len(session.lines())
    assert loss == {"lost": 540 + 7 - on_disk, "measurable": True}
    assert 450 <= session.gaps() == 547 - on_disk <= 490
    assert session.pending() == 0


def test_an_entry_deleted_while_pending_is_a_gap_with_its_id(session: Session) -> None:
    """It was delivered to a recorder that died, and deleted before the next one came."""
    session.start()
    session.kill()
    session.add(3, wire.SIGNALS)
    # the server may not have noticed yet that the recorder is gone, and deliver one of them to it
    session.client.xreadgroup(GROUP, "recorder", {wire.SIGNALS: ">"}, count=3)
    ids = [entry_id for entry_id, _ in session.client.xrange(wire.SIGNALS)]
    session.client.xdel(wire.SIGNALS, ids[1])
    session.start()
    loss = session.finish()
    (gap,) = [line for line in recorded(session.directory) if line.gap and line.entry_id]
    assert gap == Recorded(wire.SIGNALS, ids[1].decode(), gap=True, lost=1)
    assert [entry_id for _, entry_id in session.lines()] == [ids[0].decode(), ids[2].decode()]
    assert loss == {"lost": 1, "measurable": True}
    assert session.gaps() == 1
    assert session.pending() == 0


def test_a_stream_that_was_recreated_meanwhile(session: Session) -> None:
    """The new stream is read from its beginning; how much went with the old one cannot be measured."""
    session.client.xadd(wire.SIGNALS, {"n": 0})
    session.start()
    session.kill()
    session.client.delete(wire.SIGNALS)
    session.client.xadd(wire.SIGNALS, {"n": 1}, id="1-1")
    session.start()
    loss = session.finish()
    assert Recorded(wire.SIGNALS, "1-1", generation=1) in recorded(session.directory)
    assert not loss["measurable"]


def test_a_recreated_stream_that_has_grown_further(session: Session) -> None:
    """Ids and counts are higher than where the reading stood; that they do not add up gives it away."""
    session.client.xadd(wire.SIGNALS, {"n": 0})
    session.start()
    session.kill()
    session.client.delete(wire.SIGNALS)
    session.add(5, wire.SIGNALS)
    session.start()
    assert not session.finish()["measurable"]
    assert len(session.lines()) == 5


def test_a_group_that_is_gone_from_an_empty_stream(session: Session) -> None:
    """Nobody can tell whether the stream went with it."""
    session.start()
    session.kill()
    session.client.delete(wire.SIGNALS)
    session.start()
    assert not session.finish()["measurable"]


def test_a_group_that_is_gone_is_made_again_where_the_log_ends(session: Session) -> None:
    """Nothing is lost: reading goes on behind the last entry on disk."""
    session.client.xadd(wire.SIGNALS, {"n": 0})
    session.start()
    session.kill()
    session.add(5, wire.SIGNALS)
    session.client.xgroup_destroy(wire.SIGNALS, GROUP)
    session.add(5, wire.SIGNALS)
    session.start()
    assert session.finish() == {"lost": 0, "measurable": True}
    assert len(session.lines()) == 10


def test_a_recorder_killed_before_it_stored_its_position(session: Session) -> None:
    """Nothing had been read: a new capture begins, on a group that is fresh."""
    session.start()
    session.kill()
    (session.directory / FACTS).unlink()
    session.add(4, wire.SIGNALS)
    session.start()
    session.add(2, wire.SIGNALS)
    assert session.finish() == {"lost": 0, "measurable": True}
    assert len(session.lines()) == 2


@pytest.mark.parametrize("facts", [{}, {"streams": {}}, {"streams": {"s": {"added_before": 1}}, "book": {}}, {"streams": []}])
def test_facts_that_are_not_ours(facts: dict[str, object]) -> None:
    """Said in words, not as a traceback."""
    with pytest.raises(CaptureFailed, match="cannot be resumed"):
        ResumePoint.of(facts, [])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_kills(redis_server: RedisServer, tmp_path: Path) -> None:
    """The same promise over 60 kills in one session."""
    session = Session(redis_server, tmp_path)
    try:
        assert kill_and_resume(session, 60) == {"lost": 0, "measurable": True}
        assert len(session.lines()) == sum(session.added.values())
        assert set(session.lines().values()) == {1}
        assert session.pending() == 0
    finally:
        session.close()
