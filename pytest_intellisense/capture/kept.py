"""Kept: counts what is on disk, in the thread that writes it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pytest_intellisense.capture.live_statistics import Statistics
from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.capture.segmented_log import SegmentedLog
from pytest_intellisense.codec.kept_state import KeptState, KeptStream, count_batch


class Kept:
    """`statistics` and `streams` go on from what an earlier recording of the session had written."""

    def __init__(self, log: SegmentedLog, next_sequence: int, statistics: Statistics, streams: dict[str, KeptStream]) -> None:
        self.statistics = statistics
        self._log = log
        self._next_sequence = next_sequence
        self._streams = streams
        self._lock = threading.Lock()
        self._stand()

    def attached(self, streams: Mapping[str, Any]) -> None:
        """Where the reading of each stream begins, as `resume_facts` say; those that were read before go on as they are."""
        with self._lock:
            for name, at in streams.items():
                self._streams.setdefault(name, KeptStream(at["attached_at"], at["generation"], at["attached_at"]))

    def add(self, records: Sequence[AnyRecord]) -> None:
        """They, and nothing behind them, are on disk now."""
        with self._lock:
            for record in records:
                self.statistics.add(record)
                count_batch(self._streams, record.batch)
                self._next_sequence = record.sequence + len(record)
            self._stand()

    def facts(self) -> dict[str, Any]:
        """A `KeptState` as JSON."""
        with self._lock:
            statistics = self.statistics.facts()
            state = KeptState(self._segment, self._lines, self._counts, self._next_sequence, statistics, self._streams)
            facts: dict[str, Any] = msgspec.to_builtins(state)
        return facts

    def _stand(self) -> None:
        """The log goes on at once; what is counted here is as it is now."""
        self._segment, self._lines, self._counts = self._log.segment, dict(self._log.current.counts), dict(self._log.counts)
