"""A stage that never came: the last one that did, and who should have acted on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.attribution.consistency import contradicts, suspects_among
from pytest_intellisense.engine.attribution.passage import labels_of, passage, stages_of
from pytest_intellisense.engine.attribution.refusals import refusal_after
from pytest_intellisense.engine.tracing import causes_of, ids_of
from pytest_intellisense.model.attribution import Attribution, ReaderState
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.results import PipelineResult, StageResult
from pytest_intellisense.model.timeline import TimelineEvent


def first_missing(pipeline: PipelineResult) -> StageResult | None:
    return next((one for one in stages_of(pipeline) if not (one.arrived or one.optional or one.absent)), None)


def last_before(pipeline: PipelineResult, missing: StageResult) -> TimelineEvent | None:
    """The event of the last stage that arrived before the missing one: what somebody should have acted on."""
    own = stages_of(pipeline)
    place = next((index for index, one in enumerate(own) if one.key == missing.key), len(own))
    return next((one.event for one in reversed(own[:place]) if one.event is not None), None)


def missing_stage(
    pipeline: PipelineResult, missing: StageResult, stimulus: Mapping[str, Any], readers: Sequence[ReaderState]
) -> Attribution:
    diverted = next((one for one in pipeline.stages if one.key == pipeline.diverted_by and one.event), None)
    if diverted is not None and diverted.event is not None:
        return _diverted(pipeline, missing, diverted.event, stimulus)
    last = last_before(pipeline, missing)
    after = _later(pipeline, missing)
    refusal = refusal_after(last, pipeline) if last is not None and after is None else None
    if refusal is not None:
        return _diverted(pipeline, missing, refusal, stimulus)
    came = f"{_key_of(pipeline, last)} was the last to arrive" if last is not None else "nothing arrived after the injection"
    if missing.events:
        came = f"{missing.key} came {len(missing.events)}x and is not complete"
    return Attribution(
        candidates=(missing.key,),
        reason=f"{after.key} came without it" if after else came,
        reading=_without_it(pipeline, missing, after) if after else _reading(missing, last, readers, pipeline),
        field="arrival",
        readers=tuple(readers),
    )


def _diverted(
    pipeline: PipelineResult, missing: StageResult, answer: TimelineEvent, stimulus: Mapping[str, Any]
) -> Attribution:
    """Another event came instead. Whoever sent it may have been right to: what it was given counts as well."""
    nodes = [node for node in passage(pipeline, stimulus, answer) if node.event is not answer]
    decided = suspects_among(nodes, how_far=True)
    sure = len(decided) == 1 and contradicts(nodes, decided[0])
    candidates = decided if sure else (*(one for one in decided if one != missing.key), missing.key)
    name = labels_of(pipeline)(answer) or answer.event_type
    return Attribution(
        candidates=candidates,
        reason=f"{answer.source_component or 'the application'} answered with {name} instead of {missing.key}",
        reading=_instead(candidates, name),
        field="arrival",
    )


def _instead(candidates: Sequence[str], answer: str) -> str:
    if len(candidates) == 1:
        return f"every stage before only passed on what was injected: look at why {answer} was decided"
    return f"{answer} may be right for what {' and '.join(candidates[:-1])} said: look there first"


def _later(pipeline: PipelineResult, missing: StageResult) -> StageResult | None:
    own = stages_of(pipeline)
    place = next((index for index, one in enumerate(own) if one.key == missing.key), len(own))
    return next((one for one in own[place + 1 :] if one.event is not None and not one.absent), None)


def _without_it(pipeline: PipelineResult, missing: StageResult, after: StageResult) -> str:
    """The work was done all the same: does its event exist under an id that nobody has seen?"""
    event = after.event
    seen = {own for traced in pipeline.events for own in ids_of(traced.event)}
    named = [cause for cause in causes_of(event) if cause not in seen] if event is not None else []
    if named:
        return f"{after.key} names a cause that was never published ({named[0]}): the work was done, its event was not sent"
    return f"the work went on without it: {missing.key} did not publish, or its event was lost on the way"


def _key_of(pipeline: PipelineResult, event: TimelineEvent) -> str:
    return next((stage.key for stage in pipeline.stages if any(one.event is event for one in stage.events)), event.event_type)


def _reading(missing: StageResult, last: TimelineEvent | None, readers: Sequence[ReaderState], pipeline: PipelineResult) -> str:
    """What the server knows of the entry that somebody should have acted on."""
    near = next((miss for miss in pipeline.near_misses if miss.field == "correlation_id"), None)
    if near is not None and "no correlation_id" in near.differs:
        return f"a {missing.event_type} came without correlation id: it was sent, and lost its id on the way"
    if last is None:
        return "nobody acted on the injection"
    for reader in readers:
        if reader.holder:
            idle = format_ns(reader.idle_ms * 1_000_000)
            return (
                f"delivered to {reader.holder} of group {reader.group} and not acknowledged for {idle}: "
                f"look at {reader.holder}, not at the transport"
            )
    behind = next((reader for reader in readers if not reader.delivered), None)
    if behind is not None:
        lag = "an unknown number of" if behind.lag is None else str(behind.lag)
        return f"group {behind.group} has not been given it yet, {lag} entries behind: its consumers are slow or gone"
    if readers:
        names = " and ".join(reader.group for reader in readers)
        return f"group {names} took it and acknowledged it: the work was done or dropped without {missing.key}"
    return f"no consumer group reads {last.stream}: ask whoever takes {last.event_type} from it"
