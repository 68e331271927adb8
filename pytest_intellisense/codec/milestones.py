"""When an event happened, where its envelope does not say: the last milestone in its payload.

The correlation logger stamps an event when its queue is emptied. The stages themselves put numbered milestones into the
payload, `T4_ConditioningStart_ns` or `t9_filtering_end_ns`, and which clock a milestone was read from follows from its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MILESTONE = re.compile(r"[Tt](\d{1,2})_[A-Za-z_]+_ns")
_EPOCH_NS = 10**18
_CLOCKS: tuple[tuple[range, str], ...] = (
    (range(4), "testrade/ocr"),
    (range(4, 7), "testrade/conditioning"),
    (range(7, 13), "testrade/core"),
    (range(16, 18), "testrade/core"),
)
"""Readings of `perf_counter_ns` are comparable inside one process only. The other milestones are wall clock."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of `clock`; None: of the wall clock, in nanoseconds since 1970."""

    time_ns: int
    clock: str | None


def last_milestone(payload: Mapping[str, Any]) -> Moment | None:
    """The milestone with the highest number; None if there is none, or if its clock is not the one it should be."""
    numbered = [
        (int(found[1]), value)
        for name, value in payload.items()
        if (found := _MILESTONE.fullmatch(name)) and type(value) is int and value > 0
    ]
    if not numbered:
        return None
    number, time_ns = max(numbered)
    clock = next((name for numbers, name in _CLOCKS if number in numbers), None)
    return Moment(time_ns, clock) if (clock is None) == (time_ns >= _EPOCH_NS) else None
