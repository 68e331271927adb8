"""The way of one value through the application: from the stimulus along the causes of an event to that event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.pipelines import TESTRADE_STAGES
from pytest_intellisense.engine.tracing import causes_of, ids_of
from pytest_intellisense.model.results import PipelineResult, StageResult, TracedEvent
from pytest_intellisense.model.timeline import Sense, TimelineEvent

INJECTED = "injected"
DIVERSION = "diversion"


@dataclass(frozen=True, slots=True)
class Node:
    """A stage on the way. `event` is None for the stimulus itself, and for a state that was asked for at the end."""

    label: str
    content: Mapping[str, Any]
    event: TimelineEvent | None = None


def stages_of(pipeline: PipelineResult) -> list[StageResult]:
    """The pipeline's own stages, without the diversions that happened."""
    return [stage for stage in pipeline.stages if stage.note != DIVERSION]


def events_of(pipeline: PipelineResult, stimulus: Mapping[str, Any]) -> list[TracedEvent]:
    """The events of the injection that the pipeline follows: of a sequence of frames, the last one's."""
    frame = re.compile(re.escape(str(stimulus.get("correlation_id"))) + r"\.\d+")
    return [traced for traced in pipeline.events if not frame.fullmatch(traced.event.correlation_id or "")]


def labels_of(pipeline: PipelineResult) -> Callable[[TimelineEvent], str]:
    """What to call the stage of an event: by its key in the pipeline, else by TESTRADE's own stages; "" for other events."""
    by_number = {traced.event.global_sequence_id: stage.key for stage in pipeline.stages for traced in stage.events}
    types = [stage.event_type for stage in stages_of(pipeline)]
    by_type = {stage.event_type: stage.key for stage in stages_of(pipeline) if types.count(stage.event_type) == 1}

    def label(event: TimelineEvent) -> str:
        known = by_number.get(event.global_sequence_id) or by_type.get(event.event_type)
        if known or event.event_type in types:
            return known or ""
        return INJECTED if event.event_type == "INJECTION_COMMAND" else TESTRADE_STAGES.get(event.event_type, "")

    return label


def causes(last: TimelineEvent, events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """The causes of `last`, each known to be the cause of the next, oldest first, `last` at the end."""
    known = {own: event for event in reversed(list(events)) for own in ids_of(event)}
    line, seen = [last], {last.global_sequence_id}
    while True:
        cause = next((known[name] for name in causes_of(line[-1]) if name in known), None)
        if cause is None or cause.global_sequence_id in seen:
            return line[::-1]
        seen.add(cause.global_sequence_id)
        line.append(cause)


def passage(pipeline: PipelineResult, stimulus: Mapping[str, Any], last: TimelineEvent | None) -> list[Node]:
    """From the stimulus to `last` (None: the end of the pipeline): along its causes, else by the order of the stages."""
    label = labels_of(pipeline)
    events = events_of(pipeline, stimulus)
    line = causes(last, (traced.event for traced in pipeline.events)) if last is not None else []
    if not line or line[0].sense is not Sense.INJECTION_CONTROL:
        line = _by_time(events, [stage.key for stage in pipeline.stages], label, last)
    else:
        line = _with_pictures(line, events)
    nodes = [Node(_injected(pipeline), stimulus)]
    for event in line:
        name = label(event)
        if not name or event.sense is Sense.INJECTION_CONTROL:
            continue
        if name == nodes[-1].label:
            if event is last:
                nodes[-1] = Node(name, event.payload, event)
            continue
        nodes.append(Node(name, event.payload, event))
    return nodes


def _with_pictures(line: Sequence[TimelineEvent], events: Sequence[TracedEvent]) -> list[TimelineEvent]:
    """A picture that was made on the way is part of it, though nobody names it as a cause: what came next was read from it."""
    at_ns = {traced.event.global_sequence_id: traced.at_ns or 0 for traced in events}
    known = {own for event in line for own in ids_of(event)}
    pictures = [
        traced.event
        for traced in events
        if traced.event.image is not None and traced.event not in line and known.issuperset(causes_of(traced.event))
    ]
    found: list[TimelineEvent] = []
    for event in line:
        due = [one for one in pictures if at_ns[one.global_sequence_id] <= at_ns.get(event.global_sequence_id, 0)]
        found += [*(one for one in due if one not in found), event]
    return found


def _by_time(
    events: Sequence[TracedEvent], keys: Sequence[str], label: Callable[[TimelineEvent], str], last: TimelineEvent | None
) -> list[TimelineEvent]:
    """The first event of every stage up to `last`; a stage comes where the pipeline has it, other events by their time."""
    until = next((traced.at_ns for traced in events if traced.event is last), None) if last is not None else None
    first: dict[str, TracedEvent] = {}
    for traced in sorted(events, key=lambda one: one.at_ns or 0):
        if (until is None or (traced.at_ns or 0) <= until) and (name := label(traced.event)):
            first.setdefault(name, traced)
    found = sorted(first.items(), key=lambda one: one[1].at_ns or 0)
    if all(name in keys for name in first):
        found.sort(key=lambda one: keys.index(one[0]))
    line = [traced.event for _, traced in found if traced.event is not last]
    return [*line, last] if last is not None else line


def _injected(pipeline: PipelineResult) -> str:
    """How this pipeline calls the injection."""
    return next((stage.key for stage in pipeline.stages if stage.event_type == "INJECTION_COMMAND"), INJECTED)


def timed_labels(pipeline: PipelineResult, stimulus: Mapping[str, Any]) -> Sequence[tuple[str, int]]:
    """When each stage was first reached, in nanoseconds after the injection, in the order of time."""
    label = labels_of(pipeline)
    first: dict[str, int] = {}
    for traced in sorted(events_of(pipeline, stimulus), key=lambda one: one.at_ns or 0):
        if traced.at_ns is not None and (name := label(traced.event)):
            first.setdefault(name, traced.at_ns)
    return sorted(first.items(), key=lambda one: one[1])
