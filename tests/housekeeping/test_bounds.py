"""Whatever lies in the folder of recordings, and wherever that is: nothing but our own sessions is ever touched."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.recorded_sessions import DAY_S, RecordedSession, files_below, numbers_in, recorded

from pytest_intellisense.cli.main import main
from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.keeping import keep
from pytest_intellisense.housekeeping.removal import SessionKept, remove_unless_kept, sweep_trash
from pytest_intellisense.housekeeping.session_folder import NotASession, SessionInUse


@pytest.fixture
def precious(tmp_path: Path) -> Iterator[Path]:
    """A folder beside the root that must be the same after each test."""
    folder = tmp_path / "precious"
    (folder / "deep").mkdir(parents=True)
    (folder / "canary").write_text("alive")
    (folder / "deep" / "canary").write_text("alive")
    before = files_below(folder)
    yield folder
    assert files_below(folder) == before


def root_in(tmp_path: Path) -> Path:
    root = tmp_path / "captures"
    root.mkdir()
    return root


def clean_all(root: Path) -> int:
    return main(["clean", str(root), "--older-than", "0s", "--max-total", "0B", "--min-free", "1000TB", "--apply"])


def old_marker(session_id: str, **changes: object) -> str:
    return json.dumps({"format": 1, "session_id": session_id, "state": "complete", "started_epoch_ns": 1} | changes)


def test_a_link_to_everything(tmp_path: Path, precious: Path) -> None:
    """A link in the root, to the file system's root or to a session elsewhere, is no session."""
    root = root_in(tmp_path)
    elsewhere = recorded(tmp_path / "other", "elsewhere")
    (root / "everything").symlink_to("/")
    (root / "precious").symlink_to(precious)
    (root / "elsewhere").symlink_to(elsewhere)
    assert clean_all(root) == 0
    assert sorted(path.name for path in root.iterdir()) == ["elsewhere", "everything", "precious"]
    assert numbers_in(elsewhere) == list(range(10))
    for name in ("everything", "elsewhere"):
        for words in (["archive", str(root / name), "--to", str(precious)], ["compress", str(root / name)]):
            assert main(words) == 2


def test_links_inside_of_a_session(tmp_path: Path, precious: Path) -> None:
    """The session goes, and its links with it; what they lead to stays. It is not archived with links in it."""
    root = root_in(tmp_path)
    session = recorded(root, "one")
    (session / "outside").symlink_to(precious)
    (session / "images" / "everything").symlink_to("/")
    assert main(["archive", str(session), "--to", str(tmp_path)]) == 2
    assert session.exists()
    assert clean_all(root) == 0
    assert not session.exists()


@pytest.mark.parametrize(
    "marker",
    [
        None,
        "",
        "[]",
        "{}",
        old_marker("another"),
        old_marker("folder", format="x"),
        json.dumps({"session_id": "folder", "state": "complete"}),
    ],
)
def test_a_folder_without_our_marker(tmp_path: Path, marker: str | None) -> None:
    """Only a session.json of our format with this very session's name makes a folder ours."""
    root = root_in(tmp_path)
    folder = root / "folder"
    folder.mkdir()
    (folder / "canary").write_text("alive")
    if marker is not None:
        (folder / "session.json").write_text(marker)
    before = files_below(root)
    assert clean_all(root) == 0
    assert main(["compress", str(folder)]) == 2
    assert main(["archive", str(folder), "--to", str(tmp_path)]) == 2
    assert main(["keep", str(folder)]) == 2
    assert files_below(root) == before


def test_the_control_of_the_marker(tmp_path: Path) -> None:
    """With the right marker the same folder is ours, and goes."""
    root = root_in(tmp_path)
    (root / "folder").mkdir()
    (root / "folder" / "session.json").write_text(old_marker("folder"))
    clean_all(root)
    assert list(root.iterdir()) == []


def test_a_marker_that_is_no_file(tmp_path: Path, precious: Path) -> None:
    """A link or a pipe in the place of session.json is not read."""
    root = root_in(tmp_path)
    for name in ("linked", "piped"):
        (root / name).mkdir()
    (precious / "session.json").write_text(old_marker("linked"))
    (root / "linked" / "session.json").symlink_to(precious / "session.json")
    os.mkfifo(root / "piped" / "session.json")
    clean_all(root)
    assert sorted(path.name for path in root.iterdir()) == ["linked", "piped"]
    (precious / "session.json").unlink()


def test_only_directly_inside_of_the_root(tmp_path: Path) -> None:
    """A session in a folder of the root is somebody else's."""
    root = root_in(tmp_path)
    nested = recorded(root / "folder", "nested")
    clean_all(root)
    assert numbers_in(nested) == list(range(10))
    with CaptureRoot(root) as opened, pytest.raises(NotASession):
        remove_unless_kept(opened, "folder/nested")
    with CaptureRoot(root / "folder" / "nested") as opened, pytest.raises(NotASession):
        remove_unless_kept(opened, "..")


