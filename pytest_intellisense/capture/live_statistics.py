"""What a running capture has seen: totals that only grow, and the rates between two looks at them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_intellisense.capture.paths import LOG_OF_SENSE, LOGS
from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.capture.tally import Tally, tally_of
from pytest_intellisense.model.timeline import Sense

SENSE_NAMES: tuple[str, ...] = tuple(name.partition(".")[0] for name in LOGS)
_NAME_OF_SENSE: dict[Sense, str] = {sense: log.partition(".")[0] for sense, log in LOG_OF_SENSE.items()}
_RATE_OVER_S = 10.0
_DISK_RATE_OVER_S = 60.0


class Statistics:
    """Counts of what one capture has on disk. Changed by the writing thread, read by others."""

    def __init__(self) -> None:
        self.events = 0
        self.correlated = 0
        self.unreadable = 0
        self.by_sense = dict.fromkeys(SENSE_NAMES, 0)
        self.delay_ns = 0
        """How long the newest entry had been in its stream when it reached us, by the server's clock against ours."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """From `facts` of an earlier recording."""
        statistics = cls()
        statistics.events, statistics.correlated = facts["events"], facts["correlated"]
        statistics.unreadable = facts["unreadable"]
        statistics.by_sense |= facts["by_sense"]
        return statistics

    def facts(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "correlated": self.correlated,
            "unreadable": self.unreadable,
            "by_sense": dict(self.by_sense),
        }

    def count(self, tally: Tally) -> None:
        self.correlated += tally.correlated
        for sense, number in tally.senses.items():
            self.events += number
            self.by_sense[_NAME_OF_SENSE[sense]] += number

    def add(self, record: AnyRecord) -> None:
        self.count(tally_of(record))
        self.unreadable += len(record.unreadable)
        batch = record.batch
        if batch.entries:
            added_ms = int(batch.entries[-1].entry_id.partition("-")[0])
            self.delay_ns = max(0, batch.received.epoch_ns - added_ms * 1_000_000)


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second over the last ten seconds; the disk over the last minute, in bytes an hour."""

    events_per_s: float
    by_sense_per_s: dict[str, float]
    disk_bytes_per_h: float


@dataclass(frozen=True, slots=True)
class _Sample:
    at_s: float
    events: int
    by_sense: dict[str, int]
    bytes: int


class RateMeter:
    """Turns totals into rates; look at it about once a second."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()

    def look(self, statistics: Statistics, bytes_written: int) -> Rates:
        now = _Sample(time.monotonic(), statistics.events, dict(statistics.by_sense), bytes_written)
        self._samples.append(now)
        while now.at_s - self._samples[0].at_s > _DISK_RATE_OVER_S:
            self._samples.popleft()
        recent = next(one for one in self._samples if now.at_s - one.at_s <= _RATE_OVER_S)
        oldest = self._samples[0]
        return Rates(
            _per_s(now.events - recent.events, now, recent),
            {name: _per_s(count - recent.by_sense[name], now, recent) for name, count in now.by_sense.items()},
            _per_s(now.bytes - oldest.bytes, now, oldest) * 3600,
        )


def _per_s(number: int, now: _Sample, before: _Sample) -> float:
    return number / (now.at_s - before.at_s) if now.at_s > before.at_s else 0.0
