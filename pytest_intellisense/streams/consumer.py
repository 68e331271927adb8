"""StreamConsumer: one thread reads every stream of TESTRADE, hands each batch on, and acknowledges what was kept."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import redis

from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.codec.resume_point import ResumePoint
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.connection import Endpoint, problem_of, reported
from pytest_intellisense.streams.groups import Groups, group_of, private_stream_of
from pytest_intellisense.streams.passing import may_pass
from pytest_intellisense.streams.reading import ReadingLoop, Sink
from pytest_intellisense.streams.resuming import Resumption, resume_facts
from pytest_intellisense.streams.tracks import Track
from testrade_hooks import clock, wire

_ANSWER_WITHIN_S = 4.0
_JOIN_WITHIN_S = 8.0


class StreamConsumer:
    """Reads all streams with a consumer group of its own, from the moment of `start` on.

    Every batch goes to the sink; its entries are acknowledged when `acknowledge` is called with it. An error of the sink,
    and a Redis that stays away longer than `recover_within_s`, end the reading: `failure` keeps the exception.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session_id: str,
        *,
        streams: Sequence[str] = wire.STREAMS,
        extra_streams: Sequence[str] = (),
        recover_within_s: float = 10.0,
        resume: ResumePoint | None = None,
        on_attached: Callable[[], None] | None = None,
    ) -> None:
        self.address = endpoint.address
        self.streams: tuple[str, ...] = tuple(resume.streams if resume else dict.fromkeys((*streams, *extra_streams)))
        self.newest_before: tuple[Entry, ...] = ()
        self.failure: BaseException | None = None
        self._endpoint = endpoint
        self._group = group_of(session_id)
        self._private_stream = private_stream_of(session_id)
        self._recover_within_s = recover_within_s
        self._resume = resume
        self._on_attached = on_attached
        self._tracks: dict[str, Track] = {}
        self._calls: dict[str, threading.Event] = {}
        self._ended = False
        self._owed: dict[str, list[str | bytes]] = {}
        self._thread: threading.Thread | None = None

    def start(self, sink: Sink, on_end: Callable[[], None]) -> None:
        """Return when capture is confirmed: an entry of our own came through the read that covers all streams.

        `newest_before` then holds the last entry of each stream. `on_end` is called by the reading thread when it ends.
        Raises EnvironmentProblem.
        """
        self._endpoint = self._endpoint.settled()
        self._client = self._endpoint.connect()
        try:
            with reported(self.address):
                self._attach(sink)
        except BaseException:
            self._client.close()
            raise
        self._thread = threading.Thread(target=self._run, args=(on_end,), name="intellisense-capture", daemon=True)
        self._thread.start()
        try:
            self.catch_up()
        except EnvironmentProblem:
            self.close(keep_group=self._resume is not None)
            raise

    def _attach(self, sink: Sink) -> None:
        self._sink = sink
        self._groups = Groups(self._client, self.address, self._group)
        self.newest_before = tuple(self._groups.newest(self.streams))
        resumption = Resumption(self._groups, self._resume, sink) if self._resume else None
        if resumption is None:
            self._tracks = self._attached()
        else:
            resumption.attach()
            self._tracks = resumption.tracks | self._groups.attach((self._private_stream,))
        self._loop = ReadingLoop(
            self._endpoint,
            self._group,
            self._tracks,
            private_stream=self._private_stream,
            sink=sink,
            on_call=self._called,
            recover_within_s=self._recover_within_s,
        )
        if resumption is not None:
            self._loop.book = resumption.book
        if self._on_attached is not None:
            self._on_attached()
        if resumption is not None:
            resumption.catch_up()

    def _attached(self) -> dict[str, Track]:
        """Nothing is promised yet: what was made without our hearing of it is made again, once."""
        streams = (*self.streams, self._private_stream)
        try:
            return self._groups.attach(streams)
        except redis.ConnectionError as error:
            if not may_pass(error):
                raise
            return self._groups.attach(streams)

    def resume_facts(self) -> dict[str, object]:
        """What `ResumePoint.of` needs to take this session up again, as JSON; nothing before it is attached."""
        if not self._tracks:
            return {}
        with self._loop.lock:
            return resume_facts({stream: self._tracks[stream] for stream in self.streams}, self._loop.book)

    def catch_up(self) -> None:
        """Return when everything that is on the streams now has been handed on, however much. Raises EnvironmentProblem."""
        token = str(uuid.uuid4())
        arrived = self._calls[token] = threading.Event()
        if self._ended:
            arrived.set()
        try:
            with reported(self.address):
                self._client.xadd(self._private_stream, {"call": token}, maxlen=100)
            handed_on = self._handed_on()
            while not arrived.wait(_ANSWER_WITHIN_S):
                before, handed_on = handed_on, self._handed_on()
                if handed_on != before:
                    continue
                raise EnvironmentProblem(
                    f"the capture of Redis at {self.address} did not come round within {_ANSWER_WITHIN_S:g} s"
                )
        finally:
            del self._calls[token]
        if self.failure is not None:
            raise EnvironmentProblem(f"the capture of Redis at {self.address} ended: {self.failure}")

    def acknowledge(self, batches: Iterable[Batch]) -> None:
        """Tell Redis that these are kept. What it could not be told now is told with the next ones.

        Raises EnvironmentProblem if Redis forbids it.
        """
        for batch in batches:
            for stream, ids in batch.ids():
                self._owed.setdefault(stream, []).extend(ids)
        try:
            self._groups.acknowledge(self._owed)
        except redis.exceptions.NoPermissionError as error:
            raise problem_of(error, self.address) from None
        except redis.RedisError:
            return
        self._owed = {}

    def stop(self) -> None:
        """Hand on what is already on the streams and end the thread. Does nothing the second time."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._loop.closing.set()
        with suppress(redis.RedisError):  # without this wake-up the blocking read ends by itself within a second
            self._client.xadd(self._private_stream, {"call": ""}, maxlen=100)
        thread.join(_JOIN_WITHIN_S)
        if self.failure is None and not thread.is_alive():
            with suppress(redis.RedisError, EnvironmentProblem):  # then `loss` says that it is not measurable
                self._note_losses()

    def close(self, *, keep_group: bool = False) -> None:
        """Stop, and remove our group unless it still guards entries that were not kept."""
        self.stop()
        with suppress(redis.RedisError):  # a server that is gone holds nothing of ours
            self._client.delete(self._private_stream)
            if not keep_group:
                self._groups.destroy(self.streams)
        self._client.close()

    def loss(self) -> LossReport:
        """What was added since the start and can no longer reach us, by the server's own count of entries."""
        try:
            try:
                return self._counted()
            except EnvironmentProblem:  # a lost reply is no reason not to know: the next attempt has a connection of its own
                return self._counted()
        except EnvironmentProblem as problem:
            return LossReport(measurable=False, notes=(f"loss not measurable: {problem}",))

    def _counted(self) -> LossReport:
        if self._thread is not None and self._thread.is_alive():
            self.catch_up()
        with self._loop.lock:
            seen, book = copy.deepcopy(self._tracks), copy.deepcopy(self._loop.book)
        with reported(self.address):
            facts = self._groups.facts(self.streams)
            unread = {name: self._groups.unread(seen[name], facts[name]) for name in self.streams}
        return book.report((seen[name], facts[name], unread[name]) for name in self.streams)

    def tracks(self) -> dict[str, Track]:
        """How far each stream has been read at this moment."""
        with self._loop.lock:
            return {name: copy.copy(self._tracks[name]) for name in self.streams}

    def _handed_on(self) -> int:
        return sum(track.received for track in self._tracks.values())

    def _note_losses(self) -> None:
        """Put what was lost on the timeline, now that nothing is being read."""
        gaps = self._groups.losses({stream: self._tracks[stream] for stream in self.streams})
        if gaps:
            self._sink(Batch(clock.now(), (), tuple(gaps)))

    def _run(self, on_end: Callable[[], None]) -> None:
        try:
            self._loop.run()
        except BaseException as error:  # noqa: BLE001 - kept for whoever waits for events
            self.failure = error
        finally:
            self._ended = True
            for arrived in list(self._calls.values()):
                arrived.set()
            on_end()

    def _called(self, token: str) -> None:
        arrived = self._calls.get(token)
        if arrived is not None:
            arrived.set()
