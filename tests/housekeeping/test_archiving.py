"""A session moves to another folder or disk, compared by hash, and is never in fewer than one place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.recorded_sessions import files_below, numbers_in, recorded
from helpers.small_disks import small_disk

from pytest_intellisense.cli.main import main
from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.housekeeping.archive import Archived, archive_session
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.session_folder import SessionInUse


def archive(directory: Path, folder: Path) -> Archived:
    with CaptureRoot(directory.parent) as root:
        return archive_session(root, directory.name, folder)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def test_to_another_folder(tmp_path: Path, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every byte, name and time is there, and nothing is left here."""
    directory = recorded(tmp_path / "captures", "one", segments=(10, 10))
    before = files_below(directory)
    written_ns = (directory / "image.jsonl").stat().st_mtime_ns
    assert main(["archive", str(directory), "--to", str(shelf)]) == 0
    assert files_below(shelf / "one") == before
    assert (shelf / "one" / "image.jsonl").stat().st_mtime_ns == written_ns
    assert numbers_in(shelf / "one") == list(range(20))
    assert list((tmp_path / "captures").iterdir()) == []
    assert f"{len(before)} files" in capsys.readouterr().out


def test_to_another_file_system(tmp_path: Path) -> None:
    """Where a rename is impossible it is the same."""
    with small_disk(tmp_path / "disk", size="2m") as disk:
        directory = recorded(tmp_path / "captures", "one")
        assert directory.stat().st_dev != disk.stat().st_dev
        archive(directory, disk)
        assert numbers_in(disk / "one") == list(range(10))
        assert not directory.exists()


@pytest.mark.parametrize("full_of", ["bytes", "inodes"])
def test_no_room_in_the_archive(tmp_path: Path, full_of: str) -> None:
    """The archive is full: the session is where it was, and no half copy lies about."""
    with small_disk(tmp_path / "disk", size="1m", inodes=12) as disk:
        directory = recorded(tmp_path / "captures", "one")
        before = files_below(directory)
        if full_of == "bytes":
            disk.fill("bytes")
        fillers = len(list(disk.iterdir()))
        with pytest.raises(EnvironmentProblem, match="No space left on device" if full_of == "inodes" else "0 B are free"):
            archive(directory, disk)
        assert files_below(directory) == before
        assert len(list(disk.iterdir())) == fillers


def test_with_room_it_is_moved(tmp_path: Path) -> None:
    """The control of the full archive: with a few inodes more the same session goes."""
    with small_disk(tmp_path / "disk", size="1m", inodes=40) as disk:
        directory = recorded(tmp_path / "captures", "one")
        archive(directory, disk)
        assert not directory.exists()


def test_a_disk_that_is_not_mounted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that does not exist is not made: it would fill this disk in the place of the other."""
    directory = recorded(tmp_path / "captures", "one")
    assert main(["archive", str(directory), "--to", str(tmp_path / "mnt")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert numbers_in(directory) == list(range(10))


def test_into_itself(tmp_path: Path) -> None:
    """An archive inside of the recordings is none."""
    directory = recorded(tmp_path / "captures", "one")
    for folder in (directory.parent, directory, directory / "images"):
        with pytest.raises(SettingsError, match="inside"):
            archive(directory, folder)
    assert numbers_in(directory) == list(range(10))


def test_something_else_has_its_name(tmp_path: Path, shelf: Path) -> None:
    """Another session of that name in the archive is not overwritten, and not taken for a copy."""
    directory = recorded(tmp_path / "captures", "one")
    recorded(shelf, "one", segments=(3,))
    with pytest.raises(EnvironmentProblem, match="not the same"):
        archive(directory, shelf)
    assert numbers_in(directory) == list(range(10))
    assert numbers_in(shelf / "one") == list(range(3))


def test_a_copy_that_was_spoiled(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not read back as it was written is no archive: the original stays, the copy goes."""
    directory = recorded(tmp_path / "captures", "one")
    pwrite, fsync = os.pwrite, os.fsync

    def spoil_then_sync(file: int) -> None:
        if Path(f"/proc/self/fd/{file}").readlink().name == "image.jsonl":
            pwrite(file, b"\0", 20)
        fsync(file)

    monkeypatch.setattr(os, "fsync", spoil_then_sync)
    with pytest.raises(EnvironmentProblem, match="does not read back"):
        archive(directory, shelf)
    assert numbers_in(directory) == list(range(10))
    assert list(shelf.iterdir()) == []


def test_changed_while_it_was_archived(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes into the session meanwhile: it stays, and the message says what to do."""
    directory = recorded(tmp_path / "captures", "one")
    rename = os.rename

    def write_then_rename(source: str, target: str, **places: int) -> None:
        (directory / "note.txt").write_text("written in the last moment")
        monkeypatch.setattr(os, "rename", rename)
        rename(source, target, **places)

    monkeypatch.setattr(os, "rename", write_then_rename)
    with pytest.raises(SessionInUse, match="changed while it was archived"):
        archive(directory, shelf)
    assert (directory / "note.txt").exists()
    assert numbers_in(directory) == list(range(10))


def test_a_kept_session_stays_kept(tmp_path: Path, shelf: Path) -> None:
    """The flag goes with it: retention of the archive leaves it alone too."""
    directory = recorded(tmp_path / "captures", "one")
    main(["keep", str(directory), "--because", "a baseline"])
    archive(directory, shelf)
    main(["clean", str(shelf), "--max-total", "0B", "--apply"])
    assert numbers_in(shelf / "one") == list(range(10))


def test_compressed_and_archived(tmp_path: Path, shelf: Path) -> None:
    """The one does not hinder the other."""
    directory = recorded(tmp_path / "captures", "one", segments=(30, 30))
    main(["compress", str(directory)])
    archive(directory, shelf)
    assert numbers_in(shelf / "one") == list(range(60))
