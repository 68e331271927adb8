"""Watching what an injection brings about: captured events are joined to it and followed through its pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.engine.latency import Origin
from pytest_intellisense.engine.ports import Clock, EventSource, InjectionReceipt
from pytest_intellisense.engine.stages import Tracker
from pytest_intellisense.engine.stopping import Progress, Stop, Windows, decide
from pytest_intellisense.engine.tracing import Chain, Joined
from pytest_intellisense.model.timeline import TimelineEvent


class Observation:
    """The events since an injection. `chains` are one per injected frame; the pipeline follows the last of them."""

    def __init__(self, source: EventSource, chains: Sequence[Chain], tracker: Tracker, now_ns: Clock) -> None:
        self.start = source.position()
        self.tracker = tracker
        self.events: list[Joined] = []
        self.progress = Progress(tracker)
        self._source = source
        self._chains = chains
        self._now_ns = now_ns
        self._position = self.start
        self._receipts: list[InjectionReceipt] = []
        self._own_clock: str | None = None
        self._numbers: set[int] = set()

    @property
    def chain(self) -> Chain:
        return self._chains[-1]

    def injected(self, receipt: InjectionReceipt) -> None:
        """A command of this step is on its way."""
        self._receipts.append(receipt)

    def origin(self) -> Origin:
        """The intended time of the last injection; our own command event tells how publishers call our clock."""
        return Origin(self._receipts[-1].intended_ns, self._own_clock)

    def captured(self) -> Sequence[TimelineEvent]:
        """Every event since the step began, whether it belongs to it or not."""
        return self._source.events_since(self.start)

    def look_again(self) -> None:
        """What an event refers to, such as an image, may have come after it: take such events as they are now."""
        if not any(joined.event.marks for joined in self.events):
            return
        now = {event.global_sequence_id: event for event in self.captured() if event.marks or event.image}
        self.events = [joined.renewed(now) for joined in self.events]
        self.tracker.renew(now)
        for chain in self._chains:
            chain.joined = [joined.renewed(now) for joined in chain.joined]

    def pump(self) -> bool:
        """Take in what was captured meanwhile; returns whether anything of it belongs to the step."""
        fresh = self._source.events_since(self._position)
        if not fresh:
            return False
        self._position = fresh[-1].global_sequence_id + 1
        count = len(self.events)
        for event in fresh:
            if event.event_type.startswith("INJECTION_"):
                self._note_injection(event)
            for chain in self._chains:
                for joined in chain.add(event):
                    self._take(joined, chain)
        if len(self.events) == count:
            return False
        self.progress.last_event_ns = self._now_ns()
        if self.progress.completed_ns is None and self.tracker.complete:
            last = self.tracker.last_event
            self.progress.completed_ns = last.received_ns if last else self.progress.last_event_ns
        return True

    def _take(self, joined: Joined, chain: Chain) -> None:
        if joined.event.global_sequence_id not in self._numbers:
            self._numbers.add(joined.event.global_sequence_id)
            self.events.append(joined)
        if chain is self._chains[-1]:
            self.tracker.offer(joined)

    def _note_injection(self, event: TimelineEvent) -> None:
        for receipt in self._receipts:
            if event.event_id == receipt.event_id:
                self._own_clock = event.app_clock
            elif _answers(event, receipt) and event.payload.get("status") != "success":
                self.progress.refusal = str(event.payload.get("message") or event.payload.get("status"))

    def until(self, time_ns: int) -> None:
        """Keep taking in events until the time has come."""
        while self._now_ns() < time_ns:
            self.pump()
            self._source.wait(self._position, time_ns)

    def until_event_or(self, time_ns: int) -> bool:
        """Wait for one more event of the step; False if none came in time."""
        while True:
            if self.pump():
                return True
            if self._now_ns() >= time_ns:
                return False
            self._source.wait(self._position, time_ns)

    def until_stopped(self, windows: Windows) -> Stop:
        while True:
            self.pump()
            stop, wake_ns = decide(self.progress, windows, self._now_ns())
            if stop is not None:
                return stop
            self._source.wait(self._position, wake_ns)


def _answers(event: TimelineEvent, receipt: InjectionReceipt) -> bool:
    return event.event_type == "INJECTION_RESPONSE" and event.payload.get("command_id") == receipt.command_id
