"""Reading a recorded session back, whatever happened to it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from pytest_intellisense.capture.damage import Damage
from pytest_intellisense.capture.facts import mistakes_in, part_of, read_facts, stated_facts, whole_number
from pytest_intellisense.capture.log_text import Line, LogText
from pytest_intellisense.capture.paths import LOGS, SESSION_FILE, UNPARSED
from pytest_intellisense.capture.regular_files import is_own_directory, is_there
from pytest_intellisense.capture.repeats import Repeats, Said
from pytest_intellisense.capture.segments import LogFile, foreign_segments, logs_named
from pytest_intellisense.capture.state import FINAL, LOSSLESS, is_held, state_of
from pytest_intellisense.codec.late_images import LateImages
from pytest_intellisense.codec.log_lines import DamagedLine
from pytest_intellisense.codec.log_records import event_of
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.model.timeline import TimelineEvent


class Recorded(NamedTuple):
    """An event and where it stands. `generation` counts how often its stream was recreated while it was recorded."""

    sequence: int
    event: TimelineEvent
    generation: int
    log: LogFile
    line: Line


class Position(NamedTuple):
    """A place in the logs: behind so many lines of each log of a segment."""

    segment: int
    lines: Mapping[str, int]

    def begin(self, log: LogFile) -> int | None:
        """The first line of `log` behind it; None: the whole log lies before it."""
        if log.segment < self.segment:
            return None
        return self.lines.get(log.name, 0) if log.segment == self.segment else 0


_BEGINNING = Position(1, {})


class SessionLog:
    """A recorded session, in one or many segments, compressed or not, also while it is being recorded.

    Iterating gives every event once, in the order of `global_sequence_id`, and fills `damage`. Logs are read line by line:
    the memory that it takes does not grow with them. `lines`: how many were written to each log, as far as it shows.
    What lies before `since` is not read; of its own segment it is counted.
    """

    def __init__(self, directory: Path, since: Position = _BEGINNING) -> None:
        self.directory = directory
        self._since = since
        self.damage = Damage()
        self.lines: dict[str, int] = {}

    def __iter__(self) -> Iterator[TimelineEvent]:
        return (record.event for record in self.records())

    def records(self) -> Iterator[Recorded]:
        """The events and where they stand."""
        self.damage, self.lines = Damage(), {}
        for segment in foreign_segments(self.directory):
            self.damage.unreadable(segment, None, "is a link or a file, no directory of the session, and was not opened")
        standing = self._standing()
        repeats = Repeats(lambda: ((one.event, one.generation) for one in self._merged(Damage(), standing)))
        images = self.late_images()
        for record in self._merged(self.damage, standing):
            said = repeats.of(record.event, record.generation)
            if said is Said.FIRST:
                yield record._replace(event=images.of(record.event))
                continue
            self.damage.repeats += 1
            if said is Said.DIFFERENTLY:
                what = f"{record.event.stream} {record.event.entry_id} was recorded before with another content"
                self.damage.contradicts(record.log.shown, record.line.number, what)

    def late_images(self) -> LateImages:
        """Those that were recorded after an event that refers to them; `records` has joined them already."""
        standing = self._standing()
        return LateImages(lambda: (record.event for record in self._merged(Damage(), standing)))

    def facts(self) -> dict[str, Any]:
        """session.json. Raises CaptureFailed if it cannot be read or was written by a newer version."""
        return read_facts(self.directory)

    def unparsed(self) -> Iterator[dict[str, Any]]:
        """The entries that could not be read as events, raw, with the reason."""
        for log, line in self._lines(UNPARSED, self.damage, self._standing()):
            try:
                yield json.loads(line.text)
            except (ValueError, RecursionError) as problem:
                self.damage.damaged(log.shown, line.number, str(problem))

    def _standing(self) -> _Standing:
        """What session.json vouches for is the whole of the logs."""
        standing = _Standing.of(self.directory)
        return standing if self._since is _BEGINNING else _Standing(standing.held)

    def _merged(self, damage: Damage, standing: _Standing) -> Iterator[Recorded]:
        return heapq.merge(*(self._records(name, damage, standing) for name in LOGS), key=attrgetter("sequence"))

    def _records(self, name: str, damage: Damage, standing: _Standing) -> Iterator[Recorded]:
        for log, line in self._lines(name, damage, standing):
            try:
                event, generation = event_of(line.text)
            except (DamagedLine, RecursionError) as problem:
                damage.damaged(log.shown, line.number, str(problem))
            else:
                yield Recorded(event.global_sequence_id, event, generation, log, line)

    def _lines(self, name: str, damage: Damage, standing: _Standing) -> Iterator[tuple[LogFile, Line]]:
        written, logs, bad = 0, logs_named(self.directory, name), damage.bad_lines
        for log in logs:
            begin = self._since.begin(log)
            if begin is None:
                continue
            text = LogText(log, damage, growing=standing.held, begin=begin)
            for line in text:
                yield log, line
            written += text.written
        missing = max(0, standing.counts.get(name, 0) - written)
        if missing and len(logs) > 1:
            damage.missing_somewhere(name, missing, f"{logs[0].shown} to {logs[-1].shown}")
        elif missing:
            damage.missing_at_the_end(logs[0].shown if logs else name, missing)
        if standing.whole and (more := written - (damage.bad_lines - bad) - standing.counts.get(name, 0)) > 0:
            damage.uncounted(name, more)
        if damage is self.damage:
            self.lines[name] = written + missing


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whether somebody writes to the session, and how many lines session.json vouches for, if it was written at the end.

    `whole`: there are no other lines either.
    """

    held: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False

    @classmethod
    def of(cls, session: Path) -> _Standing:
        held = is_held(session)
        facts, _ = stated_facts(session)
        state = state_of(facts, held=held)
        if state not in FINAL:
            return cls(held)
        counts, dropped = part_of(facts, "counts"), part_of(part_of(facts, "dropped"), "counts")
        vouched = {name: whole_number(counts, name) - whole_number(dropped, name) for name in counts}
        return cls(held, vouched, whole=state in LOSSLESS and not mistakes_in(facts))


def read_session(directory: Path) -> SessionLog:
    """The session recorded in `directory`. Raises CaptureFailed if there is none."""
    check_directory(directory)
    if not is_there(directory / SESSION_FILE):
        raise CaptureFailed(
            f"{directory} is not a recorded session: it has no {SESSION_FILE}",
            hint="if its logs are there, `intellisense recover` writes one from them",
        )
    return SessionLog(directory)


def check_directory(directory: Path) -> None:
    """Raise CaptureFailed for what is no directory, or is reached by a link."""
    if directory.is_symlink():
        raise CaptureFailed(
            f"{directory} is a link, not a recorded session", hint=f"name the directory itself: {directory.resolve()}"
        )
    if not is_own_directory(directory):
        raise CaptureFailed(f"{directory} is no directory", hint="name a recorded session, such as captures/SESSION")
