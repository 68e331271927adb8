"""A system call on the disk fails: the recording stops with path and error, and nothing that is not on disk is acknowledged."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.remains import Remains, acknowledged_in
from helpers.syscall_trace import calls_in, recording_strace
from helpers.workload_runs import Workload, injecting

pytestmark = pytest.mark.timeout(60)

BATCHES = 12
FAULTS = {
    "full": ("write", "error=ENOSPC", r"No space left on device \(ENOSPC\)"),
    "short": ("write", "retval=5", r"it has \d+ bytes and should have \d+ \(EIO\)"),
    "line not synced": ("fdatasync", "error=EIO", r"Input/output error \(EIO\)"),
    "image not synced": ("fsync", "error=EIO", r"Input/output error \(EIO\)"),
    "image not renamed": ("rename", "error=EDQUOT", r"Disk quota exceeded \(EDQUOT\)"),
}


class Ended:
    """A recording of twelve events that met a fault at the `number`-th such call."""

    def __init__(self, folder: Path, call: str, fault: str, number: int, *options: str) -> None:
        workload = Workload(folder, "--batches", str(BATCHES), *options)
        ended = workload.run(*injecting(call, fault, number))
        self.met_the_fault = ended.returncode != 0
        self.said = ended.stderr
        self.remains = Remains.of(workload.session, acknowledged_in(workload.ledger))


@pytest.mark.parametrize(("call", "fault", "message"), FAULTS.values(), ids=FAULTS)
def test_a_failing_disk_stops_the_recording(tmp_path: Path, chance: random.Random, call: str, fault: str, message: str) -> None:
    """Two places by chance: the message has path and error, and what was acknowledged is there, whole, with its images."""
    for number in sorted(chance.sample(range(1, 11), 2)):
        ended = Ended(tmp_path / str(number), call, fault, number)
        assert ended.met_the_fault
        assert re.search(rf"DiskProblem: capture stopped: {tmp_path}\S+ cannot be written: {message}", ended.said), ended.said
        assert ended.remains.sound, (number, ended.remains)


def test_a_sound_disk_is_no_fault(tmp_path: Path) -> None:
    """The control of the errors: where the fault comes after the last call everything is recorded and acknowledged."""
    ended = Ended(tmp_path, "write", "error=ENOSPC", 10_000)
    assert not ended.met_the_fault
    assert ended.remains == Remains(acknowledged=BATCHES)


def test_a_careless_write_is_found(tmp_path: Path) -> None:
    """The control: who ignores what a write reports loses the rest of a line without a word."""
    ended = [Ended(tmp_path / str(n), "write", "retval=5", n, "--way", "unchecked short write") for n in (5, 6)]
    assert not any(one.met_the_fault for one in ended)
    assert any(not one.remains.sound for one in ended)


def test_acknowledging_early_is_found(tmp_path: Path) -> None:
    """The control: who acknowledges first loses what the disk refuses."""
    assert Ended(tmp_path, "fdatasync", "error=EIO", 3, "--way", "early ack").remains.acknowledged == 3
    assert Ended(tmp_path / "line", "write", "error=ENOSPC", 7, "--way", "early ack").remains.lost == 1


def syncs_after_a_failure(folder: Path, way: str) -> int:
    """How often a file was synced again whose sync had failed."""
    trace = folder / "trace"
    Workload(folder / "run", "--batches", "6", "--way", way).run(
        *recording_strace(trace), "-e", "inject=fdatasync:error=EIO:when=3"
    )
    syncs = [call for call in calls_in(trace) if call.name in ("fsync", "fdatasync")]
    (failed,) = (number for number, call in enumerate(syncs) if call.result < 0)
    return sum(1 for call in syncs[failed + 1 :] if call.name == "fdatasync" and call.descriptor == syncs[failed].descriptor)


@pytest.mark.parametrize(("way", "repeated"), [("sound", False), ("sync tried again", True)])
def test_a_failed_sync_is_never_repeated(tmp_path: Path, way: str, repeated: bool) -> None:
    """The second try would report success for data that the kernel has dropped; the control repeats it and is seen."""
    assert (syncs_after_a_failure(tmp_path, way) > 0) is repeated


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", FAULTS)
def test_every_call_fails_once(tmp_path: Path, kind: str, record_property: Callable[[str, str], None]) -> None:
    """The first call, the second, and so on until there is none left."""
    call, fault, message = FAULTS[kind]
    number, met, total = 0, True, Remains()
    while met:
        number += 1
        ended = Ended(tmp_path / str(number), call, fault, number)
        met = ended.met_the_fault
        assert re.search(message, ended.said) or not met, (number, ended.said)
        assert ended.remains.sound, (number, ended.remains)
        total += ended.remains
    assert number > BATCHES
    assert ended.remains == Remains(acknowledged=BATCHES)
    record_property("track record", f"{number - 1} disk errors ({kind}), one in each {call}() of a recording: {total}")
