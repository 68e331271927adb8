"""kill -9, a full disk or a broken one at every single step of compressing, removing and archiving: no session is ever half."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import crash_points
from helpers.recorded_sessions import numbers_in, recorded
from helpers.workload_runs import environment

from pytest_intellisense.cli.main import main
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.removal import sweep_trash

ALL = list(range(sum(crash_points.SEGMENTS)))


def interrupted(way: str, fault: str, folder: Path) -> Iterator[Path]:
    """The remains of one run for every step at which it can end."""
    command = [sys.executable, "-m", "helpers.crash_points", way, str(folder), fault]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    places = sorted(folder.glob("at-*"), key=lambda place: int(place.name[3:]))
    assert len(places) > 5, "the fault was hardly ever met"
    return iter(places)


def is_whole_where_it_is_seen(place: Path) -> bool:
    """Every session that a user can see is complete."""
    return all(_is_whole(root / "one") for root in (place / "captures", place / "archive") if (root / "one").exists())


def _is_whole(session: Path) -> bool:
    try:
        return numbers_in(session) == ALL and len(list((session / "images").iterdir())) == len(ALL)
    except Exception:  # noqa: BLE001 - unreadable in any way
        return False


def is_somewhere(place: Path) -> bool:
    return (place / "captures" / "one").exists() or (place / "archive" / "one").exists()


def failing(way: str, fault: str, folder: Path, check: Callable[[Path], bool]) -> list[str]:
    return [place.name for place in interrupted(way, fault, folder) if not check(place)]


FAULTS = ["kill", "ENOSPC", pytest.param("EIO", marks=pytest.mark.long)]


@pytest.mark.parametrize("fault", FAULTS)
def test_compressing(tmp_path: Path, fault: str) -> None:
    """The session can be read at every step, and compressing again completes it."""
    for place in interrupted("compress", fault, tmp_path):
        assert is_somewhere(place)
        assert is_whole_where_it_is_seen(place), place.name
        crash_points.compress(place)
        assert is_whole_where_it_is_seen(place), place.name
        logs = [path.name for path in (place / "captures" / "one").rglob("*jsonl*")]
        assert logs == ["image.jsonl.zst", "image.jsonl.zst"]


@pytest.mark.parametrize("fault", ["kill", *(pytest.param(fault, marks=pytest.mark.long) for fault in ("ENOSPC", "EIO"))])
def test_archiving(tmp_path: Path, fault: str) -> None:
    """The session is whole in at least one place at every step, and archiving again leaves it in the archive alone."""
    for place in interrupted("archive", fault, tmp_path):
        assert is_somewhere(place), place.name
        assert is_whole_where_it_is_seen(place), place.name
        if (place / "captures" / "one").exists():
            crash_points.archive(place)
        assert _is_whole(place / "archive" / "one"), place.name
        assert [path.name for path in (place / "archive").iterdir()] == ["one"]
        assert not (place / "captures" / "one").exists()


@pytest.mark.parametrize("fault", FAULTS)
def test_removing(tmp_path: Path, fault: str) -> None:
    """The session is there as a whole or not to be seen, and the next clean takes the rest."""
    for place in interrupted("remove", fault, tmp_path):
        assert is_whole_where_it_is_seen(place), place.name
        with CaptureRoot(place / "captures") as root:
            sweep_trash(root)
        assert is_whole_where_it_is_seen(place), place.name
        assert [path.name for path in (place / "captures").iterdir()] in ([], ["one"])


@pytest.mark.parametrize("way", ["compress, unlink first", "remove in place", "archive in place"])
def test_ways_that_would_lose(tmp_path: Path, way: str) -> None:
    """The control: these checks find a housekeeper that removes first, or works where everybody looks."""
    assert failing(way, "kill", tmp_path, is_whole_where_it_is_seen) != []


def test_a_disk_error_is_told(tmp_path: Path) -> None:
    """Every step that fails is told, with the error."""
    for way in ("compress", "archive", "remove"):
        *met, _unharmed = interrupted(way, "EIO", tmp_path / way.partition(" ")[0])
        assert [place.name for place in met if "Input/output error" not in (place / "said").read_text()] == []


@pytest.mark.parametrize("failing_call", ["rename", "unlink", "rmdir"])
def test_what_is_left_over_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing_call: str
) -> None:
    """clean ends with 3, also at the next try, and the other session is gone; the control: a sound disk, and it ends with 0."""
    broken, other = recorded(tmp_path, "broken"), recorded(tmp_path, "other")
    broken_inode, call = broken.stat().st_ino, getattr(os, failing_call)

    def refuse(name: str, *target: str, **folders: int) -> None:
        folder = folders.get("dir_fd", folders.get("src_dir_fd"))
        touched = (os.stat(name, dir_fd=folder), os.fstat(folder if folder is not None else 0))
        if broken_inode in (found.st_ino for found in touched):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        call(name, *target, **folders)

    clean = ["clean", str(tmp_path), "--older-than", "0s", "--apply"]
    with monkeypatch.context() as disk:
        disk.setattr(os, failing_call, refuse)
        for _ in range(2):
            assert main(clean) == 3
            assert "cannot be removed: Input/output error" in capsys.readouterr().err
    assert not other.exists()
    assert main(clean) == 0
    assert list(tmp_path.iterdir()) == []
