"""When observing an injection ends. Each rule has a name, which results carry as `stop_reason`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pytest_intellisense.engine.stages import Tracker

SETTLE_NS = 50_000_000
"""After a diversion, or where a check counts, more of the chain may be on the wire: the app must be quiet for this long."""

OPTIONAL_NS = 25_000_000
"""How long a complete pipeline waits for optional stages that have not come yet."""

ABSENCE_NS = 250_000_000
"""How long something is watched for that must not come, where the plan names no window."""


class Stop(StrEnum):
    COMPLETE = "complete"
    WINDOW = "window"
    DIVERTED = "diverted"
    DEADLINE = "deadline"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Windows:
    """How long to keep observing. Times count from the injection, and are on our clock once it has `begun`;
    `after_completion_ns` counts from completion.

    `to_the_deadline`: the plan asks whether the pipeline timed out, so a diversion must not end the waiting early.
    `to_the_quiet`: a check may stop holding by one more event, so completion must not end the waiting early.
    """

    deadline_ns: int
    at_least_until_ns: int
    after_completion_ns: int
    to_the_deadline: bool = False
    to_the_quiet: bool = False

    def begun(self, injected_ns: int) -> Windows:
        return replace(self, deadline_ns=injected_ns + self.deadline_ns, at_least_until_ns=injected_ns + self.at_least_until_ns)


@dataclass(slots=True)
class Progress:
    """What is known while observing. Times are our receipts; `refusal` is what the app says if it did not do as told."""

    tracker: Tracker
    completed_ns: int | None = None
    last_event_ns: int = 0
    refusal: str | None = None


def decide(progress: Progress, windows: Windows, now_ns: int) -> tuple[Stop | None, int]:
    """The rule that ends the observation now, or None and the time at which to ask again without a new event."""
    tracker = progress.tracker
    if progress.refusal is not None:
        return Stop.REFUSED, now_ns
    if tracker.intruder is not None:
        return Stop.DIVERTED, now_ns
    if progress.completed_ns is not None:
        return _after_completion(progress, windows, now_ns)
    if tracker.is_diverted and not windows.to_the_deadline:
        quiet_ns = max(progress.last_event_ns + SETTLE_NS, windows.at_least_until_ns)
        if now_ns >= quiet_ns:
            return Stop.DIVERTED, now_ns
        return (Stop.DIVERTED, now_ns) if now_ns >= windows.deadline_ns else (None, min(quiet_ns, windows.deadline_ns))
    if now_ns >= windows.deadline_ns:
        return Stop.DEADLINE, now_ns
    return None, windows.deadline_ns


def _after_completion(progress: Progress, windows: Windows, now_ns: int) -> tuple[Stop | None, int]:
    """Windows are watched to their end, even beyond the deadline for completion."""
    completed_ns = progress.completed_ns or now_ns
    window = windows.after_completion_ns
    if progress.tracker.has_absent:
        window = max(window, ABSENCE_NS)
    until_ns = max(completed_ns + window if window else 0, windows.at_least_until_ns)
    if windows.to_the_quiet:
        until_ns = max(until_ns, min(progress.last_event_ns + SETTLE_NS, windows.deadline_ns))
    if until_ns > completed_ns:
        return (Stop.WINDOW, now_ns) if now_ns >= until_ns else (None, until_ns)
    if progress.tracker.awaits_optional:
        until_ns = completed_ns + OPTIONAL_NS
        return (Stop.COMPLETE, now_ns) if now_ns >= until_ns else (None, until_ns)
    return Stop.COMPLETE, now_ns
