"""The power fails between any two system calls: strict loses nothing that was acknowledged, relaxed at most its last second.

A real recording is run once under strace; what a power loss would leave is then worked out for every moment of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from helpers.power_loss import ForgetfulDisk, Moment, moments
from helpers.remains import Remains
from helpers.syscall_trace import calls_in, recording_strace
from helpers.workload_runs import Workload

from pytest_intellisense.capture.writer import RELAXED_SYNC_S

pytestmark = pytest.mark.timeout(60)

TRACING_SLOWS_S = 1.0


def traced(folder: Path, *options: str, faults: Sequence[str] = ()) -> Iterator[tuple[Moment, ForgetfulDisk]]:
    """Record under strace, then stop at each moment of the recording with the disk as it was then."""
    workload, trace = Workload(folder / "run", *options), folder / "trace"
    ended = workload.run(*recording_strace(trace), *faults)
    assert ended.returncode == 0 or faults, ended.stderr
    disk = ForgetfulDisk(workload.folder)
    return ((moment, disk) for moment in moments(calls_in(trace), disk, workload.ledger))


def left(folder: Path, disk: ForgetfulDisk, acknowledged: Sequence[str], chance: random.Random | None = None) -> Remains:
    """What the power loss leaves, put into `folder` and read."""
    disk.after(folder, chance)
    return Remains.of(folder / "captures" / "session", acknowledged)


def worst(folder: Path, *options: str, chance: random.Random | None = None, faults: Sequence[str] = ()) -> Remains:
    """The sum over all moments."""
    found = Remains()
    for number, (moment, disk) in enumerate(traced(folder, *options, faults=faults)):
        remains = left(folder / f"after-{number}", disk, list(moment.acknowledged), chance)
        assert remains.torn <= 1
        found += remains
    return found


SHAPES = {"in one piece": (), "in segments": ("--segment-bytes", "3000")}


@pytest.mark.parametrize("shape", SHAPES)
def test_strict_loses_nothing(tmp_path: Path, shape: str, record_property: Callable[[str, str], None]) -> None:
    """Whatever was not synced is gone, names of files and folders too; 8 events with their images, every moment."""
    remains = worst(tmp_path, "--batches", "8", *SHAPES[shape])
    assert remains.acknowledged > 8 * 20
    assert remains.sound, remains
    record_property("track record", f"power lost before each system call of a recording of 8 events {shape}: {remains}")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_strict_loses_nothing_by_chance(tmp_path: Path, chance: random.Random, shape: tuple[str, ...]) -> None:
    """Of what was not synced any part has survived, in pieces, with zeros in the place of the rest."""
    remains = worst(tmp_path, "--batches", "8", "--batch", "3", *shape, chance=chance)
    assert remains.acknowledged > 8 * 20
    assert (remains.lost, remains.dangling) == (0, 0), remains


@pytest.mark.parametrize("way", ["no sync", "no directory sync", "early ack"])
def test_mistakes_that_a_power_loss_finds(tmp_path: Path, way: str) -> None:
    """The controls: a writer that does not sync, one that does not sync names, one that acknowledges first."""
    assert worst(tmp_path, "--batches", "4", "--way", way).lost > 0


def test_a_line_before_its_image_is_found(tmp_path: Path) -> None:
    """The control of the images: between the sync of the line and that of the image the line stands alone."""
    assert worst(tmp_path, "--batches", "4", "--way", "line first").dangling > 0


@pytest.mark.parametrize(("way", "lost"), [("sound", False), ("sync tried again", True)])
def test_a_sync_that_failed_counts(tmp_path: Path, way: str, lost: bool) -> None:
    """A disk that fails one sync has dropped the data; a recorder that tries again (the control) believes it is there."""
    faults = ("-e", "inject=fdatasync:error=EIO:when=3")
    assert (worst(tmp_path, "--batches", "6", "--way", way, faults=faults).lost > 0) is lost


def lost_too_late(folder: Path, *options: str) -> int:
    """How many entries a relaxed recording loses that were acknowledged longer ago than it promises, at its worst moment."""
    most = 0
    for number, (moment, disk) in enumerate(traced(folder, "--durability", "relaxed", *options)):
        promised_s = moment.at_s - RELAXED_SYNC_S - TRACING_SLOWS_S
        old = [entry_id for entry_id, at_s in moment.acknowledged.items() if at_s < promised_s]
        most = max(most, left(folder / f"after-{number}", disk, old).lost)
    return most


RELAXED = {
    "events all the time": ("--batches", "15", "--pause", "0.2"),
    "silence after the last event": ("--batches", "3", "--idle", "2.8"),
}


@pytest.mark.parametrize("options", RELAXED.values(), ids=RELAXED)
def test_relaxed_loses_a_second_at_most(tmp_path: Path, options: tuple[str, ...]) -> None:
    """What was acknowledged more than a second before the power failed is there, also when nothing followed it."""
    assert lost_too_late(tmp_path, *options) == 0


def test_relaxed_without_a_sync_is_found(tmp_path: Path) -> None:
    """The control: without the sync of each second more is lost."""
    assert lost_too_late(tmp_path, *RELAXED["events all the time"], "--way", "no sync") > 0
