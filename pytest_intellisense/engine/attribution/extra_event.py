"""An event that came although it should not, or once too often: who caused it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.attribution.consistency import suspects_among
from pytest_intellisense.engine.attribution.leaves import changes_on_its_way, leaves_of
from pytest_intellisense.engine.attribution.passage import Node, causes, labels_of, passage
from pytest_intellisense.model.attribution import Attribution
from pytest_intellisense.model.results import PipelineResult
from pytest_intellisense.model.timeline import Sense, TimelineEvent

Label = Callable[[TimelineEvent], str]
_MOST = 20


def extra_event(
    pipeline: PipelineResult, offending: Sequence[TimelineEvent], stimulus: Mapping[str, Any], *, allowed: bool
) -> Attribution:
    """`offending` are the events that count too many, in the order of their arrival; `allowed`: one of the kind may come."""
    if not offending:
        return Attribution(candidates=(), reason="the check names no event", field="count")
    events = [traced.event for traced in pipeline.events]
    label = labels_of(pipeline)
    twins = _twins(offending, events) if allowed else None
    if twins is not None:
        return _duplicated(*twins, events, label)
    return _unwanted(pipeline, offending[-1 if allowed else 0], stimulus, events, label)


def _twins(offending: Sequence[TimelineEvent], events: Sequence[TimelineEvent]) -> tuple[TimelineEvent, TimelineEvent] | None:
    """Of the events that say the same, one of them offending, the two with the most causes in common."""
    last = {event.event_type for event in offending[:_MOST]}
    alike = [event for event in events if event.event_type in last][:_MOST]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(alike, 2)
        if (one in offending or other in offending) and _says(one) == _says(other)
    ]
    lines = {event.global_sequence_id: causes(event, events) for pair in pairs for event in pair}
    return max(pairs, key=lambda pair: _shared(*(lines[event.global_sequence_id] for event in pair)), default=None)


def _says(event: TimelineEvent) -> tuple[str, frozenset[tuple[tuple[str, ...], str]]]:
    """What an event is about, numbers aside: they may have changed with the state between the two."""
    texts = (
        (leaf.path, leaf.value)
        for leaf in leaves_of(event.payload)
        if isinstance(leaf.value, str) and not leaf.is_volatile and not changes_on_its_way(leaf.path[-1])
    )
    return event.event_type, frozenset(texts)


def _duplicated(one: TimelineEvent, other: TimelineEvent, events: Sequence[TimelineEvent], label: Label) -> Attribution:
    """Where the lines of causes of two of them run together: the stage behind that place acted twice."""
    first, second = causes(one, events), causes(other, events)
    chain = tuple(_name(event, label) for event in second[::-1])
    if one.event_id and one.event_id == other.event_id:
        return _named(_name(one, label), "the very same event was published twice (one event id)", chain)
    if not _complete(first) or not _complete(second):
        return Attribution(
            candidates=(),
            reason="the causes of these events are not all known",
            reading="a causation id in every event would say which stage acted twice",
            field="count",
            caused_by=chain,
        )
    shared = _shared(first, second)
    if shared == 0:
        return Attribution(candidates=(), reason="they follow from two injections", field="count", caused_by=chain)
    cause = _name(first[shared - 1], label)
    culprit = next((name for event in second[shared:] if (name := label(event))), "")
    culprit = culprit or _name(second[-1], label)
    if shared == len(first) or shared == len(second):
        return _named(culprit, f"one {_name(first[-1], label)} led to another", chain)
    return _named(culprit, f"{culprit} acted twice on one {cause}", chain)


def _shared(first: Sequence[TimelineEvent], second: Sequence[TimelineEvent]) -> int:
    """How many causes two lines have in common from their beginning."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a is not b), min(len(first), len(second)))


def _complete(line: Sequence[TimelineEvent]) -> bool:
    return line[0].sense is Sense.INJECTION_CONTROL


def _unwanted(
    pipeline: PipelineResult,
    event: TimelineEvent,
    stimulus: Mapping[str, Any],
    events: Sequence[TimelineEvent],
    label: Label,
) -> Attribution:
    """A single event: its stage, unless that only passed on what a stage before it had decided."""
    nodes = passage(pipeline, stimulus, event)
    if nodes[-1].event is not event:
        nodes = [*nodes, Node(_name(event, label), event.payload, event)]
    chain = tuple(_name(one, label) for one in causes(event, events)[::-1])
    suspects = suspects_among(nodes, how_far=True)
    if not suspects:
        return Attribution(
            candidates=(),
            reason=f"every stage up to {_name(event, label)} only passed on what was injected",
            reading="the stimulus leads to it: either it should have been stopped on the way, or the plan expects too little",
            field="count",
            caused_by=chain,
        )
    return Attribution(
        candidates=suspects,
        reason=f"{_name(event, label)} follows from {_list(chain[1:]) or 'the injection'}",
        reading="" if len(suspects) == 1 else f"what {_list(suspects[:-1])} said may have asked for it",
        field="count",
        caused_by=chain,
    )


def _named(stage: str, reason: str, chain: tuple[str, ...]) -> Attribution:
    return Attribution(candidates=(stage,), reason=reason, field="count", caused_by=chain)


def _name(event: TimelineEvent, label: Label) -> str:
    return label(event) or event.event_type


def _list(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:4])
