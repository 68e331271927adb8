"""Nothing is removed while what stands for it could still be taken back by a power loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import crash_points
from helpers.recorded_sessions import recorded
from helpers.unsynced import Unsynced


def place_with_a_session(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    recorded(tmp_path / "captures", "one", segments=(5, 5))
    return tmp_path


def test_compressing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compressed log and its name are on disk before each log is removed."""
    place = place_with_a_session(tmp_path)
    unsynced = Unsynced(monkeypatch)
    crash_points.compress(place)
    assert unsynced.at_removal == [set(), set()]


def test_archiving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file, folder and name of the copy is on disk before the session is taken away; that too, before its files go."""
    place = place_with_a_session(tmp_path)
    unsynced = Unsynced(monkeypatch)
    crash_points.archive(place)
    taken_away, first_file_removed, *_ = unsynced.at_removal
    assert (taken_away, first_file_removed) == (set(), set())


def test_removing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the session is out of sight is on disk before the first of its files goes."""
    place = place_with_a_session(tmp_path)
    unsynced = Unsynced(monkeypatch)
    crash_points.remove(place)
    _taken_away, first_file_removed, *_ = unsynced.at_removal
    assert first_file_removed == set()


@pytest.mark.parametrize("way", [crash_points.compress, crash_points.archive])
def test_names_that_are_not_synced_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: object) -> None:
    """The control: with a sync that does not reach folders, names of new files hang in the air."""
    place = place_with_a_session(tmp_path)
    unsynced = Unsynced(monkeypatch, folders_are_synced=False)
    assert callable(way)
    way(place)
    assert unsynced.at_removal[0] != set()
