"""How it stands with a session: what session.json says, and whether anybody holds its directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class SessionState(StrEnum):
    """`recovered`: was killed or damaged, and `intellisense recover` has put it in order."""

    RECORDING = "recording"
    KILLED = "killed"
    FAILED = "failed"
    COMPLETE = "complete"
    RECOVERED = "recovered"
    UNKNOWN = "unknown"


LOSSLESS = frozenset({SessionState.COMPLETE, SessionState.RECOVERED})
"""All that was acknowledged is there, and counted."""
FINAL = frozenset({SessionState.FAILED, SessionState.COMPLETE, SessionState.RECOVERED})


def is_held(session: Path) -> bool:
    """Whether a recorder, or a command that changes the session, holds the directory now. Raises OSError."""
    directory = os.open(session, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(directory)
    return False


def state_of(facts: Mapping[str, Any], *, held: bool) -> SessionState:
    """A session that says it is recorded, and is not, was killed. One that has ended may be held by another command."""
    said = facts.get("state")
    if said in set(FINAL):
        return SessionState(said)
    if held:
        return SessionState.RECORDING
    return SessionState.KILLED if said in ("recording", "scheduled") else SessionState.UNKNOWN
