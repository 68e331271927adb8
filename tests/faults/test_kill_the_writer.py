"""kill -9 of the process that records: whatever it had acknowledged is in the log, and every line has its image."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.remains import Remains, acknowledged_in
from helpers.workload_runs import Workload, injecting

pytestmark = pytest.mark.timeout(60)

Note = Callable[[str, str], None]
CALLS = ("write", "fsync", "fdatasync", "rename")


def killed_after(folder: Path, seconds: float, *options: str) -> Remains:
    """Record, kill -9 so many seconds after something was acknowledged, and look at what is left."""
    workload = Workload(folder, *options)
    with workload.start() as process:
        while not acknowledged_in(workload.ledger):
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        time.sleep(seconds)
        process.kill()
        process.communicate()
    return Remains.of(workload.session, acknowledged_in(workload.ledger))


def killed_often(folder: Path, chance: random.Random, kills: int, *options: str) -> Remains:
    after_s = [chance.uniform(0, 0.08) for _ in range(kills)]
    return sum((killed_after(folder / str(number), s, *options) for number, s in enumerate(after_s)), Remains())


BATCHES = {"one by one": ("--batch", "1"), "by 64": ("--batch", "64", "--images-every", "16")}


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_a_killed_writer_has_lost_nothing(tmp_path: Path, chance: random.Random, batch: tuple[str, ...]) -> None:
    """Events one by one and in batches of 64: none that was acknowledged is missing, none is damaged."""
    kills = 5
    remains = killed_often(tmp_path, chance, kills, *batch)
    assert remains.acknowledged > 0
    assert remains.sound, remains
    assert remains.torn <= kills


@pytest.mark.parametrize(
    ("way", "what"), [("buffered", "lost"), ("early ack", "lost"), ("line first", "dangling")], ids=lambda value: value
)
def test_mistakes_that_a_kill_finds(tmp_path: Path, chance: random.Random, way: str, what: str) -> None:
    """The controls: the same kills find a writer that buffers, acknowledges early, or writes the line before its image.

    Most find it at once; so many tries are allowed that it never is a matter of luck.
    """
    options = ("--batch", "8", "--way", way)
    found = (killed_after(tmp_path / str(number), chance.uniform(0, 0.08), *options) for number in range(60))
    assert any(getattr(remains, what) for remains in found)


def killed_at(folder: Path, call: str, number: int, *options: str) -> tuple[int, Remains]:
    """Record 20 events and die in the `number`-th such system call; the exit code is 0 where there are not so many."""
    workload = Workload(folder, "--batches", "20", *options)
    ended = workload.run(*injecting(call, "signal=SIGKILL", number))
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode, Remains.of(workload.session, acknowledged_in(workload.ledger))


@pytest.mark.parametrize("call", CALLS)
def test_killed_in_a_system_call(tmp_path: Path, chance: random.Random, call: str) -> None:
    """Three places of each call that touches the disk, found by chance among the first twenty."""
    for number in sorted(chance.sample(range(1, 21), 3)):
        code, remains = killed_at(tmp_path / str(number), call, number)
        assert code == -signal.SIGKILL
        assert remains.sound, (number, remains)


def test_a_kill_between_line_and_image_is_found(tmp_path: Path) -> None:
    """The control: dying in the rename of an image whose line is written already leaves a line without image."""
    found = [killed_at(tmp_path / str(number), "rename", number, "--way", "line first")[1] for number in (4, 5)]
    assert sum(remains.dangling for remains in found) > 0


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("batch", BATCHES)
def test_many_kills(tmp_path: Path, chance: random.Random, batch: str, record_property: Note) -> None:
    """The same promise, 150 times for each size of batch."""
    remains = killed_often(tmp_path, chance, 150, *BATCHES[batch])
    assert remains.sound, remains
    record_property("track record", f"150 kill -9 of the writer, {batch}: {remains}")


@pytest.mark.long
@pytest.mark.parametrize("way", ["buffered", "early ack", "line first"])
def test_what_many_kills_do_to_mistakes(tmp_path: Path, chance: random.Random, way: str, record_property: Note) -> None:
    """The control of the track record: 20 kills of each wrong writer."""
    remains = killed_often(tmp_path, chance, 20, "--batch", "8", "--way", way)
    assert not remains.sound
    record_property("track record", f"20 kill -9 of a writer with a mistake ({way}): {remains}")


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("call", CALLS)
def test_killed_in_every_system_call(tmp_path: Path, call: str, record_property: Note) -> None:
    """Every place of each call that touches the disk, until there is none left."""
    number, code, total = 0, -signal.SIGKILL, Remains()
    while code:
        number += 1
        code, remains = killed_at(tmp_path / str(number), call, number)
        assert remains.sound, (number, remains)
        total += remains
    assert number > 20
    assert remains.acknowledged == 20
    record_property("track record", f"{number - 1} kills, one in each {call}() of a recording: {total}")
