"""CaptureSession: everything TESTRADE said while it ran, on disk and at hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pytest_intellisense.capture.facts import session_facts
from pytest_intellisense.capture.paths import session_directory
from pytest_intellisense.capture.recording import Recording
from pytest_intellisense.capture.writer import Durability, LogWriter
from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem, IntelliSenseError
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.model.timeline import TimelineEvent
from testrade_hooks import clock

_REWRITE_EVERY_S = 2.0


class BatchSource(Protocol):
    """What a session records from."""

    @property
    def address(self) -> str: ...
    @property
    def streams(self) -> tuple[str, ...]: ...
    @property
    def newest_before(self) -> tuple[Entry, ...]: ...
    @property
    def failure(self) -> BaseException | None: ...

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None: ...
    def loss(self) -> LossReport: ...
    def close(self) -> None: ...


class CaptureSession:
    """An EventSource that records: events reach waiters when their images and lines are on disk.

    `facts` stand in session.json beside what the session knows itself. A context manager.
    """

    def __init__(
        self,
        root: Path,
        session_id: str,
        consumer: BatchSource,
        *,
        durability: Durability = "strict",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.session_id = session_id
        self.directory = session_directory(root, session_id)
        self.durability: Durability = durability
        self._consumer = consumer
        self._given_facts = dict(facts or {})
        self._events: list[TimelineEvent] = []
        self._arrived = threading.Condition()
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
        self._recording = Recording(self._writer, self._dialects)
        self._state = "recording"
        try:
            self._write_facts()
            self._consumer.start(self._record, self._wake)
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
        self._consumer.close()
        self._finish()
        if not self._told:
            self._raise_failure()

    def position(self) -> int:
        return len(self._events)

    def events_since(self, sequence: int) -> Sequence[TimelineEvent]:
        """Raises CaptureFailed if the recorder stopped, EnvironmentProblem if it stopped because Redis went away."""
        self._raise_failure()
        return self._events[sequence:]

    def wait(self, sequence: int, deadline_ns: int) -> bool:
        """True when an event numbered `sequence` or higher is there, False at the deadline. Raises as `events_since`."""
        with self._arrived:
            while len(self._events) <= sequence:
                self._raise_failure()
                left_ns = deadline_ns - time.perf_counter_ns()
                if left_ns <= 0:
                    return False
                self._arrived.wait(left_ns / 1e9)
        return True

    def loss(self) -> LossReport:
        return self._consumer.loss() if self._state == "recording" else self._loss

    def contract_generation(self) -> str:
        return self._dialects.generation

    def _record(self, batch: Batch) -> None:
        events = self._recording.record(batch, len(self._events))
        with self._arrived:
            self._events += events
            self._arrived.notify_all()
        if time.monotonic() - self._facts_written_at > _REWRITE_EVERY_S:
            self._write_facts()

    def _wake(self) -> None:
        with self._arrived:
            self._arrived.notify_all()

    def _raise_failure(self) -> None:
        failure = self._consumer.failure
        if failure is None:
            return
        self._told = True
        if isinstance(failure, EnvironmentProblem):
            raise EnvironmentProblem(f"capture stopped: {failure}", hint=failure.hint) from failure
        if isinstance(failure, CaptureFailed):
            raise CaptureFailed(str(failure), hint=failure.hint) from failure
        raise CaptureFailed(f"capture stopped by {type(failure).__name__}: {failure}") from failure

    def _finish(self) -> None:
        self._state = "failed" if self._told or self._consumer.failure else "complete"
        try:
            self._write_facts()
        finally:
            self._writer.close()

    def _write_facts(self) -> None:
        self._facts_written_at = time.monotonic()
        self._writer.write_session(
            session_facts(
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
            | self._given_facts
        )
