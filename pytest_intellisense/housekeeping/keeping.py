"""The keep flag: a file in the session, so that it goes where the session goes and a recorder never overwrites it."""

from __future__ import annotations

import os

from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.descriptors import file_to_write, write_all
from pytest_intellisense.housekeeping.session_folder import KEEP_FILE, SessionFolder, SessionInUse


def keep(root: CaptureRoot, name: str, reason: str) -> None:
    """Protect a session, also one that is being recorded. Raises NotASession, SessionInUse, EnvironmentProblem."""
    with root.session(name) as session:
        try:
            with file_to_write(KEEP_FILE, session.fd) as file:
                write_all(file, f"{reason}\n".encode())
                os.fsync(file)
            os.fsync(session.fd)
        except OSError as error:
            raise _unwritable(session, error) from error
        if not session.is_named(name, root.fd):
            raise SessionInUse(f"{session.shown} is being removed by another command", hint="it may be too late: look again")


def unkeep(root: CaptureRoot, name: str) -> bool:
    """Let retention have it again; returns whether it was kept. Raises NotASession, EnvironmentProblem."""
    with root.session(name) as session:
        try:
            os.unlink(KEEP_FILE, dir_fd=session.fd)
            os.fsync(session.fd)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unwritable(session, error) from error
        return True


def _unwritable(session: SessionFolder, error: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(f"the keep flag of {session.shown} cannot be changed: {error.strerror}")
