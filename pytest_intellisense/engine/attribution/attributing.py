"""Which stage went wrong first, for every failed validation of a step: by rule, from what was captured and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pytest_intellisense.engine.attribution.consistency import suspects_among, told_by
from pytest_intellisense.engine.attribution.extra_event import extra_event
from pytest_intellisense.engine.attribution.missing_stage import first_missing, last_before, missing_stage
from pytest_intellisense.engine.attribution.passage import Node, labels_of, passage
from pytest_intellisense.engine.attribution.questions import Asking, asking, of_field
from pytest_intellisense.engine.attribution.too_late import too_late
from pytest_intellisense.engine.attribution.trial import Trial
from pytest_intellisense.engine.attribution.wrong_value import wrong_value
from pytest_intellisense.engine.checks.context import Asked, asked
from pytest_intellisense.engine.criteria import Matcher, field_of
from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.engine.ports import StreamReaders
from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.model.attribution import Attribution, ReaderState
from pytest_intellisense.model.results import Fault, PipelineResult, ValidationOutcome
from pytest_intellisense.model.timeline import TimelineEvent
from pytest_intellisense.model.validation import ValidationPoint


def readers_of(pipeline: PipelineResult, readers: StreamReaders | None) -> Sequence[ReaderState]:
    """How others stand to the event that should have led to the missing stage."""
    missing = first_missing(pipeline)
    last = last_before(pipeline, missing) if missing is not None and not pipeline.diverted_by else None
    return readers.of(last.stream, last.entry_id) if last is not None and readers is not None else ()


def attributed(trial: Trial, others: Sequence[Trial]) -> tuple[ValidationOutcome, ...]:
    """The outcomes of a repetition, the failed ones with their attribution. `others` are the step's other repetitions."""
    points = {point.validation_id: point for point in trial.step.validation_points}
    return tuple(
        outcome
        if outcome.passed
        else msgspec.structs.replace(outcome, attribution=_attribution(trial, outcome, points[outcome.validation_id], others))
        for outcome in trial.outcomes
    )


def _attribution(
    trial: Trial, outcome: ValidationOutcome, point: ValidationPoint, others: Sequence[Trial]
) -> Attribution | None:
    """None where the failure is not one of the application, or asks for nothing that could be followed."""
    try:
        question = asked(point, trial.scope)
        match outcome.fault:
            case Fault.VALUE:
                return _value(trial, outcome, question, others)
            case Fault.LATENCY:
                return too_late(trial, outcome, question, others)
            case Fault.MISSING:
                return _missing(trial, outcome, question, others)
            case Fault.EXTRA:
                offending = _offending(trial, outcome)
                return extra_event(trial.pipeline, offending, trial.stimulus, allowed=_is_allowed(trial, outcome))
            case _:
                return None
    except IntelliSenseError:
        return None


def _value(trial: Trial, outcome: ValidationOutcome, question: Asked, others: Sequence[Trial]) -> Attribution | None:
    found = asking(trial, outcome, question)
    return _first_wrong(trial, found, outcome, others) if found is not None else None


def _first_wrong(trial: Trial, found: Asking, outcome: ValidationOutcome, others: Sequence[Trial]) -> Attribution:
    label = [labels_of(other.pipeline) for other in others]
    siblings = [
        Node(label[index](traced.event), traced.event.payload, traced.event)
        for index, other in enumerate(others)
        if _held(other, outcome)
        for traced in other.pipeline.events
    ]
    told = _told(trial)
    return wrong_value(found.nodes, found.question, siblings, lambda node: _is_verified(node, told))


def _held(other: Trial, outcome: ValidationOutcome) -> bool:
    same = other.outcome(outcome.validation_id)
    return same is not None and same.passed


def _told(trial: Trial) -> Mapping[str, set[str]]:
    """By stage, the fields that validation points found right; "*" for the whole of a text."""
    told: dict[str, set[str]] = {}
    points = {point.validation_id: point for point in trial.step.validation_points}
    for outcome in trial.outcomes:
        point = points[outcome.validation_id]
        if not outcome.passed or not outcome.stage_key:
            continue
        if outcome.type == "specific_log_event_field" and outcome.operator == "==" and isinstance(point.field_to_check, str):
            told.setdefault(outcome.stage_key, set()).add(point.field_to_check)
        elif outcome.type == "ocr_text_accuracy" and not point.tolerance and isinstance(outcome.expected, str):
            told.setdefault(outcome.stage_key, set()).add("*")
    return told


