"""What a failed check of a value asked for: which field, of which stage, and what would have been right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.engine.attribution.forms import Question, found_in
from pytest_intellisense.engine.attribution.leaves import equal
from pytest_intellisense.engine.attribution.passage import Node, events_of, labels_of, passage
from pytest_intellisense.engine.attribution.trial import Trial
from pytest_intellisense.engine.checks.context import Asked
from pytest_intellisense.engine.equality import difference
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.attribution import FormState
from pytest_intellisense.model.results import ValidationOutcome
from pytest_intellisense.model.timeline import TimelineEvent

_STATES = {
    "order_repository_state": "order state",
    "position_manager_state": "position state",
    "price_state": "price state",
    "portfolio_risk_metric": "portfolio state",
}
_ONE_RIGHT_VALUE = frozenset({"==", "approx"})


@dataclass(frozen=True, slots=True)
class Asking:
    """A question and the way that leads to the place where it was asked."""

    question: Question
    nodes: Sequence[Node]


def asking(trial: Trial, outcome: ValidationOutcome, asked: Asked) -> Asking | None:
    """None for a check that asks for no field of an event or of a state."""
    match outcome.type:
        case "specific_log_event_field":
            stage = trial.pipeline.stage(outcome.stage_key)
            event = stage.event if stage else None
            return _of_event(trial, event, str(asked.field), outcome.actual, outcome.expected, asked) if asked.field else None
        case "processed_image_property":
            event = _event(trial, "PROCESSED_ROI_IMAGE")
            return _of_event(trial, event, str(asked.field), outcome.actual, outcome.expected, asked)
        case "ocr_text_accuracy":
            return _of_text(trial, outcome, asked)
        case kind if kind in _STATES:
            return _of_state(trial, outcome, asked)
        case _:
            return None


def of_field(trial: Trial, event: TimelineEvent, field: str, actual: Any, wanted: Any) -> Asking:
    """A field of an event that should have had one value and has another."""
    question = Question(field, actual, wanted, lambda value: equal(value, wanted), _context(trial, event, field))
    return Asking(question, passage(trial.pipeline, trial.stimulus, event))


def _of_event(trial: Trial, event: TimelineEvent | None, field: str, actual: Any, expected: Any, asked: Asked) -> Asking | None:
    if event is None:
        return None
    wanted = expected if asked.operator in _ONE_RIGHT_VALUE else MISSING
    question = Question(
        field, actual, wanted, lambda value: _holds(trial, asked, value, expected), _context(trial, event, field)
    )
    return Asking(question, _with_end(passage(trial.pipeline, trial.stimulus, event), trial, event))


def _with_end(nodes: list[Node], trial: Trial, event: TimelineEvent) -> list[Node]:
    """An event that is no stage is the end of the way all the same."""
    if nodes[-1].event is event:
        return nodes
    return [*nodes, Node(labels_of(trial.pipeline)(event) or event.event_type, event.payload, event)]


def _of_text(trial: Trial, outcome: ValidationOutcome, asked: Asked) -> Asking | None:
    if isinstance(outcome.expected, Mapping) and isinstance(outcome.actual, Mapping):
        wrong = next((path for path, value in outcome.expected.items() if difference(outcome.actual.get(path), value)), None)
        event = _event(trial, "OCR_SNAPSHOT_CLEANED")
        if wrong is None or event is None:
            return None
        return of_field(trial, event, f"snapshots.{wrong}", outcome.actual.get(wrong), outcome.expected[wrong])
    if asked.field not in (None, "", "cer", "exact", "text"):
        event = _event(trial, "OCR_SNAPSHOT_CLEANED")
        path = f"snapshots.{str(asked.field).removeprefix('snapshots.')}"
        return _of_event(trial, event, path, outcome.actual, outcome.expected, asked)
    event = _event(trial, "OCR_FRAME_RAW")
    if event is None:
        return None
    wanted = "\n".join(map(str, outcome.expected)) if isinstance(outcome.expected, list | tuple) else outcome.expected
    return of_field(trial, event, "full_raw_text", event.payload.get("full_raw_text"), wanted)


def _of_state(trial: Trial, outcome: ValidationOutcome, asked: Asked) -> Asking:
    """A state has no event: the way leads there by the last event that shows the value, else by the whole pipeline."""
    field, label = str(asked.field or ""), _STATES[outcome.type]
    wanted = outcome.expected if asked.operator in _ONE_RIGHT_VALUE else MISSING
    context = frozenset({str(asked.target), *_texts(trial.stimulus)})
    question = Question(field, outcome.actual, wanted, lambda value: _holds(trial, asked, value, outcome.expected), context)
    end = Node(label, {field: outcome.actual})
    name = labels_of(trial.pipeline)
    for traced in sorted(trial.pipeline.events, key=lambda one: one.at_ns or 0, reverse=True):
        if not name(traced.event):
            continue
        nodes = [Node(name(traced.event), traced.event.payload, traced.event), end]
        if found_in(nodes, question)[0].form.state in (FormState.RIGHT, FormState.WRONG):
            return Asking(question, [*passage(trial.pipeline, trial.stimulus, traced.event), end])
    return Asking(question, [*passage(trial.pipeline, trial.stimulus, None), end])


def _event(trial: Trial, event_type: str) -> TimelineEvent | None:
    events = (traced.event for traced in events_of(trial.pipeline, trial.stimulus))
    return next((event for event in events if event.event_type == event_type), None)


def _holds(trial: Trial, asked: Asked, value: Any, expected: Any) -> bool:
    try:
        return trial.operators.compare(asked.operator, value, expected, asked.tolerance) is None
    except PlanError:
        return False


def _context(trial: Trial, event: TimelineEvent, field: str) -> frozenset[str]:
    symbol = event.payload.get("symbol")
    keys = field.replace("[", ".").replace("]", "").split(".")[:-1]
    return frozenset({*keys, *([symbol] if isinstance(symbol, str) else []), *_texts(trial.stimulus)})


def _texts(stimulus: Mapping[str, Any]) -> list[str]:
    return [symbol] if isinstance(symbol := stimulus.get("symbol"), str) else []
