"""Retention decided: which sessions go, and why. Looks at nothing but its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_intellisense.housekeeping.capture_root import SessionSummary
from pytest_intellisense.housekeeping.units import age_text, size_text


@dataclass(frozen=True, slots=True)
class Retention:
    """What may stay. Every limit that is given holds; the oldest sessions go first."""

    older_than_s: float | None = None
    max_total_bytes: int | None = None
    min_free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one session; `reason` says why it goes, or why it must stay although it should go."""

    session: SessionSummary
    goes: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`verdicts` in the order of age, the oldest first; `unreached` says which limits do not hold even then."""

    verdicts: tuple[Verdict, ...]
    unreached: tuple[str, ...]

    @property
    def going(self) -> list[SessionSummary]:
        return [verdict.session for verdict in self.verdicts if verdict.goes]

    @property
    def freed_bytes(self) -> int:
        return sum(session.size_bytes for session in self.going)


def plan_retention(sessions: Sequence[SessionSummary], retention: Retention, *, now_epoch_ns: int, free_bytes: int) -> Plan:
    """Decide about all sessions of one root on a disk with `free_bytes`."""
    total_bytes = sum(session.size_bytes for session in sessions)
    verdicts = []
    for session in sorted(sessions, key=lambda one: one.written_epoch_ns):
        reason = _too_much(session, retention, now_epoch_ns, total_bytes, free_bytes)
        obstacle = _obstacle(session)
        goes = bool(reason) and not obstacle
        if goes:
            total_bytes -= session.size_bytes
            free_bytes += session.size_bytes
        verdicts.append(Verdict(session, goes, obstacle if reason and obstacle else reason))
    return Plan(tuple(verdicts), _unreached(retention, total_bytes, free_bytes))


def _too_much(session: SessionSummary, retention: Retention, now_epoch_ns: int, total_bytes: int, free_bytes: int) -> str:
    age_s = (now_epoch_ns - session.written_epoch_ns) / 1e9
    if retention.older_than_s is not None and age_s > retention.older_than_s:
        return f"older than {age_text(retention.older_than_s)}"
    if retention.max_total_bytes is not None and total_bytes > retention.max_total_bytes:
        return f"all sessions together are above {size_text(retention.max_total_bytes)}"
    if retention.min_free_bytes is not None and free_bytes < retention.min_free_bytes:
        return f"less than {size_text(retention.min_free_bytes)} free"
    return ""


def _obstacle(session: SessionSummary) -> str:
    if session.in_use:
        return "it is in use"
    if session.keep_reason is not None:
        return f"it is kept ({session.keep_reason})" if session.keep_reason else "it is kept"
    return ""


def _unreached(retention: Retention, total_bytes: int, free_bytes: int) -> tuple[str, ...]:
    missed = []
    if retention.max_total_bytes is not None and total_bytes > retention.max_total_bytes:
        missed.append(f"{size_text(total_bytes)} stay, more than {size_text(retention.max_total_bytes)}")
    if retention.min_free_bytes is not None and free_bytes < retention.min_free_bytes:
        missed.append(f"{size_text(free_bytes)} will be free, less than {size_text(retention.min_free_bytes)}")
    return tuple(missed)
