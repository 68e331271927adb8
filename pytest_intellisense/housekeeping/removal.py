"""Removing a session: at every moment it is there as a whole, or gone from sight as a whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

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
        with suppress(FileNotFoundError):  # somebody's sweep took the empty folder first
            os.rmdir(trash, dir_fd=root.fd)
    except OSError as error:
        raise _left_over(session.shown, error) from error


def remove_unless_kept(root: CaptureRoot, name: str) -> None:
    """Raises NotASession, SessionInUse, SessionKept or EnvironmentProblem, and then has removed nothing."""
    with root.claimed(name) as session:

        def may_go() -> None:
            if session.keep_reason is not None:
                raise SessionKept(f"{session.shown} is kept: {session.keep_reason}", hint="intellisense unkeep lets it go")

        remove_session(root, session, may_go)


def sweep_trash(root: CaptureRoot) -> list[EnvironmentProblem]:
    """Finish removals that were interrupted; returns why some cannot be. What is not provably a session of ours stays."""
    problems = []
    for name in root.trash():
        session_id = name.removeprefix(TRASH).partition("-")[2]
        try:
            with SessionFolder(root.fd, name, shown=root.path / name, session_id=session_id) as session:
                session.claim()
                empty_session(session.fd)
                os.rmdir(name, dir_fd=root.fd)
        except (SessionInUse, FileNotFoundError):  # somebody else is removing it, or just has
            continue
        except NotASession:
            _remove_if_empty(root, name)
        except OSError as error:
            problems.append(_left_over(root.path / name, error))
    return problems


def empty_session(fd: int) -> None:
    """Remove everything inside; the marker goes last, so that what is left of it can still be told from foreign things."""
    with os.scandir(fd) as entries:
        found = sorted(entries, key=lambda entry: entry.name == SESSION_FILE)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.name, dir_fd=fd)
        else:
            os.unlink(entry.name, dir_fd=fd)


def _left_over(shown: Path, error: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"{shown} cannot be removed: {error.strerror}",
        hint="look at the rights and the disk; what has begun to go is listed no more, and goes with the next clean",
    )


def _remove_if_empty(root: CaptureRoot, name: str) -> None:
    with suppress(OSError):
        os.rmdir(name, dir_fd=root.fd)
