"""LiveCapture: records a running TESTRADE for hours and keeps no event in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Protocol

from pytest_intellisense.capture.dashcam import Dashcam
from pytest_intellisense.capture.facts import session_facts
from pytest_intellisense.capture.kept import Kept
from pytest_intellisense.capture.live_statistics import Statistics
from pytest_intellisense.capture.recording import Recording
from pytest_intellisense.capture.records import AnyRecord, read_batch
from pytest_intellisense.capture.resuming import Earlier
from pytest_intellisense.capture.segmented_log import SegmentedLog
from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem, IntelliSenseError
from pytest_intellisense.model.results import LossReport
from testrade_hooks import clock


class LiveSource(BatchSource, Protocol):
    """A source that is recorded to its end, and from there on later."""

    def catch_up(self) -> None: ...
    def resume_facts(self) -> Mapping[str, Any]: ...


class LiveCapture:
    """`start`, then `write_facts` every second or two until `ended` is set or it is enough, then `finish`.

    Every batch: numbered and counted by the reading thread, written and synced by the writing one, then acknowledged.
    `facts` are added to session.json; `bulk` knows where images are that events only refer to.
    """

    def __init__(
        self,
        consumer: LiveSource,
        log: SegmentedLog,
        *,
        session_id: str,
        durability: str,
        facts: Mapping[str, Any],
        dashcam: Dashcam | None = None,
        earlier: Earlier | None = None,
        bulk: BulkData | None = None,
    ) -> None:
        self._earlier = earlier or Earlier()
        self.ended = threading.Event()
        self.log = log
        self.dashcam = dashcam
        if dashcam is not None:
            dashcam.on_drop = self.write_facts
        self.state = "scheduled"
        self.reason = ""
        self.loss = _stated_loss(self._earlier.facts)
        self._loss_epoch_ns: int | None = self._earlier.facts.get("losses_epoch_ns")
        self._consumer = consumer
        self._session_id = session_id
        self._first_segment = log.segment
        self._bulk = bulk or BulkData()
        self._durability = durability
        self._facts = dict(facts)
        self._next_sequence = self._earlier.next_sequence
        self._pending_is_kept = False
        self._dialects = DialectCount()
        self._writing_facts = threading.Lock()
        self._started = clock.now()
        self._recording: Recording | None = None
        log.counts.update(self._earlier.counts)
        self._kept = Kept(log, self._earlier.next_sequence, self._earlier.statistics, self._earlier.kept_streams)
        log.bytes_written += self._earlier.facts.get("statistics", {}).get("bytes_written", 0)

    @property
    def address(self) -> str:
        return self._consumer.address

    @property
    def streams(self) -> tuple[str, ...]:
        return self._consumer.streams

    @property
    def statistics(self) -> Statistics:
        return self._kept.statistics

    @property
    def failure(self) -> BaseException | None:
        return (self._recording.failure if self._recording else None) or self._consumer.failure

    def start(self) -> None:
        """Return when capture is confirmed on every stream. Raises EnvironmentProblem and CaptureFailed."""
        self._started = clock.now()
        self.state = "recording"
        self.write_facts()
        self._recording = Recording(self.log, self._written, self.ended.set)
        try:
            self._consumer.start(self._take, self.ended.set)
        except IntelliSenseError:
            self._recording.close()
            self.abandon("failed")
            raise
        self._dialects.add_entries(self._consumer.newest_before)
        self._recording.flush()
        self._pending_is_kept = self.failure is None

    def attached(self) -> None:
        """The consumer knows where it stands on every stream, and has handed on nothing yet. Raises CaptureFailed."""
        self._kept.attached(self._consumer.resume_facts()["streams"])
        self._pending_is_kept = self._earlier.point is None
        self.write_facts()

    def abandon(self, state: str) -> None:
        """End a session that never came to record, as complete or failed. Raises CaptureFailed."""
        self.state = state
        try:
            self.write_facts()
        finally:
            self.log.close()

    def lost_so_far(self, loss: LossReport) -> None:
        """What is lost for certain at this moment."""
        self.loss, self._loss_epoch_ns = loss, clock.now().epoch_ns

    def finish(self, reason: str, problem: IntelliSenseError | None = None) -> None:
        """Record what is on the streams now, then end. `problem`: why it cannot go on, if that is not known here.

        Raises nothing: see `state` and `reason`. A session that failed keeps its consumer group, so that it can be resumed.
        """
        assert self._recording is not None
        if problem is None and self.failure is None:
            with suppress(EnvironmentProblem):  # the loss says it then
                self._consumer.catch_up()
        self._consumer.stop()
        self.lost_so_far(self._consumer.loss())
        self._recording.close()
        failure = self.failure or problem
        try:
            if self.dashcam is not None and failure is None:
                self.dashcam.finish()
        except CaptureFailed as error:
            failure = error
        self._end(reason, failure)
        self._consumer.close(keep_group=self.state == "failed")

    def _end(self, reason: str, failure: BaseException | None) -> None:
        self.state, self.reason = ("failed", _in_words(failure)) if failure else ("complete", reason)
        try:
            self.log.sync()
            self.write_facts()
        except CaptureFailed as error:
            self.state, self.reason = "failed", _in_words(failure or error)
        with suppress(CaptureFailed):  # told above
            self.log.close()

    def write_facts(self) -> None:
        """Rewrite session.json: its time says that we are alive. Raises CaptureFailed."""
        with self._writing_facts:
            self.log.write_session(self.facts())

    def facts(self) -> dict[str, Any]:
        """What session.json says now."""
        facts = session_facts(
            session_id=self._session_id,
            state=self.state,
            started=self._started,
            redis=self._consumer.address,
            streams=self._consumer.streams,
            durability=self._durability,
            contract_generation=self._dialects.generation,
            counts=self.log.counts,
            loss=self.loss,
        )
        before = self._earlier.facts
        if before:
            facts["interruptions"] = [*before.get("interruptions", []), self._interruption(facts)]
            facts["started_epoch_ns"] = before["started_epoch_ns"]
            facts["clock_domains"] = sorted({*before["clock_domains"], *facts["clock_domains"]})
        facts |= self._facts
        facts |= {
            "losses_epoch_ns": self._loss_epoch_ns,
            "reason": self.reason,
            "segment": self.log.segment,
            "resume": self._resume_facts(),
            "statistics": self.statistics.facts() | {"bytes_written": self.log.bytes_written},
        }
        if self.dashcam is not None:
            facts["dropped"] = asdict(self.dashcam.dropped)
            facts["dashcam"] = {**self._facts["dashcam"], "hits": self.dashcam.hits}
        return facts

    def _resume_facts(self) -> Mapping[str, Any]:
        """Until all that was pending is on disk, nothing but the earlier word holds of what is kept."""
        before: Mapping[str, Any] = self._earlier.facts.get("resume", {})
        stands = self._consumer.resume_facts()
        if not stands:
            return before
        return {**stands, "kept": self._kept.facts() if self._pending_is_kept else before.get("kept")}

    def _interruption(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        before = self._earlier.facts
        return {
            "last_sign_epoch_ns": before["written_epoch_ns"],
            "resumed_epoch_ns": facts["started_epoch_ns"],
            "in_segment": self._first_segment,
        }

    def _take(self, batch: Batch) -> None:
        """Called by the reading thread."""
        assert self._recording is not None
        record = read_batch(batch, self._next_sequence, self._bulk)
        self._next_sequence += len(record)
        if self.dashcam is not None:
            self.dashcam.look([event for event, _ in record.events])
        self._recording.put(record)

    def _written(self, records: Sequence[AnyRecord]) -> None:
        """Called by the writing thread."""
        batches = [record.batch for record in records]
        self._kept.add(records)
        self._consumer.acknowledge(batches)
        for record in records:
            self._dialects.add_all(record.wire_types())
        if self.dashcam is not None:
            self.dashcam.written(self.log.current, batches, may_drop=self._pending_is_kept)


def _stated_loss(facts: Mapping[str, Any]) -> LossReport:
    """What session.json says of an interrupted session."""
    said = facts.get("losses")
    return LossReport(**said | {"notes": tuple(said["notes"])}) if said else LossReport()


def _in_words(failure: BaseException) -> str:
    """What nobody expected is named by its type too."""
    return str(failure) if isinstance(failure, IntelliSenseError) else f"{type(failure).__name__}: {failure}"
