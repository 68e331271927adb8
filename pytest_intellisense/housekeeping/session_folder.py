"""SessionFolder: the directory of one recorded session, proved to be one and held open."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pytest_intellisense.capture.paths import LOG_FILES, SESSION_FILE
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.housekeeping.descriptors import chunks_of, directory, file_to_read, names_in, open_directory

KEEP_FILE = "keep"
_MOST_MARKER_BYTES = 16 * 1024 * 1024


class NotASession(EnvironmentProblem):
    """A directory that was not made by a recording of ours, or is none at all; nothing of ours touches it."""


class SessionGone(NotASession):
    """There is no directory of that name, or not any more."""


class SessionInUse(EnvironmentProblem):
    """A session that is being recorded, or that another housekeeping command holds."""


class SessionFolder:
    """A directory directly inside a capture root whose session.json is of our format and names `session_id`.

    It is held by its descriptor: whatever happens to names and links meanwhile, `fd` stays this directory.
    A context manager; raises NotASession.
    """

    def __init__(self, root_fd: int, name: str, *, shown: Path, session_id: str | None = None) -> None:
        self.name = name
        self.shown = shown
        try:
            self.fd = open_directory(name, root_fd)
        except FileNotFoundError:
            raise SessionGone(f"there is no {shown}", hint="intellisense sessions shows those that are there") from None
        except OSError as error:
            raise NotASession(f"{shown} is not a directory that can be opened: {error.strerror}") from None
        try:
            self.facts = _marker(self.fd, session_id or name, shown)
        except BaseException:
            os.close(self.fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        os.close(self.fd)

    def claim(self) -> None:
        """Hold the lock that a recorder holds while it records, until this is closed. Raises SessionInUse."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SessionInUse(
                f"{self.shown} is in use: it is being recorded, or another command works on it",
                hint="end the recording, or wait for the other command",
            ) from None

    @property
    def in_use(self) -> bool:
        """Whether somebody else holds the lock at this moment."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        return False

    @property
    def keep_reason(self) -> str | None:
        """Why retention must leave it alone; None: it may go."""
        try:
            with file_to_read(KEEP_FILE, self.fd) as file:
                return os.read(file, 1000).decode(errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError:
            return "its keep flag cannot be read"

    def is_named(self, name: str, root_fd: int) -> bool:
        """Whether `name` inside the root is this very directory."""
        try:
            found = os.stat(name, dir_fd=root_fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self.fd))

    def size_bytes(self) -> int:
        """What it takes on the disk. Files that go away meanwhile take nothing: a recorder renames some all the time."""
        total = 0
        for _, directories, files, folder in os.fwalk(".", dir_fd=self.fd, follow_symlinks=False):
            for name in (*directories, *files):
                with suppress(FileNotFoundError):
                    total += os.stat(name, dir_fd=folder, follow_symlinks=False).st_blocks * 512
        return total


def has_session_files(name: str, root_fd: int) -> bool:
    """Whether it is a directory with the files of a recorded session, whatever is wrong with them."""
    try:
        with directory(name, root_fd) as fd:
            return not {SESSION_FILE, *LOG_FILES}.isdisjoint(names_in(fd))
    except OSError:
        return False


def _marker(fd: int, session_id: str, shown: Path) -> dict[str, Any]:
    try:
        with file_to_read(SESSION_FILE, fd) as file:
            state = os.fstat(file)
            if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_MARKER_BYTES:
                raise NotASession(f"{shown} is not a recorded session: its {SESSION_FILE} is not a file of ours")
            facts = json.loads(b"".join(chunks_of(file)))
    except OSError:
        raise NotASession(f"{shown} is not a recorded session: it has no {SESSION_FILE}") from None
    except ValueError:
        raise NotASession(f"{shown} is not a recorded session: its {SESSION_FILE} is not JSON") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int) or "started_epoch_ns" not in facts:
        raise NotASession(f"{shown} is not a recorded session: its {SESSION_FILE} is not of our format")
    if facts.get("session_id") != session_id:
        raise NotASession(
            f"{shown} is not a recorded session: its {SESSION_FILE} is that of {facts.get('session_id')!r}",
            hint="a session keeps the name it was recorded under; nothing of another name is touched",
        )
    return facts
