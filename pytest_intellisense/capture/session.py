"""CaptureSession: everything TESTRADE said while it ran, on disk and at hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from pytest_intellisense.capture.arrivals import Arrivals
from pytest_intellisense.capture.facts import session_facts
from pytest_intellisense.capture.paths import session_directory
from pytest_intellisense.capture.recording import Recording
from pytest_intellisense.capture.records import AnyRecord, read_batch
from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.capture.writer import Durability, LogWriter
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.codec.late_images import all_joined
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem, IntelliSenseError
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import clock, wire

_REWRITE_EVERY_S = 2.0
_LOOK_EVERY_S = 0.05
"""Our own commands wake no waiter, who would take the processor from the application just then; they are seen this late."""


class CaptureSession:
    """An EventSource that records.

    Waiters get an event at once. Meanwhile its image and line are synced to disk, and only then it is acknowledged.
    `loss` and `close` return when all of it is on disk: no verdict stands on something that is not recorded.
    `facts` are added to session.json; `before_write` may raise CaptureFailed to end the capture;
    `bulk` knows where images are that events only refer to. A context manager.
    """

    def __init__(
        self,
        root: Path,
        session_id: str,
        consumer: BatchSource,
        *,
        durability: Durability = "strict",
        facts: Mapping[str, Any] | None = None,
        before_write: Callable[[], None] = lambda: None,
        bulk: BulkData | None = None,
    ) -> None:
        self.session_id = session_id
        self.directory = session_directory(root, session_id)
        self.durability: Durability = durability
        self._consumer = consumer
        self._given_facts = dict(facts or {})
        self._before_write = before_write
        self._bulk = bulk or BulkData()
        self._arrivals = Arrivals()
        self._waiting: dict[SimpleQueue[None], int] = {}
        self._dialects = DialectCount()
        self._state = "new"
        self._loss = LossReport()
        self._told = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Return when capture is confirmed on every stream. Raises EnvironmentProblem and CaptureFailed."""
        self._started = clock.now()
        self._writer = LogWriter(self.directory, self.durability)
        self._state = "recording"
        self._write_facts()
        self._recording = Recording(self._writer, self._kept, self._wake, self._before_write)
        try:
            self._consumer.start(self._take, self._wake)
        except IntelliSenseError:
            self._told = True
            self._finish()
            raise
        self._dialects.add_entries(self._consumer.newest_before)

    def close(self) -> None:
        """Record what is on the streams, then end. Raises CaptureFailed if the capture had failed and nobody was told."""
        if self._state != "recording":
            return
        self._loss = self._consumer.loss()
        self._consumer.stop()
        self._finish()
        self._consumer.close(keep_group=self._state == "failed")
        if not self._told:
            self._raise_failure()

    def position(self) -> int:
        return self._arrivals.count

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        """As they are now: an image may come after the event that refers to it, whose line in the log stays as it was written.

        Raises CaptureFailed if the recorder stopped, EnvironmentProblem if it stopped because Redis went away.
        """
        self._raise_failure()
        return all_joined(self._arrivals.since(sequence), self._bulk)

    def let_go(self, before: int) -> None:
        """Keep events numbered below `before` on disk only: memory stays flat over a long run."""
        self._arrivals.let_go(before)

    def wait(self, sequence: int, deadline_ns: int) -> bool:
        """True when an event numbered `sequence` or higher is there, False at the deadline. Raises as `events_since`."""
        bell: SimpleQueue[None] = SimpleQueue()
        self._waiting[bell] = sequence
        try:
            while self._arrivals.count <= sequence:
                self._raise_failure()
                left_ns = deadline_ns - time.perf_counter_ns()
                if left_ns <= 0:
                    return False
                with suppress(Empty):
                    bell.get(timeout=min(left_ns / 1e9, _LOOK_EVERY_S))
        finally:
            del self._waiting[bell]
        return True

    def loss(self) -> LossReport:
        """What was lost upstream so far; everything else is on disk then. Raises as `events_since`."""
        if self._state != "recording":
            return self._loss
        report = self._consumer.loss()
        self.flush()
        return report

    def flush(self) -> None:
        """Return when every event seen so far, and its image, is on disk. Raises as `events_since`."""
        self._recording.flush()
        self._raise_failure()

    def contract_generation(self) -> str:
        if self._state == "recording":
            self._recording.flush()
        return self._dialects.generation

    def _take(self, batch: Batch) -> None:
        """Called by the reading thread: show the events to waiters, then have them written."""
        record = read_batch(batch, self._arrivals.count, self._bulk)
        self._arrivals.add(record)
        if self._waiting and batch.has_other_than(wire.INJECTION_COMMANDS):
            self._wake(self._arrivals.count)
        self._recording.put(record)

    def _kept(self, records: Sequence[AnyRecord]) -> None:
        """Called by the writing thread."""
        self._consumer.acknowledge([record.batch for record in records])
        for record in records:
            self._dialects.add_all(record.wire_types())
        if time.monotonic() - self._facts_written_at > _REWRITE_EVERY_S:
            self._write_facts()

    def _wake(self, count: float = math.inf) -> None:
        """Wake all who wait for an event numbered below `count`."""
        for bell, sequence in self._waiting.copy().items():  # others begin and end their waiting meanwhile
            if sequence < count:
                bell.put(None)

    def _raise_failure(self) -> None:
        failure = self._recording.failure or self._consumer.failure
        if failure is None:
            return
        self._told = True
        if isinstance(failure, EnvironmentProblem):
            raise EnvironmentProblem(f"capture stopped: {failure}", hint=failure.hint) from failure
        if isinstance(failure, CaptureFailed):
            raise type(failure)(str(failure), hint=failure.hint) from failure
        raise CaptureFailed(f"capture stopped by {type(failure).__name__}: {failure}") from failure

    def _finish(self) -> None:
        self._recording.close()
        self._state = "failed" if self._told or self._recording.failure or self._consumer.failure else "complete"
        try:
            self._write_facts()
        finally:
            self._writer.close()

    def _write_facts(self) -> None:
        self._facts_written_at = time.monotonic()
        facts = session_facts(
            session_id=self.session_id,
            state=self._state,
            started=self._started,
            redis=self._consumer.address,
            streams=self._consumer.streams,
            durability=self.durability,
            contract_generation=self._dialects.generation,
            counts=self._writer.counts,
            loss=self._loss,
        )
        self._writer.write_session(facts | self._given_facts)
