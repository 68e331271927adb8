"""A session line by line: events with the ids, times and texts that a test needs, written by the recorder's own writer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pytest_intellisense.capture.facts import session_facts
from pytest_intellisense.capture.paths import LOG_OF_SENSE
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.codec.entries import Entry, Gap
from pytest_intellisense.codec.log_records import event_text
from pytest_intellisense.codec.timeline import gap_event, to_timeline
from pytest_intellisense.model.results import LossReport
from testrade_hooks import clock, wire

BEGIN_S = 1_700_000_000
"""2023-11-14 22:13:20 UTC; event number n is received n seconds later."""


class WrittenSession:
    """Leaving the `with` ends the session; `killed()` leaves it as a kill would."""

    def __init__(self, root: Path, name: str = "session", **facts: Any) -> None:
        self.directory = root / name
        self.writer = LogWriter(self.directory, "relaxed")
        self.number = 0
        self._facts = facts
        self._started = clock.now()
        self.tell("recording")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.tell("complete")
        self.killed()

    def killed(self) -> Path:
        self.writer.close()
        return self.directory

    def say(
        self,
        event_type: str = "TESTRADE_ORDER_FILL",
        payload: Mapping[str, Any] | None = None,
        *,
        correlation_id: str | None = None,
        entry_id: str = "",
        image: bytes | None = None,
        generation: int = 0,
    ) -> None:
        """One more event; without a payload it says its number."""
        said = wire.event(event_type, payload or {"number": self.number}, correlation_id=correlation_id, image_bytes=image)
        entry = Entry(said.stream, entry_id or f"{self.number + 1}-0", wire.encode(said), generation)
        observed = to_timeline(entry, self._received(), self.number)
        text = event_text(observed.event, generation)
        self.writer.write(observed.pictures, {LOG_OF_SENSE[observed.event.sense]: [text]})
        self.number += 1

    def lose(self, lost: int | None, note: str = "entries were trimmed before they were read") -> None:
        event = gap_event(Gap(wire.ORDER_FILLS, note, lost), self._received(), self.number)
        self.writer.write((), {LOG_OF_SENSE[event.sense]: [event_text(event)]})
        self.number += 1

    def tell(self, state: str) -> None:
        """Write session.json."""
        facts = session_facts(
            session_id=self.directory.name,
            state=state,
            started=self._started,
            redis="redis://127.0.0.1:6379/0",
            streams=(wire.ORDER_FILLS,),
            durability="relaxed",
            contract_generation="G1",
            counts=self.writer.counts,
            loss=LossReport(),
        )
        self.writer.write_session(facts | self._facts)

    def _received(self) -> clock.Reading:
        return clock.Reading(self.number, (BEGIN_S + self.number) * 1_000_000_000, self._started.domain)


def fills(root: Path, number: int, name: str = "session", **facts: Any) -> Path:
    """The directory of a session of so many fills that ended as it should."""
    with WrittenSession(root, name, **facts) as session:
        for _ in range(number):
            session.say()
    return session.directory


def screens(root: Path, *segments: int, name: str = "session") -> Path:
    """The directory of a session with so many events in each segment, each with an image of its own."""
    with WrittenSession(root, name) as session:
        for number, events in enumerate(segments):
            if number:
                session.writer.rotate()
            for _ in range(events):
                image = b"picture %d" % session.number
                session.say("TESTRADE_PROCESSED_ROI_IMAGE", {"number": session.number}, image=image)
    return session.directory
