"""Removing a session: at every moment it is there as a whole, or gone from sight as a whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable

from pytest_intellisense.capture.paths import SESSION_FILE
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.housekeeping.capture_root import TRASH, CaptureRoot
from pytest_intellisense.housekeeping.session_folder import NotASession, SessionFolder, SessionInUse


class SessionKept(EnvironmentProblem):
    """A session with a keep flag is not removed."""


def remove_session(root: CaptureRoot, session: SessionFolder, may_go: Callable[[], None]) -> None:
    """Remove a claimed session. `may_go` raises what speaks against it; its last word is asked when nobody finds it any more.

    A crash leaves the session whole under its name, or as trash that `sweep_trash` removes. Raises EnvironmentProblem.
    """
    may_go()
    trash = f"{TRASH}{secrets.token_hex(4)}-{session.name}"
    try:
        os.rename(session.name, trash, src_dir_fd=root.fd, dst_dir_fd=root.fd)
        try:
            if not session.is_named(trash, root.fd):
                raise SessionInUse(f"{session.shown} was replaced by somebody else", hint="look again")
            may_go()
        except BaseException:
            os.rename(trash, session.name, src_dir_fd=root.fd, dst_dir_fd=root.fd)
            raise
        os.fsync(root.fd)  # its name must not come back when half of it is gone
        empty_session(session.fd)
        os.rmdir(trash, dir_fd=root.fd)
    except OSError as error:
        raise EnvironmentProblem(
            f"{session.shown} cannot be removed: {error.strerror}",
            hint="look at the rights and the disk; what has begun to go is listed no more, and goes with the next clean",
        ) from error


def remove_unless_kept(root: CaptureRoot, name: str) -> None:
    """Raises NotASession, SessionInUse, SessionKept or EnvironmentProblem, and then has removed nothing."""
    with root.claimed(name) as session:

        def may_go() -> None:
            if session.keep_reason is not None:
                raise SessionKept(f"{session.shown} is kept: {session.keep_reason}", hint="intellisense unkeep lets it go")

        remove_session(root, session, may_go)


def sweep_trash(root: CaptureRoot) -> int:
    """Finish removals that were interrupted; returns how many. What is not provably a session of ours stays."""
    swept = 0
    for name in root.trash():
        session_id = name.removeprefix(TRASH).partition("-")[2]
        try:
            with SessionFolder(root.fd, name, shown=root.path / name, session_id=session_id) as session:
                session.claim()
                empty_session(session.fd)
                os.rmdir(name, dir_fd=root.fd)
                swept += 1
        except (SessionInUse, FileNotFoundError):  # somebody else is removing it, or just has
            continue
        except NotASession:
            swept += _removed_if_empty(root, name)
    return swept


def empty_session(fd: int) -> None:
    """Remove everything inside; the marker goes last, so that what is left of it can still be told from foreign things."""
    with os.scandir(fd) as entries:
        found = sorted(entries, key=lambda entry: entry.name == SESSION_FILE)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.name, dir_fd=fd)
        else:
            os.unlink(entry.name, dir_fd=fd)


def _removed_if_empty(root: CaptureRoot, name: str) -> int:
    try:
        os.rmdir(name, dir_fd=root.fd)
    except OSError:
        return 0
    return 1
