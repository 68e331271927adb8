"""CaptureRoot: the folder that sessions lie in. Nothing outside of it, and nothing in it that is no session, is ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pytest_intellisense.capture.facts import FORMAT
from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.housekeeping.descriptors import names_in
from pytest_intellisense.housekeeping.session_folder import NotASession, SessionFolder, SessionInUse, has_session_files

TRASH = ".intellisense-trash-"
_UNENDED = ("scheduled", "recording")


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One session as retention sees it.

    `state`: scheduled, recording, complete, failed or killed; `written_epoch_ns` is its last sign of life.
    """

    session_id: str
    state: str
    in_use: bool
    keep_reason: str | None
    written_epoch_ns: int
    size_bytes: int
    format: int = FORMAT

    @classmethod
    def of(cls, session: SessionFolder) -> Self:
        in_use = session.in_use
        state = str(session.facts.get("state", "unknown"))
        return cls(
            session_id=session.name,
            state="killed" if state in _UNENDED and not in_use else state,
            in_use=in_use,
            keep_reason=session.keep_reason,
            written_epoch_ns=int(session.facts.get("written_epoch_ns") or session.facts["started_epoch_ns"]),
            size_bytes=session.size_bytes(),
            format=session.facts["format"],
        )


class CaptureRoot:
    """Held by its descriptor. A context manager.

    Raises SettingsError for a folder that can never be one, EnvironmentProblem if it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = _checked(path)
        try:
            self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EnvironmentProblem(
                f"{path} cannot be opened: {error.strerror}", hint="name the folder that sessions are recorded into"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        os.close(self.fd)

    def sessions(self) -> list[SessionSummary]:
        """Every session, the oldest first."""
        found = []
        for name in self._names():
            try:
                with self.session(name) as session:
                    found.append(SessionSummary.of(session))
            except (NotASession, FileNotFoundError):  # none of ours, or gone in this moment
                continue
        return sorted(found, key=lambda one: one.written_epoch_ns)

    def others(self) -> list[tuple[str, str]]:
        """What has the files of a session and is none that housekeeping would touch: its name, and why not."""
        found = []
        for name in self._names():
            try:
                with self.session(name):
                    continue
            except NotASession as problem:
                if has_session_files(name, self.fd):
                    found.append((name, str(problem).removeprefix(f"{self.path / name} is ")))
        return found

    def session(self, name: str) -> SessionFolder:
        """Raises NotASession."""
        if "/" in name or name in ("", ".", ".."):
            raise NotASession(f"not the name of a session: {name!r}")
        return SessionFolder(self.fd, name, shown=self.path / name)

    @contextmanager
    def claimed(self, name: str) -> Iterator[SessionFolder]:
        """The session, locked against recorders and other commands. Raises NotASession and SessionInUse."""
        with self.session(name) as session:
            session.claim()
            if not session.is_named(name, self.fd):
                raise SessionInUse(f"{session.shown} was moved by somebody else", hint="look again")
            yield session

    def trash(self) -> list[str]:
        """Names of sessions whose removal has begun and was interrupted, or is going on."""
        return [name for name in names_in(self.fd) if name.startswith(TRASH)]

    def _names(self) -> list[str]:
        return [name for name in names_in(self.fd) if not name.startswith(".")]


@contextmanager
def root_of(session: Path) -> Iterator[tuple[CaptureRoot, str]]:
    """The root that a session's directory lies in, and the session's name. Raises as CaptureRoot."""
    directory = session.absolute()
    with CaptureRoot(directory.parent) as root:
        yield root, directory.name


def _checked(path: Path) -> Path:
    root = path.resolve()
    home = Path.home().resolve()
    if root in (home, *home.parents) or root == Path(root.anchor):
        raise SettingsError(
            f"{path} is refused as a folder of sessions: it is {root}, which holds more than recordings",
            hint="name the folder that sessions are recorded into, such as captures",
        )
    return root