def _is_verified(node: Node, told: Mapping[str, set[str]]) -> bool:
    fields = told.get(node.label, set())
    return "*" in fields or (bool(fields) and {".".join(leaf.path) for leaf in told_by(node)} <= fields)


def _missing(trial: Trial, outcome: ValidationOutcome, question: Asked, others: Sequence[Trial]) -> Attribution | None:
    pipeline, stimulus = trial.pipeline, trial.stimulus
    stage = pipeline.stage(outcome.stage_key)
    first = first_missing(pipeline)
    if first is not None:
        return missing_stage(pipeline, first, stimulus, trial.readers)
    if stage is not None and not stage.arrived:
        return missing_stage(pipeline, stage, stimulus, trial.readers)
    return _not_like_it(trial, outcome, question, others)


def _not_like_it(trial: Trial, outcome: ValidationOutcome, question: Asked, others: Sequence[Trial]) -> Attribution | None:
    """The pipeline is complete but events that meet criteria are too few: one of their type has one field wrong."""
    criteria: Mapping[str, Any] = question.criteria or {}
    kind = {"event_type": criteria["event_type"]} if "event_type" in criteria else {}
    conditions = {path: value for path, value in criteria.items() if path != "event_type"}
    is_kind = Matcher(kind, trial.operators)
    of_kind = [traced.event for traced in trial.pipeline.events if is_kind(traced.event)] if kind else []
    if not of_kind and isinstance(name := criteria.get("event_type"), str):
        return Attribution(
            candidates=(), reason=f"no {name} came, and the pipeline does not say after which stage", field="count"
        )
    nearly = [(event, path) for event in of_kind if (path := _only_difference(trial, event, conditions))]
    if len(nearly) == 1:
        event, path = nearly[0]
        wanted, path = conditions[path], path.removeprefix("event_payload.").removeprefix("payload.")
        actual = field_of(event, path)
        found = of_field(trial, event, path, None if actual is MISSING else actual, wanted)
        return _first_wrong(trial, found, outcome, others) if found.nodes[-1].event is event else None
    if nearly:
        return Attribution(
            candidates=(), reason=f"{len(nearly)} events nearly meet the criteria, each another way", field="count"
        )
    return _too_few(trial, of_kind, outcome)


def _only_difference(trial: Trial, event: TimelineEvent, conditions: Mapping[str, Any]) -> str:
    """The one condition that an event does not meet; "" if there are more, or none."""
    wrong = [path for path, value in conditions.items() if not Matcher({path: value}, trial.operators)(event)]
    return wrong[0] if len(wrong) == 1 and isinstance(conditions[wrong[0]], str | int | float) else ""


def _too_few(trial: Trial, came: Sequence[TimelineEvent], outcome: ValidationOutcome) -> Attribution | None:
    """Some came: whoever made something of what it was given can have made too little of it."""
    if not came:
        return None
    nodes = passage(trial.pipeline, trial.stimulus, came[-1])
    decided = suspects_among(nodes, ends_wrong=True)
    wanted = f"{'' if outcome.operator == '==' else f'{outcome.operator} '}{show(outcome.expected)}"
    return Attribution(
        candidates=decided,
        reason=f"{len(came)} came and {wanted} were expected",
        reading="" if len(decided) == 1 else f"what {' and '.join(decided[:-1])} made may have been too little already",
        field="count",
    )


def _is_allowed(trial: Trial, outcome: ValidationOutcome) -> bool:
    """Whether an event like the offending ones may come at all: then it came once too often."""
    if outcome.type == "correlation_log_event_count":
        fewer = range(1, int(outcome.actual))
        return any(trial.operators.compare(outcome.operator, one, outcome.expected, outcome.tolerance) is None for one in fewer)
    return outcome.type == "no_extra_events"


def _offending(trial: Trial, outcome: ValidationOutcome) -> Sequence[TimelineEvent]:
    if outcome.offending:
        return outcome.offending
    stage = trial.pipeline.stage(outcome.stage_key) if outcome.stage_key else None
    if stage is not None:
        return [traced.event for traced in stage.events]
    arrived = [one for one in trial.pipeline.stages if one.event is not None]
    return [traced.event for traced in arrived[-1].events] if arrived else []
