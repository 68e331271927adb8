"""Survey: what a recorded session holds, found by reading all of it once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.damage import Damage, Place
from pytest_intellisense.capture.facts import LOSSES_MISTAKE, mistakes_in, part_of, stated_facts, whole_number
from pytest_intellisense.capture.image_check import ImageCheck
from pytest_intellisense.capture.paths import IMAGES, SESSION_FILE
from pytest_intellisense.capture.reader import Recorded, SessionLog
from pytest_intellisense.capture.segments import all_logs, segment_numbers
from pytest_intellisense.capture.state import SessionState, is_held, state_of
from pytest_intellisense.codec.timeline import GAP
from pytest_intellisense.model.timeline import TimelineEvent

_MOST_GAPS = 20


@dataclass(slots=True)
class Loss:
    """Entries that never reached the recorder, by the gap events in the log. `possible`: some that could not be counted.

    `first` are the first gaps, also those that cost nothing, such as an interruption.
    """

    gaps: int = 0
    lost: int = 0
    possible: bool = False
    first: list[TimelineEvent] = field(default_factory=list)

    def add(self, gap: TimelineEvent) -> None:
        lost = gap.payload.get("lost") if isinstance(gap.payload, Mapping) else None
        self.gaps += 1
        if self.gaps <= _MOST_GAPS:
            self.first.append(gap)
        if isinstance(lost, int):
            self.lost += lost
        else:
            self.possible = True


@dataclass(slots=True)
class OnDisk:
    """Files of a session and their sizes in bytes."""

    segments: int = 0
    logs: int = 0
    compressed_logs: int = 0
    log_bytes: int = 0
    images: int = 0
    image_bytes: int = 0

    @classmethod
    def of(cls, session: Path) -> OnDisk:
        logs = all_logs(session)
        images = list(_files_in(session / IMAGES))
        return cls(
            segments=len(segment_numbers(session)),
            logs=len(logs),
            compressed_logs=sum(log.path.name != log.name for log in logs),
            log_bytes=sum(_size(log.path) for log in logs),
            images=len(images),
            image_bytes=sum(images),
        )


@dataclass(slots=True)
class Survey:
    """Counts of `events` leave gaps out. `damage` and `images` are complete when every record was added and `finish` called.

    `mistakes` are those in what session.json says of losses and counts.
    """

    session: SessionLog
    facts: Mapping[str, Any]
    facts_problem: str
    state: SessionState
    images: ImageCheck
    mistakes: tuple[str, ...] = ()
    events: int = 0
    correlated: int = 0
    unparsed: int = 0
    with_image: int = 0
    first_epoch_ns: int | None = None
    last_epoch_ns: int | None = None
    by_sense: dict[str, Counter[str]] = field(default_factory=dict)
    loss: Loss = field(default_factory=Loss)

    @property
    def damage(self) -> Damage:
        return self.session.damage

    @property
    def duration_s(self) -> float:
        """From the first event's receipt to the last one's."""
        return ((self.last_epoch_ns or 0) - (self.first_epoch_ns or 0)) / 1e9

    @property
    def readable(self) -> bool:
        return bool(self.events or self.unparsed)

    @property
    def complete(self) -> bool:
        """Whether all that the server delivered is here as it was written, as far as the recorder could know."""
        return (
            self.damage.lossless
            and not self.images.problems
            and not self.facts_problem
            and not self.mistakes
            and self.state in (SessionState.COMPLETE, SessionState.RECORDING, SessionState.RECOVERED)
            and not (self.lost or self.loss_possible)
            and not part_of(self.facts, "recovery").get("lossy")
        )

    @property
    def lost(self) -> int:
        """Entries lost upstream: what the recorder had counted in the end, or what the gaps in the log say."""
        return max(self.loss.lost, whole_number(part_of(self.facts, "losses"), "lost"))

    @property
    def loss_possible(self) -> bool:
        return self.loss.possible or LOSSES_MISTAKE in self.mistakes or part_of(self.facts, "losses").get("measurable") is False

    @property
    def places(self) -> list[Place]:
        """Where something is wrong."""
        mistakes = [Place(SESSION_FILE, None, mistake) for mistake in self.mistakes]
        return [*mistakes, *self.damage.places, *self.images.places]

    def add(self, record: Recorded) -> None:
        event = record.event
        self.images.look(record)
        if self.first_epoch_ns is None:
            self.first_epoch_ns = event.received_epoch_ns
        self.last_epoch_ns = event.received_epoch_ns
        if event.event_type == GAP:
            self.loss.add(event)
            return
        self.events += 1
        self.correlated += bool(event.correlation_id)
        self.with_image += event.image is not None
        types = self.by_sense.get(event.sense)
        if types is None:
            types = self.by_sense[event.sense] = Counter()
        types[event.event_type] += 1

    def finish(self) -> None:
        self.unparsed = sum(1 for _ in self.session.unparsed())


def survey_of(session: SessionLog, *, contents: bool = False) -> Survey:
    """An empty survey with what session.json says; `contents`: images are read as well. Raises NewerFormat."""
    facts, problem = stated_facts(session.directory)
    state = state_of(facts, held=is_held(session.directory))
    mistakes = () if problem else mistakes_in(facts)
    return Survey(session, facts, problem, state, ImageCheck(session.directory, contents=contents), mistakes)


def survey_all(session: SessionLog, *, contents: bool = False) -> Survey:
    """The survey of the whole session. Raises NewerFormat."""
    survey = survey_of(session, contents=contents)
    for record in session.records():
        survey.add(record)
    survey.finish()
    return survey


def _size(path: Path) -> int:
    """0 for a file that is gone by now."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _files_in(directory: Path) -> Iterator[int]:
    """The sizes of the files; a dash-cam may delete some meanwhile."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        yield entry.stat(follow_symlinks=False).st_size
    except OSError:
        return
