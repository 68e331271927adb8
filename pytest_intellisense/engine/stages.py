"""Following one injection through the stages of its pipeline, event by event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.criteria import Matcher
from pytest_intellisense.engine.equality import is_number
from pytest_intellisense.engine.latency import Origin, latency_keys, precedes
from pytest_intellisense.engine.operators import OperatorRegistry
from pytest_intellisense.engine.tracing import Joined
from pytest_intellisense.model.pipeline import Diversion, PipelineSignature, Stage
from pytest_intellisense.model.results import NearMiss, PipelineResult, StageResult, TracedEvent
from pytest_intellisense.model.timeline import TimelineEvent

_ORDERS = frozenset({"ORDER_REQUEST", "VALIDATED_ORDER"})

CompiledDiversion = tuple[Diversion, Matcher]
Candidates = tuple[tuple[int, ...], tuple[CompiledDiversion, ...]]


class CompiledStage:
    def __init__(self, stage: Stage, operators: OperatorRegistry) -> None:
        self.stage = stage
        self.matches = Matcher(stage.match, operators)
        self.ends = Matcher(stage.until, operators) if stage.until else None


class CompiledPipeline:
    """A signature made ready to trace many injections. Raises PlanError for criteria that cannot be read."""

    def __init__(self, signature: PipelineSignature, operators: OperatorRegistry) -> None:
        self.signature = signature
        self.stages = [CompiledStage(stage, operators) for stage in signature.stages]
        self.diversions = [(each, Matcher(each.match, operators)) for each in signature.diversions]
        self.has_absent = any(stage.absent for stage in signature.stages)
        self._of_type: dict[tuple[str, str], Candidates] = {}

    def candidates(self, event: TimelineEvent) -> Candidates:
        """The stages (by index) and diversions whose criteria admit events of this type."""
        key = event.event_type, event.wire_type
        found = self._of_type.get(key)
        if found is None:
            stages = tuple(index for index, stage in enumerate(self.stages) if stage.matches.is_of_type(event))
            diversions = tuple(each for each in self.diversions if each[1].is_of_type(event))
            found = self._of_type[key] = (stages, diversions)
        return found


class _Progress:
    """What one stage has taken so far."""

    def __init__(self, compiled: CompiledStage) -> None:
        self.compiled = compiled
        self.stage = compiled.stage
        self.events: list[Joined] = []
        self.ended = compiled.ends is None
        self.done = False

    def take(self, joined: Joined) -> None:
        self.events.append(joined)
        if self.compiled.ends is not None and self.compiled.ends(joined.event):
            self.ended = True


class Tracker:
    """Assigns the joined events of one injection to stages; says when nothing more is to be expected.

    `ordered_quantity` is what the stimulus itself orders, for pipelines whose chain shows no order request.
    """

    def __init__(self, pipeline: CompiledPipeline, ordered_quantity: float | None = None) -> None:
        self.signature = pipeline.signature
        self.diverted: list[tuple[Diversion, Joined]] = []
        self._stages = [_Progress(stage) for stage in pipeline.stages]
        self.has_absent = pipeline.has_absent
        self._pipeline = pipeline
        self._ordered_quantity = ordered_quantity
        self._requests: dict[str, float] = {}
        self._ended_requests: set[str] = set()
        self._ended_orders: set[str] = set()

    def offer(self, joined: Joined) -> bool:
        """Take one event of the chain; returns whether a stage took it."""
        event = joined.event
        if event.event_type in _ORDERS:
            self._note_request(event)
        stages, diversions = self._pipeline.candidates(event)
        for index in stages:
            progress = self._stages[index]
            if not progress.done and progress.compiled.matches(event):
                progress.take(joined)
                progress.done = self._is_done(progress)
                return True
        for diversion, matches in diversions:
            if matches(event):
                self._note_end(event)
                self._recount()
                self.diverted.append((diversion, joined))
        return False

    def renew(self, now: Mapping[int, TimelineEvent]) -> None:
        """Some events, by their numbers, as they are now. What they did to the stages stays."""
        for progress in self._stages:
            progress.events = [joined.renewed(now) for joined in progress.events]
        self.diverted = [(diversion, joined.renewed(now)) for diversion, joined in self.diverted]

    @property
    def complete(self) -> bool:
        """Every stage that must arrive has taken all its events."""
        return all(each.done or each.stage.optional or each.stage.absent for each in self._stages)

    @property
    def intruder(self) -> Stage | None:
        """The stage that must not arrive and did."""
        if not self.has_absent:
            return None
        return next((each.stage for each in self._stages if each.stage.absent and each.events), None)

    @property
    def is_diverted(self) -> bool:
        """A diversion happened and no order of the chain is still on its way."""
        return bool(self.diverted) and len(self._requests.keys() - self._ended_requests) <= len(self._ended_orders)

    @property
    def awaits_optional(self) -> bool:
        return any(each.stage.optional and not each.events for each in self._stages)

    @property
    def last_event(self) -> TimelineEvent | None:
        """The event that made the pipeline complete, by arrival."""
        taken = [each.events[-1].event for each in self._stages if each.events and not each.stage.absent]
        return max(taken, key=lambda event: event.global_sequence_id, default=None)

    def missing(self) -> list[CompiledStage]:
        return [each.compiled for each in self._stages if not each.done and not each.stage.absent]

    def _is_done(self, progress: _Progress) -> bool:
        stage = progress.stage
        if stage.absent:
            return bool(progress.events)
        if len(progress.events) < stage.min_count or not progress.ended:
            return False
        return not stage.whole_order or self._filled(progress) >= (self._ordered() or 0)

    def _filled(self, progress: _Progress) -> float:
        quantities: list[Any] = [joined.event.payload.get("fill_quantity") for joined in progress.events]
        return float(sum(quantities)) if all(map(is_number, quantities)) else float("inf")

    def _ordered(self) -> float:
        if not self._requests:
            return self._ordered_quantity or 0.0
        return sum(quantity for request, quantity in self._requests.items() if request not in self._ended_requests)

    def _note_request(self, event: TimelineEvent) -> None:
        request, quantity = event.payload.get("request_id"), event.payload.get("quantity")
        if isinstance(request, str) and isinstance(quantity, int | float):
            self._requests[request] = float(quantity)
            self._recount()

    def _recount(self) -> None:
        """What was ordered has changed, so an order may be whole now, or not yet."""
        for progress in self._stages:
            if progress.stage.whole_order:
                progress.done = self._is_done(progress)

    def _note_end(self, event: TimelineEvent) -> None:
        """An order that was rejected or cancelled is no longer on its way."""
        payload = event.payload
        request = payload.get("original_request_id") or payload.get("request_id")
        order = payload.get("local_order_id") or payload.get("local_id")
        if request:
            self._ended_requests.add(str(request))
        elif order:
            self._ended_orders.add(str(order))

    def results(self, origin: Origin) -> tuple[StageResult, ...]:
        """The stages as they are now, then the diversions that happened."""
        happened: dict[str, list[Joined]] = {}
        for diversion, joined in self.diverted:
            happened.setdefault(diversion.key, []).append(joined)
        diversions = [_diversion_result(key, events, origin) for key, events in happened.items()]
        return (*self._stage_results(origin), *sorted(diversions, key=lambda stage: stage.at_ns or 0))

    def _stage_results(self, origin: Origin) -> list[StageResult]:
        results = []
        earlier: list[TimelineEvent] = []
        for progress in self._stages:
            stage, events = progress.stage, _in_time(progress.events)
            traced = tuple(traced_event(joined, origin) for joined in events)
            first = events[0].event if events else None
            in_order = first is None or stage.unordered or not any(precedes(first, before) for before in earlier)
            results.append(
                StageResult(
                    key=stage.key,
                    event_type=first.event_type if first else _wanted_type(stage),
                    arrived=progress.done,
                    at_ns=traced[0].at_ns if traced else None,
                    time_source=traced[0].time_source if traced else "app",
                    optional=stage.optional,
                    unordered=stage.unordered,
                    absent=stage.absent,
                    in_order=in_order,
                    deadline_ns=round(stage.deadline_ms * 1e6) if stage.deadline_ms is not None else None,
                    events=traced,
                    note=self._note(progress),
                )
            )
            if first is not None and not (stage.unordered or stage.absent):
                earlier.append(first)
        return results

    def _note(self, progress: _Progress) -> str:
        stage, count = progress.stage, len(progress.events)
        if not count or stage.absent or progress.done:
            return f"{count} events" if count > 1 else ""
        if stage.whole_order and progress.ended and count >= stage.min_count:
            return f"{self._filled(progress):g} of {self._ordered():g} filled"
        if count < stage.min_count:
            return f"{count} of {stage.min_count} events"
        return f"{_events(count)}, none of them meets until"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _in_time(events: Sequence[Joined]) -> list[Joined]:
    """Events of one stage in the order they happened, as far as one clock can tell."""
    if len(events) < 2:
        return list(events)
    clocks = {joined.event.app_clock for joined in events}
    if len(clocks) > 1 or None in clocks or any(joined.event.app_time_ns is None for joined in events):
        return list(events)
    return sorted(events, key=lambda joined: joined.event.app_time_ns or 0)


def traced_event(joined: Joined, origin: Origin) -> TracedEvent:
    at_ns, source = origin.at(joined.event)
    return TracedEvent(event=joined.event, joined_by=joined.by, at_ns=at_ns, time_source=source)


def _diversion_result(key: str, events: Sequence[Joined], origin: Origin) -> StageResult:
    traced = tuple(traced_event(joined, origin) for joined in events)
    return StageResult(
        key=key,
        event_type=events[0].event.event_type,
        arrived=True,
        at_ns=traced[0].at_ns,
        time_source=traced[0].time_source,
        optional=True,
        events=traced,
        note="diversion",
    )


def _wanted_type(stage: Stage) -> str:
    wanted: Any = stage.match.get("event_type", "")
    if isinstance(wanted, Mapping):
        return str(next(iter(wanted.values()), ""))
    return " or ".join(map(str, wanted)) if isinstance(wanted, list | tuple) else str(wanted)


def pipeline_result(
    tracker: Tracker,
    origin: Origin,
    events: Sequence[Joined],
    *,
    stop_reason: str,
    waited_ns: int,
    timeout_ns: int,
    near_misses: tuple[NearMiss, ...] = (),
) -> PipelineResult:
    """Judge the pipeline as it stands: complete means everything arrived, in order, in time, and nothing that must not."""
    stages = tracker.results(origin)
    own = stages[: len(tracker.signature.stages)]
    intact = all(not stage.events if stage.absent else stage.in_order and not is_late(stage) for stage in own)
    is_complete = tracker.complete
    ends = [(traced.at_ns, traced.time_source) for stage in own if not stage.absent for traced in stage.events]
    end = max((one for one in ends if one[0] is not None), default=(None, "app"), key=lambda one: one[0] or 0)
    latencies, received = latency_keys(own, end[0] if is_complete else None, end[1])
    intruder = tracker.intruder
    diverted_by = intruder.key if intruder else ""
    if stop_reason == "diverted" and len(stages) > len(own):
        diverted_by = stages[len(own)].key
    return PipelineResult(
        name=tracker.signature.name,
        completed=is_complete and intact,
        timed_out=stop_reason == "deadline",
        stop_reason=stop_reason,
        stages=stages,
        latencies_ns=latencies,
        events=tuple(traced_event(joined, origin) for joined in events),
        waited_ns=waited_ns,
        timeout_ns=timeout_ns,
        diverted_by=diverted_by,
        diversions=tuple(stage.key for stage in tracker.signature.diversions),
        near_misses=near_misses,
        received_keys=received,
    )


def is_late(stage: StageResult) -> bool:
    """A stage that came after its own deadline."""
    return stage.deadline_ns is not None and stage.at_ns is not None and stage.at_ns > stage.deadline_ns
