"""Capture warns while there is time, and stops while its end can still be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.log_workload import OwnEvents, batch_of
from helpers.recorded_sessions import numbers_in
from helpers.small_disks import SmallDisk, small_disk

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.errors import CaptureFailed, SettingsError
from pytest_intellisense.housekeeping.disk_watch import DiskLimits, DiskWatch, Space

GB = 1_000_000_000
MB = 1_000_000


class Disk:
    """A disk of numbers, on which time passes when told."""

    def __init__(self, *, free_gb: float, free_inodes: int | None = 10_000_000, total_gb: float = 1000) -> None:
        self.now_s = 0.0
        self.free_bytes = round(free_gb * GB)
        self.free_inodes = free_inodes
        self._total_bytes = round(total_gb * GB)

    def watch(self, limits: DiskLimits | None = None) -> DiskWatch:
        return DiskWatch(Path("captures"), limits, space_at=self.space_at, now_s=lambda: self.now_s)

    def space_at(self, _path: Path) -> Space:
        total = None if self.free_inodes is None else 10_000_000
        return Space(self.free_bytes, self._total_bytes, self.free_inodes, total)


def test_enough() -> None:
    """Much is free, and nothing grows: nothing to say."""
    room = Disk(free_gb=100).watch().look()
    assert (room.level, room.sentence, room.left_s) == ("enough", "", None)


@pytest.mark.parametrize(
    ("free_gb", "inodes", "level"),
    [
        (10.1, 30_000, "enough"),
        (9.9, 30_000, "low"),
        (1.1, 30_000, "low"),
        (0.9, 30_000, "none"),
        (100, 19_999, "low"),
        (100, 1_999, "none"),
        (100, None, "enough"),
    ],
)
def test_limits(free_gb: float, inodes: int | None, level: str) -> None:
    """Bytes and inodes count, each for itself; where inodes are not counted they cannot run out."""
    assert Disk(free_gb=free_gb, free_inodes=inodes).watch().look().level == level


def test_time_left_from_the_rate_of_growth() -> None:
    """At 10 MB a second, the 39 GB above the limit last 65 minutes: no warning; at 100 MB a second it is time for one."""
    disk = Disk(free_gb=41)
    watch = disk.watch()
    for rate, level in ((10 * MB, "enough"), (100 * MB, "low")):
        for _second in range(65):
            watch.look()
            disk.now_s += 1
            disk.free_bytes -= rate
        room = watch.look()
        assert room.level == level
        assert room.growth_bytes_per_s == pytest.approx(rate, rel=0.1)
        assert room.left_s == pytest.approx((disk.free_bytes - GB) / rate, rel=0.1)
    assert "capture stops in about 5 min" in room.sentence


def test_inodes_run_out_first() -> None:
    """Many small images: the time left is that of the inodes."""
    disk = Disk(free_gb=500, free_inodes=102_000)
    watch = disk.watch()
    for _second in range(30):
        watch.look()
        disk.now_s += 1
        assert disk.free_inodes is not None
        disk.free_inodes -= 1000
        disk.free_bytes -= 4096 * 1000
    room = watch.look()
    assert room.left_s == pytest.approx(70, rel=0.1)
    assert room.level == "low"


def test_room_is_made_again() -> None:
    """A clean in between ends the warning."""
    disk = Disk(free_gb=5)
    watch = disk.watch()
    assert watch.look().level == "low"
    disk.free_bytes = 300 * GB
    disk.now_s += 10
    room = watch.look()
    assert (room.level, room.left_s) == ("enough", None)


def test_limits_with_units() -> None:
    """As people write them."""
    assert DiskLimits.of(warn="20GB", stop="500 MB") == DiskLimits(warn_bytes=20 * GB, stop_bytes=500 * MB)
    with pytest.raises(SettingsError, match="not a size: 'half'"):
        DiskLimits.of(warn="half", stop="1GB")


def test_a_place_that_cannot_be_asked(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(CaptureFailed, match="missing"):
        DiskWatch(tmp_path / "missing").look()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", size="4m") as disk:
        yield disk


def fed_until_it_stops(disk: SmallDisk, ledger: Path, watch: DiskWatch | None) -> tuple[Path, CaptureFailed]:
    """Record into the disk until that fails."""
    source = OwnEvents(ledger, early=False)
    before_write = watch.require if watch else lambda: None
    session = CaptureSession(disk / "captures", "one", source, before_write=before_write)
    session.start()
    for number in range(100_000):
        source.feed(batch_of(range(number * 20, number * 20 + 20), images_every=1))
        try:
            session.flush()
        except CaptureFailed as stopped:
            session.close()
            return session.directory, stopped
    raise AssertionError("it never stopped")


def acknowledged(ledger: Path) -> list[int]:
    return [int(line.partition("-")[0]) - 1 for line in ledger.read_text().splitlines()]


def test_capture_stops_before_a_real_disk_is_full(disk: SmallDisk, tmp_path: Path) -> None:
    """What was acknowledged is on disk, nothing is torn, session.json says that it failed, and there is still room."""
    directory, stopped = fed_until_it_stops(disk, tmp_path / "ledger", DiskWatch(disk))
    assert "capture stopped before the disk is full" in str(stopped)
    assert "make room" in stopped.hint
    assert numbers_in(directory) == acknowledged(tmp_path / "ledger")
    assert read_session(directory).facts()["state"] == "failed"
    assert Space.at(disk).free_bytes > 100_000


def test_without_the_watch_the_disk_runs_full(disk: SmallDisk, tmp_path: Path) -> None:
    """The control: unwatched, the capture cannot even write how it ended."""
    with pytest.raises(CaptureFailed, match=r"session\.json cannot be written: No space left on device"):
        fed_until_it_stops(disk, tmp_path / "ledger", None)
    assert read_session(disk / "captures" / "one").facts()["state"] == "recording"
