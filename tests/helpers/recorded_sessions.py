"""Sessions as the recorder leaves them, made with its own writer and without Redis."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from helpers.log_workload import batch_of

from pytest_intellisense.capture.facts import session_facts
from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.records import read_batch
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.model.results import LossReport
from testrade_hooks import clock

DAY_S = 86_400


class RecordedSession:
    """A session that is being recorded; leaving the `with` ends it. `age_s`: how long ago it says it was written."""

    def __init__(self, root: Path, name: str, *, age_s: float = 0.0, **facts: Any) -> None:
        self.directory = root / name
        self._age_ns = round(age_s * 1e9)
        self._facts = facts
        self._events = 0
        self.writer = LogWriter(self.directory, "relaxed")
        self._tell("recording")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._tell("complete")
        self.writer.close()

    def record(self, events: int) -> None:
        """So many more events, each with an image."""
        record = read_batch(batch_of(range(self._events, self._events + events), images_every=1), self._events)
        self.writer.write(record.pictures, record.texts())
        self._events += events

    def rotate(self) -> None:
        self.writer.rotate()

    def _tell(self, state: str) -> None:
        now = clock.now()
        facts = session_facts(
            session_id=self.directory.name,
            state=state,
            started=now,
            redis="events of its own making",
            streams=(),
            durability="relaxed",
            contract_generation="G1",
            counts=self.writer.counts,
            loss=LossReport(),
        )
        written = {"started_epoch_ns": time.time_ns() - self._age_ns, "written_epoch_ns": time.time_ns() - self._age_ns}
        self.writer.write_session(facts | written | self._facts)


def recorded(root: Path, name: str, *, segments: Iterable[int] = (10,), age_s: float = 0.0) -> Path:
    """The directory of a session that has ended, with so many events in each segment."""
    with RecordedSession(root, name, age_s=age_s) as session:
        for number, events in enumerate(segments):
            if number:
                session.rotate()
            session.record(events)
    return session.directory


def numbers_in(directory: Path) -> list[int]:
    """The events that can be read; raises AssertionError if anything is missing or damaged."""
    log = read_session(directory)
    numbers = [int(event.payload["number"]) for event in log]
    assert log.damage.lossless, log.damage
    return numbers


def files_below(directory: Path) -> dict[str, bytes]:
    """Path -> bytes of every file, not following links."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
