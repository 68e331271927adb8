"""Finding events in a recorded session: by its index if that is fresh, else by reading all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from pytest_intellisense.capture.criteria import Criteria
from pytest_intellisense.capture.facts import stated_facts
from pytest_intellisense.capture.index import Found, Index
from pytest_intellisense.capture.paths import LOG_FILES, SESSION_FILE
from pytest_intellisense.capture.reader import SessionLog, check_directory
from pytest_intellisense.capture.regular_files import is_own_directory, is_there
from pytest_intellisense.codec.log_lines import DamagedLine, read_line
from pytest_intellisense.codec.log_records import event_of
from pytest_intellisense.model.timeline import TimelineEvent

_SKIP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """The events in their order, at most as many as were asked for. `lossless`: no damage was seen on the way.

    `problem`: why session.json cannot be read; the events are found all the same.
    """

    events: Sequence[TimelineEvent]
    lossless: bool
    by_index: bool
    problem: str = ""


def search(session: SessionLog, criteria: Criteria, limit: int) -> Finding:
    """Raises NewerFormat."""
    _, problem = stated_facts(session.directory)
    with Index(session.directory) as index:
        if index.fresh:
            try:
                images = session.late_images()
                events = [images.of(event) for event in _events_at(index.find(criteria, limit))]
                return Finding(events, index.lossless and not problem, by_index=True, problem=problem)
            except (sqlite3.Error, OSError, DamagedLine):
                pass  # whatever is wrong, reading all of it will tell
    events = list(islice((event for event in session if criteria.hold_for(event)), limit))
    return Finding(events, session.damage.lossless and not problem, by_index=False, problem=problem)


def _events_at(found: Sequence[Found]) -> list[TimelineEvent]:
    """Each log is opened once and read forwards, as compressed ones can only be. Raises OSError and DamagedLine."""
    events: list[TimelineEvent] = []
    for log, wanted in groupby(
        sorted(found, key=lambda one: (one.log.segment, one.log.name, one.offset)), key=attrgetter("log")
    ):
        with log.opened() as file:
            events += _events_of(file, [one.offset for one in wanted])
    return sorted(events, key=attrgetter("global_sequence_id"))


def _events_of(file: BinaryIO, offsets: Sequence[int]) -> Iterator[TimelineEvent]:
    at = 0
    for offset in offsets:
        _skip(file, offset - at)
        line = file.readline()
        at = offset + len(line)
        _, text = read_line(line)
        event, _ = event_of(text)
        yield event


def _skip(file: BinaryIO, size: int) -> None:
    if file.seekable():
        file.seek(size, 1)
        return
    while size > 0 and (part := file.read(min(size, _SKIP_BYTES))):
        size -= len(part)


def sessions_below(root: Path) -> list[Path]:
    """The recorded sessions directly inside a directory, by name; links are left out, and what is being removed.

    Raises CaptureFailed.
    """
    return [path for path in _folders_in(root) if is_there(path / SESSION_FILE)]


def logs_without_session_below(root: Path) -> list[Path]:
    """Directories directly inside, with logs and without a session.json. Raises CaptureFailed."""
    folders = (path for path in _folders_in(root) if not is_there(path / SESSION_FILE))
    return [path for path in folders if any(is_there(path / name) for name in LOG_FILES)]


def _folders_in(root: Path) -> list[Path]:
    check_directory(root)
    return sorted(path for path in root.iterdir() if not path.name.startswith(".") and is_own_directory(path))
