"""One run of `intellisense capture start`, from the first look at Redis to the summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from pytest_intellisense.capture.dashcam import Dashcam
from pytest_intellisense.capture.live import LiveCapture
from pytest_intellisense.capture.live_statistics import RateMeter
from pytest_intellisense.capture.paths import session_directory
from pytest_intellisense.capture.resuming import Earlier, facts_to_resume, read_earlier
from pytest_intellisense.capture.segmented_log import SegmentedLog
from pytest_intellisense.cli.capture_settings import CaptureSettings, DashcamSettings
from pytest_intellisense.cli.ending import Ending
from pytest_intellisense.cli.lag_watch import Lag, LagWatch
from pytest_intellisense.cli.live_line import LiveLine, clock_text, live_text
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.engine.criteria import Matcher
from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.housekeeping.disk_watch import DiskWatch
from pytest_intellisense.housekeeping.segment_compressor import SegmentCompressor
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.streams.blobs import blob_reader
from pytest_intellisense.streams.claim import require_home, require_unread
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.groups import private_stream_of
from pytest_intellisense.streams.rights import require_rights

_LOOK_EVERY_S = 0.2
_SHOW_EVERY_S = 1.0
_BEAT_EVERY_S = 2.0


class CaptureRun:
    """What was recorded, and what went wrong, stands in `capture` when `record` returns."""

    def __init__(self, settings: CaptureSettings, ending: Ending) -> None:
        self.settings = settings
        self.line = LiveLine(sys.stderr)
        self._ending = ending
        self._endpoint = endpoint_of(settings.redis_url).settled()
        self.directory = session_directory(settings.output_dir, settings.session_id)
        self._before = facts_to_resume(self.directory) if settings.resume else {}
        self._dashcam_settings = _dashcam_settings(self._before) if settings.resume else settings.dashcam
        self._check_redis()
        DiskWatch(_nearest_existing(settings.output_dir)).require()
        self.capture = self._capture()
        self._disk = DiskWatch(self.directory)
        self._disk_level = "enough"
        self._compressor = SegmentCompressor(self.directory, self.line.say)
        self._warned: set[str] = set()
        self._lag = Lag()
        self._began_s = time.monotonic()
        if self.begins_later:
            self.capture.write_facts()

    @property
    def begins_later(self) -> bool:
        return self.settings.schedule.begin_epoch_s is not None

    def wait_for_begin(self) -> bool:
        """Return True at the scheduled time, False if the run is ended before."""
        begin = self.settings.schedule.begin_epoch_s or 0.0
        while (left_s := begin - time.time()) > 0:
            if self._ending.reason:
                self.capture.reason = self._ending.reason
                self.capture.abandon("complete")
                return False
            self.line.show(f"waiting, recording begins in {clock_text(left_s)}")
            self._ending.wait(min(left_s, _LOOK_EVERY_S))
        return True

    def start(self) -> None:
        """Return when capture is confirmed on every stream. Raises EnvironmentProblem and CaptureFailed."""
        self.capture.start()
        self._began_s = time.monotonic()

    def record(self) -> None:
        """Record until something ends it. What went wrong stands in `capture` then."""
        watch = LagWatch(self._endpoint, self._consumer)
        problem: IntelliSenseError | None = None
        try:
            reason = self._until_the_end(watch)
        except IntelliSenseError as error:
            problem, reason = error, str(error)
        finally:
            watch.close()
            self._compressor.close()
        self.line.say(f"stopping: {reason}")
        self.capture.finish(reason, problem)

    def _until_the_end(self, watch: LagWatch) -> str:
        """Why it ends, in words. Raises CaptureFailed if it has to."""
        meter = RateMeter()
        shown_s = beaten_s = float("-inf")
        while not (reason := self._reason_to_end()):
            now_s = time.monotonic()
            if now_s - shown_s >= _SHOW_EVERY_S:
                shown_s = now_s
                self._lag = watch.look()
                if self._lag.losses is not None:
                    self.capture.lost_so_far(self._lag.losses)
                self._warn()
                self._compressor.look(self.capture.log.segment)
                rates = meter.look(self.capture.statistics, self.capture.log.bytes_written)
                self.line.show(live_text(self.capture, rates, self._lag, now_s - self._began_s))
            if now_s - beaten_s >= _BEAT_EVERY_S:
                beaten_s = now_s
                self.capture.write_facts()
            self._ending.wait(_LOOK_EVERY_S)
        return reason

    def _reason_to_end(self) -> str:
        if self._ending.reason:
            return self._ending.reason
        if self.capture.ended.is_set():
            return str(self.capture.failure or "the reading ended")
        if self.settings.duration_s is not None and time.monotonic() - self._began_s >= self.settings.duration_s:
            return "the duration is over"
        end = self.settings.schedule.end_epoch_s
        return "the scheduled end" if end is not None and time.time() >= end else ""

    def _warn(self) -> None:
        """Raises CaptureFailed when the disk has no more room than it takes to end."""
        self._disk.require()
        room = self._disk.look()
        if room.level != self._disk_level:
            self._disk_level = room.level
            if room.sentence:
                self.line.say(room.sentence)
        for warning in self._lag.warnings:
            stream = warning.partition(": ")[0]
            if stream not in self._warned:
                self._warned.add(stream)
                self.line.say(warning)

    def _check_redis(self) -> None:
        """Raises EnvironmentProblem, before anything is written, for a Redis that is away, forbids something or is another."""
        session_id, address = self.settings.session_id, self._endpoint.address
        streams = self._before.get("streams", self.settings.streams)
        client = self._endpoint.connect()
        try:
            require_rights(client, address, streams, private_stream_of(session_id))
            require_unread(client, address, session_id)
            require_home(client, address, session_id, self._before)
        finally:
            client.close()

    def _capture(self) -> LiveCapture:
        settings = self.settings
        limits = Dashcam.limits(self._dashcam_settings.before_s) if self._dashcam_settings else settings.limits
        log = SegmentedLog(self.directory, settings.durability, limits, again=settings.resume)
        try:
            earlier = read_earlier(self.directory) if settings.resume else Earlier()
            self._consumer = StreamConsumer(
                self._endpoint,
                settings.session_id,
                streams=earlier.facts.get("streams", settings.streams),
                recover_within_s=settings.reconnect_within_s,
                resume=earlier.point,
                on_attached=lambda: self.capture.attached(),
            )
            dashcam = _dashcam(self.directory, self._dashcam_settings)
            if dashcam is not None and settings.resume:
                dashcam.go_on(earlier.facts, log.segment)
            return LiveCapture(
                self._consumer,
                log,
                session_id=settings.session_id,
                durability=settings.durability,
                facts=_facts(self._dashcam_settings),
                dashcam=dashcam,
                earlier=earlier,
                bulk=BulkData(blob_reader(self._endpoint)),
            )
        except BaseException:
            log.close()
            raise


def _nearest_existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _dashcam(directory: Path, settings: DashcamSettings | None) -> Dashcam | None:
    if settings is None:
        return None
    matchers = [Matcher(criteria) for criteria in settings.criteria]

    def is_wanted(event: TimelineEvent) -> bool:
        return any(matches(event) for matches in matchers)

    return Dashcam(directory, is_wanted, settings.before_s, settings.after_s)


def _dashcam_settings(facts: Mapping[str, Any]) -> DashcamSettings | None:
    """Those of a session that goes on."""
    said = facts.get("dashcam")
    return DashcamSettings(said["before_s"], said["after_s"], tuple(said["criteria"])) if said else None


def _facts(dashcam: DashcamSettings | None) -> Mapping[str, Any]:
    """What a later `stop` or `status` must know of this process and of what it was asked."""
    facts: dict[str, Any] = {"recorder": {"kind": "capture", "process_started_epoch_s": psutil.Process().create_time()}}
    if dashcam is not None:
        facts["dashcam"] = {"before_s": dashcam.before_s, "after_s": dashcam.after_s, "criteria": list(dashcam.criteria)}
    return facts
