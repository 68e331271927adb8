"""Archive: a session moves to another folder, on another disk if need be, and is never in fewer than one place."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.copying import Inventory, copy_tree, inventory, same_content
from pytest_intellisense.housekeeping.descriptors import directory, names_in
from pytest_intellisense.housekeeping.disk_watch import Space
from pytest_intellisense.housekeeping.removal import empty_session, remove_session
from pytest_intellisense.housekeeping.session_folder import NotASession, SessionFolder, SessionInUse
from pytest_intellisense.housekeeping.units import size_text

_INCOMING = ".intellisense-incoming-"


@dataclass(frozen=True, slots=True)
class Archived:
    """Where the session is now, and what it holds."""

    directory: Path
    files: int
    size_bytes: int


def archive_session(root: CaptureRoot, name: str, folder: Path) -> Archived:
    """Copy the session into `folder`, sync, compare, and only then remove it here. A second call ends what a crash interrupted.

    Raises SettingsError for a folder that cannot take it, NotASession, SessionInUse, EnvironmentProblem; nothing is lost then.
    """
    with root.claimed(name) as session, _target(folder, root) as target:
        try:
            files = inventory(session.fd)
            size_bytes = sum(size for size, _ in files.values())
            if not _is_there(session, target):
                _make_room(session, target, size_bytes)
                _copy(session, target)
        except OSError as error:
            raise EnvironmentProblem(
                f"{session.shown} cannot be archived in {target.path}: {error.strerror} ({error.filename or name})",
                hint="it is still where it was; make room or repair the disk, then archive again",
            ) from error
        remove_session(root, session, lambda: _unchanged(session, files))
        return Archived(target.path / name, len(files), size_bytes)


def _target(folder: Path, root: CaptureRoot) -> CaptureRoot:
    if not folder.is_dir():
        raise SettingsError(
            f"{folder} is not a folder", hint="make it first; an archive disk that is not mounted must not become a folder here"
        )
    if folder.resolve().is_relative_to(root.path):
        raise SettingsError(f"{folder} is inside of {root.path}", hint="archive to a folder elsewhere, best on another disk")
    return CaptureRoot(folder)


def _is_there(session: SessionFolder, target: CaptureRoot) -> bool:
    """Whether an earlier call has copied it. Raises EnvironmentProblem if something else has its name."""
    if session.name not in names_in(target.fd):
        return False
    try:
        with target.session(session.name) as copy:
            if same_content(session.fd, copy.fd):
                return True
    except NotASession:
        pass
    raise EnvironmentProblem(
        f"{target.path / session.name} exists and is not the same as {session.shown}",
        hint="compare them; move one of them away, or archive to another folder",
    )


def _make_room(session: SessionFolder, target: CaptureRoot, size_bytes: int) -> None:
    _remove_leftover(session, target)
    free_bytes = Space.at(target.path).free_bytes
    if free_bytes < size_bytes:
        raise EnvironmentProblem(
            f"{session.shown} takes {size_text(size_bytes)}, and {size_text(free_bytes)} are free at {target.path}",
            hint="make room there, or compress the session first",
        )


def _copy(session: SessionFolder, target: CaptureRoot) -> None:
    incoming = _INCOMING + session.name
    os.mkdir(incoming, dir_fd=target.fd)
    try:
        with directory(incoming, target.fd) as fd:
            copy_tree(session.fd, fd)
    except BaseException:
        with suppress(OSError):  # the first problem is the one to tell
            _remove_leftover(session, target)
        raise
    os.rename(incoming, session.name, src_dir_fd=target.fd, dst_dir_fd=target.fd)
    os.fsync(target.fd)


def _remove_leftover(session: SessionFolder, target: CaptureRoot) -> None:
    """What an interrupted copy of this very session left; its name is proof, its session.json may be half."""
    incoming = _INCOMING + session.name
    if incoming in names_in(target.fd):
        with directory(incoming, target.fd) as fd:
            empty_session(fd)
        os.rmdir(incoming, dir_fd=target.fd)


def _unchanged(session: SessionFolder, files: Inventory) -> None:
    if inventory(session.fd) != files:
        raise SessionInUse(f"{session.shown} was changed while it was archived", hint="it is still here: archive it again")
