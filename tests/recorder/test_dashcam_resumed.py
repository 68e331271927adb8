"""A dash-cam that was killed goes on: nothing is lost of what it kept, and it received what it kept and what it dropped."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Capture, Said, eventually, numbers_in, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.dashcam import Dashcam, Dropped
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.segmented_log import Segment
from pytest_intellisense.capture.segments import all_logs
from pytest_intellisense.codec.entries import Batch
from testrade_hooks import clock

OPTIONS = ("--dashcam-on", "event_type=SYSTEM_ALERT_RAISED", "--dashcam-before", "0.5s", "--dashcam-after", "0.5s")


class Fills:
    """Numbered fills, as many as it takes."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self.published = 0

    def until(self, holds: Callable[[], bool], what: str) -> None:
        def and_one_more() -> bool:
            publish(self._client, range(self.published, self.published + 1))
            self.published += 1
            return holds()

        eventually(and_one_more, what)


def dropped(capture: Capture) -> int:
    """How many segments, by session.json."""
    segments: int = capture.facts()["dropped"]["segments"]
    return segments


def lines(directory: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for log in all_logs(directory):
        with log.opened() as text:
            counts[log.name] += text.read().count(b"\n")
    return counts


def around_a_kill(server: RedisServer, app: redis.Redis, folder: Path, *, stale: bool = False) -> tuple[Capture, Fills]:
    """Drops, an alert, more drops, a kill, 50 fills while it is dead, and as much again when it goes on.

    `stale`: session.json is as it was before anything was dropped.
    """
    fills = Fills(app)
    with Capture(folder, server.url, *OPTIONS) as killed:
        eventually(lambda: killed.facts()["resume"], "it stands on its streams")
        stated = (killed.directory / "session.json").read_bytes()
        fills.until(lambda: dropped(killed) >= 2, "slices dropped")
        publish(app, range(1), "TESTRADE_SYSTEM_ALERT")
        fills.until(lambda: dropped(killed) >= 4, "slices dropped after the alert")
        killed.end(signal.SIGKILL)
    if stale:
        (killed.directory / "session.json").write_bytes(stated)
    publish(app, range(fills.published, fills.published + 50))
    fills.published += 50
    before = dropped(killed)
    with Capture(folder, server.url, "--resume", "one") as resumed:
        fills.until(lambda: dropped(resumed) >= before + 2, "slices dropped after it went on")
        resumed.end()
    return resumed, fills


def test_what_was_received_was_kept_or_dropped(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Each fill is counted once, over the kill; each log holds what was received less what was dropped; nothing is lost."""
    capture, fills = around_a_kill(redis_server, app, tmp_path)
    facts = capture.facts()
    assert facts["counts"]["broker.jsonl"] == facts["statistics"]["by_sense"]["broker"] == fills.published
    assert lines(capture.directory) + Counter(facts["dropped"]["counts"]) == Counter(facts["counts"])
    assert facts["losses"] == {"lost": 0, "measurable": True, "notes": []}
    assert (facts["state"], facts["dashcam"]["hits"]) == ("complete", 1)
    session = read_session(capture.directory)
    types = [event.event_type for event in session]
    assert "SYSTEM_ALERT_RAISED" in types
    assert session.damage.lossless
    numbers = numbers_in(capture.directory)
    assert len(numbers) < fills.published - 50
    assert len(set(numbers)) == len(numbers)


def test_the_interruption_is_kept(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Whatever happened just before it, and what was published while nobody recorded, may be what was wanted."""
    with Capture(tmp_path, redis_server.url, *OPTIONS) as killed:
        publish(app, range(20))
        killed.has_written(20)
        killed.end(signal.SIGKILL)
    publish(app, range(20, 40))
    fills = Fills(app)
    fills.published = 40
    with Capture(tmp_path, redis_server.url, "--resume", "one") as resumed:
        fills.until(lambda: dropped(resumed) >= 1, "slices dropped")
        resumed.end()
    assert numbers_in(resumed.directory)[:40] == list(range(40))


def test_a_count_that_comes_after_the_deletion_is_found_out(
    redis_server: RedisServer, app: redis.Redis, tmp_path: Path
) -> None:
    """The control: where what was deleted was not counted before, the sum is wrong, and it is taken for lost."""
    capture, fills = around_a_kill(redis_server, app, tmp_path, stale=True)
    assert capture.facts()["counts"]["broker.jsonl"] < fills.published
    assert capture.facts()["losses"]["lost"] > 0


def test_a_deletion_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    """Killed between counting and deleting: counted once, and gone when it goes on."""
    (tmp_path / "images").mkdir()
    (tmp_path / "segment-000002").mkdir()
    for name in ("broker.jsonl", "segment-000002/broker.jsonl"):
        (tmp_path / name).write_bytes(b"\n\n")
    written: list[Dropped] = []

    def killed() -> None:
        written.append(Dropped(**asdict(camera.dropped)))
        raise KeyboardInterrupt

    camera = Dashcam(tmp_path, lambda _event: False, before_s=0.5, after_s=0.5)
    camera.on_drop = killed
    for number in (1, 2):
        camera.written(Segment(number, 0.0, counts={"broker.jsonl": 2}), [Batch(clock.now(), ())])
    with pytest.raises(KeyboardInterrupt):
        camera.finish()
    assert (tmp_path / "broker.jsonl").exists()
    again = Dashcam(tmp_path, lambda _event: False, before_s=0.5, after_s=0.5)
    again.go_on({"dropped": asdict(written[0]), "dashcam": {"hits": 3}}, segment=3)
    assert (again.dropped.segments, again.dropped.counts, again.hits) == (2, {"broker.jsonl": 4}, 3)
    assert not (tmp_path / "broker.jsonl").exists()
    assert not (tmp_path / "segment-000002").exists()


def test_what_it_keeps_is_not_given_again(
    redis_server: RedisServer, app: redis.Redis, command: Callable[..., Said], tmp_path: Path
) -> None:
    """It goes on with its criteria; where what was dropped cannot be told from what is lost, it does not go on."""
    assert "keeps what it kept before" in command("capture", "start", "--resume", "one", *OPTIONS).errors
    with Capture(tmp_path, redis_server.url, *OPTIONS) as killed:
        publish(app, range(20))
        killed.has_written(20)
        killed.end(signal.SIGKILL)
    facts = dict(killed.facts())
    facts["resume"]["kept"] = None
    (killed.directory / "session.json").write_text(json.dumps(facts))
    refused = command("capture", "start", "--duration", "1s", "--resume", "one")
    assert refused.code == 2
    assert "cannot be resumed: it does not say what was kept" in refused.errors