@pytest.mark.parametrize("place", ["/", "home", "above home", "link to /"])
def test_a_root_that_holds_more_than_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    """Refused before anything is looked at, even with a session of ours in it."""
    home = tmp_path / "home"
    session = recorded(home, "one", age_s=50 * DAY_S)
    above = recorded(tmp_path, "two", age_s=50 * DAY_S)
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "link").symlink_to("/")
    root = {"/": Path("/"), "home": home, "above home": tmp_path, "link to /": tmp_path / "link"}[place]
    with pytest.raises(SettingsError, match="refused"):
        CaptureRoot(root)
    assert main(["clean", str(root), "--older-than", "1s", "--apply"]) == 2
    assert "refused as a folder of sessions" in capsys.readouterr().err
    assert session.exists()
    assert above.exists()


def test_the_active_session(tmp_path: Path) -> None:
    """What is being recorded is neither removed nor archived, however old it claims to be."""
    root = root_in(tmp_path)
    with RecordedSession(root, "live", age_s=50 * DAY_S) as live:
        live.record(10)
        clean_all(root)
        assert main(["archive", str(live.directory), "--to", str(tmp_path)]) == 2
        with CaptureRoot(root) as opened, pytest.raises(SessionInUse, match="being recorded"):
            remove_unless_kept(opened, "live")
    assert numbers_in(live.directory) == list(range(10))


def test_the_control_of_the_active_session(tmp_path: Path) -> None:
    """The same session goes when its recorder is gone."""
    root = root_in(tmp_path)
    with RecordedSession(root, "live") as live:
        live.record(10)
    clean_all(root)
    assert not live.directory.exists()


def test_kept_in_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keep flag that is set while the session is being taken away brings it back."""
    root = root_in(tmp_path)
    session = recorded(root, "one")
    rename = os.rename

    def keep_then_rename(source: str, target: str, **places: int) -> None:
        monkeypatch.setattr(os, "rename", rename)
        with CaptureRoot(root) as other:
            keep(other, "one", "just in time")
        rename(source, target, **places)

    monkeypatch.setattr(os, "rename", keep_then_rename)
    with CaptureRoot(root) as opened, pytest.raises(SessionKept, match="just in time"):
        remove_unless_kept(opened, "one")
    assert numbers_in(session) == list(range(10))


def test_kept_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that a session is kept that is on its way out."""
    root = root_in(tmp_path)
    recorded(root, "one")
    is_named = "pytest_intellisense.housekeeping.session_folder.SessionFolder.is_named"
    with CaptureRoot(root) as opened:
        monkeypatch.setattr(is_named, lambda *_: False)
        with pytest.raises(SessionInUse, match="being removed"):
            keep(opened, "one", "too late")


def test_replaced_in_the_last_moment(tmp_path: Path, precious: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that takes the place of the session between look and rename is put back where it was."""
    root = root_in(tmp_path)
    recorded(root, "one")
    rename = os.rename

    def swap_then_rename(source: str, target: str, **places: int) -> None:
        monkeypatch.setattr(os, "rename", rename)
        (root / "one").rename(tmp_path / "hidden")
        precious.rename(root / "one")
        rename(source, target, **places)

    monkeypatch.setattr(os, "rename", swap_then_rename)
    with CaptureRoot(root) as opened, pytest.raises(SessionInUse, match="replaced"):
        remove_unless_kept(opened, "one")
    (root / "one").rename(precious)
    assert numbers_in(tmp_path / "hidden") == list(range(10))


def test_two_cleans_at_once(tmp_path: Path) -> None:
    """Each session is removed once, and nobody fails."""
    root = root_in(tmp_path)
    for number in range(20):
        recorded(root, f"session-{number}", segments=(2,))
    ends: list[int] = []
    cleaners = [threading.Thread(target=lambda: ends.append(clean_all(root))) for _ in range(4)]
    for cleaner in cleaners:
        cleaner.start()
    for cleaner in cleaners:
        cleaner.join(30)
    assert ends == [0, 0, 0, 0]
    assert list(root.iterdir()) == []


def test_trash_that_is_not_ours(tmp_path: Path, precious: Path) -> None:
    """A folder that only looks like our trash stays."""
    root = root_in(tmp_path)
    looks = root / ".intellisense-trash-12345678-one"
    looks.mkdir()
    (looks / "canary").write_text("alive")
    (root / ".intellisense-trash-87654321-two").symlink_to(precious)
    with CaptureRoot(root) as opened:
        assert sweep_trash(opened) == []
    assert (looks / "canary").read_text() == "alive"


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    """A message, not a traceback."""
    with pytest.raises(EnvironmentProblem, match="cannot be opened"):
        CaptureRoot(tmp_path / "missing")
