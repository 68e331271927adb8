"""Going on with a session that was interrupted: what it holds, by its logs and not by what it last said of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.disk import failed_on
from pytest_intellisense.capture.live_statistics import Statistics
from pytest_intellisense.capture.reader import SessionLog, read_session
from pytest_intellisense.capture.segments import all_logs
from pytest_intellisense.capture.tally import tally_of_events
from pytest_intellisense.capture.torn_tails import cut_tail
from pytest_intellisense.codec.resume_point import Recorded, ResumePoint
from pytest_intellisense.errors import CaptureFailed


@dataclass(slots=True)
class Earlier:
    """What the session holds already. `point` None: nothing was ever read, so there is nothing to go on from."""

    next_sequence: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    statistics: Statistics = field(default_factory=Statistics)
    point: ResumePoint | None = None


def facts_to_resume(directory: Path) -> dict[str, Any]:
    """session.json of a session that can go on. Raises CaptureFailed for one that cannot."""
    facts = read_session(directory).facts()
    if facts.get("state") == "complete":
        raise CaptureFailed(f"the session in {directory} ended complete: there is nothing to resume", hint="start a new one")
    if "recorder" not in facts or "dashcam" in facts:
        kind = "dash-cam session" if "dashcam" in facts else "session of a test run"
        raise CaptureFailed(f"{directory} holds a {kind}, which cannot be resumed", hint="start a new one")
    return facts


def read_earlier(directory: Path) -> Earlier:
    """Every line that is there, after torn tails are cut off. Hold the lock of the directory before. Raises CaptureFailed."""
    _cut_torn_tails(directory)
    session = read_session(directory)
    earlier = Earlier(facts=facts_to_resume(directory))
    stored = earlier.facts.get("resume")
    recorded = _recorded(session, earlier)
    if stored:
        earlier.point = ResumePoint.of(stored, recorded)
    else:
        for _ in recorded:
            pass
    earlier.counts = {name: lines for name, lines in session.lines.items() if lines}
    return earlier


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
