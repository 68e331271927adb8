"""Going on with a session that was interrupted: what it holds, by its logs and not by what it last said of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.disk import failed_on
from pytest_intellisense.capture.facts import part_of
from pytest_intellisense.capture.live_statistics import Statistics
from pytest_intellisense.capture.reader import Position, SessionLog, read_session
from pytest_intellisense.capture.segments import all_logs
from pytest_intellisense.capture.tally import tally_of_events
from pytest_intellisense.capture.torn_tails import cut_tail
from pytest_intellisense.codec.kept_state import KeptState, KeptStream, kept_state
from pytest_intellisense.codec.resume_point import DoesNotFit, Recorded, ResumePoint
from pytest_intellisense.errors import CaptureFailed


@dataclass(slots=True)
class Earlier:
    """What the session holds already. `point` None: nothing was ever read, so there is nothing to go on from."""

    next_sequence: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    statistics: Statistics = field(default_factory=Statistics)
    point: ResumePoint | None = None

    @property
    def kept_streams(self) -> dict[str, KeptStream]:
        """What is on disk of each stream."""
        return {
            name: KeptStream(at.attached_at, at.generation, at.last_id, at.received, at.noted)
            for name, at in (self.point.streams if self.point else {}).items()
        }


def facts_to_resume(directory: Path) -> dict[str, Any]:
    """session.json of a session that can go on. Raises CaptureFailed for one that cannot."""
    facts = read_session(directory).facts()
    if facts.get("state") == "complete":
        raise CaptureFailed(f"the session in {directory} ended complete: there is nothing to resume", hint="start a new one")
    if "recorder" not in facts:
        raise CaptureFailed(f"{directory} holds a session of a test run, which cannot be resumed", hint="start a new one")
    return facts


def read_earlier(directory: Path) -> Earlier:
    """The lines behind what session.json vouches for, after torn tails are cut off; all of them where the logs do not fit it.

    Hold the lock of the directory before. Raises CaptureFailed.
    """
    _cut_torn_tails(directory)
    facts = facts_to_resume(directory)
    stored = facts.get("resume") or {}
    kept = kept_state(stored)
    if kept is not None:
        try:
            return _read_since(directory, facts, kept)
        except DoesNotFit as problem:
            _require_all_lines(directory, facts, str(problem))
    elif stored:
        _require_all_lines(directory, facts, "it does not say what was kept")
    session, earlier = read_session(directory), Earlier(facts=facts)
    recorded = _recorded(session, earlier)
    if stored:
        earlier.point = ResumePoint.of(stored, recorded)
    else:
        for _ in recorded:
            pass
    earlier.counts = {name: lines for name, lines in session.lines.items() if lines}
    return earlier


def _read_since(directory: Path, facts: Mapping[str, Any], kept: KeptState) -> Earlier:
    """Raises DoesNotFit where the logs hold less than was kept: a power loss under relaxed durability."""
    if kept.segment in part_of(facts, "dropped").get("unfinished", ()):
        kept.segment, kept.lines = kept.segment + 1, {}
    session = SessionLog(directory, Position(kept.segment, kept.lines))
    earlier = Earlier(kept.next_sequence, facts=facts, statistics=Statistics.of(kept.statistics))
    earlier.point = ResumePoint.of(facts["resume"], _recorded(session, earlier), kept)
    behind = {name: lines - kept.lines.get(name, 0) for name, lines in session.lines.items()}
    if any(session.lines.get(name, 0) < lines for name, lines in kept.lines.items()):
        raise DoesNotFit("the logs hold less than was kept")
    names = {*kept.counts, *(name for name, lines in behind.items() if lines)}
    earlier.counts = {name: kept.counts.get(name, 0) + behind.get(name, 0) for name in names}
    return earlier


def _require_all_lines(directory: Path, facts: Mapping[str, Any], because: str) -> None:
    """What a dash-cam has dropped, no log can tell."""
    if "dashcam" in facts:
        raise CaptureFailed(f"the dash-cam session in {directory} cannot be resumed: {because}", hint="start a new one")


def _cut_torn_tails(directory: Path) -> None:
    """What was torn was not acknowledged: it comes again, whole."""
    try:
        for log in all_logs(directory):
            if log.path.name == log.name:
                cut_tail(log)
    except OSError as error:
        raise failed_on(directory, error) from error


def _recorded(session: SessionLog, earlier: Earlier) -> Iterator[Recorded]:
    for record in session.records():
        earlier.next_sequence = record.sequence + 1
        earlier.statistics.count(tally_of_events([record.event]))
        yield Recorded.of_event(record.event, record.generation)
    for entry in session.unparsed():
        earlier.statistics.unreadable += 1
        yield Recorded(entry["redis_stream"], entry["redis_stream_event_id"], int(entry.get("generation", 0)))
