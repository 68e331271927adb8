"""From a step as it is written to one that can be injected: ids, references, windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from pytest_intellisense.engine.commands import Shot
from pytest_intellisense.engine.ids import correlation_id
from pytest_intellisense.engine.placeholders import Scope, has_references
from pytest_intellisense.engine.ports import InjectionCommand
from pytest_intellisense.engine.stopping import ABSENCE_NS, Windows
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.plan import InjectionStep
from pytest_intellisense.model.results import PipelineResult
from pytest_intellisense.model.stimulus import BrokerResponse, Stimulus
from pytest_intellisense.model.validation import ValidationPoint

_AFTER_COMPLETION = frozenset({"no_extra_events"})
_LOWER = frozenset({">", ">="})


def grabbed(command: InjectionCommand, intended_ns: int) -> InjectionCommand:
    """A frame counts as grabbed at the time it was meant to be injected."""
    if command.image is None:
        return command
    return replace(command, parameters={**command.parameters, "grab_timestamp_ns": intended_ns})


def correlation_id_for(step: InjectionStep, repeat_index: int) -> str:
    given = step.stimulus.correlation_id
    if given is None:
        return correlation_id(step.step_id)
    return given if repeat_index == 0 else f"{given}.repeat{repeat_index + 1}"


def scope_for(
    written: Mapping[str, Any], correlation_id: str, values: Mapping[str, Any], previous: PipelineResult | None
) -> Scope:
    """Inside a stimulus, references reach its own fields, captured values and the stages of the step before."""
    stimulus = {**written, "step_correlation_id": correlation_id, "correlation_id": correlation_id}
    return Scope(stimulus, previous, dict(values))


def resolved(stimulus: Stimulus, written: Mapping[str, Any], scope: Scope) -> Stimulus:
    if not has_references(written):
        return stimulus
    try:
        return type(stimulus).model_validate(scope.resolved(written))
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or stimulus.type
        raise PlanError(f"the stimulus is not valid once its references are filled in: {where}: {first['msg']}") from None


def with_stimulus(scope: Scope, stimulus: Stimulus, shot: Shot) -> Scope:
    own_id = shot.command.correlation_id
    known = {**stimulus.model_dump(), "step_correlation_id": own_id, "correlation_id": own_id}
    if "request_id" in shot.command.parameters:
        known["derived_order_request_id"] = shot.command.parameters["request_id"]
    return replace(scope, stimulus=known)


def windows_of(step: InjectionStep) -> Windows:
    at_least_ns = round(step.wait_after_injection_s * 1e9)
    after_completion_ns = 0
    for point in step.validation_points:
        window_ns = point.window_ns
        if point.type in _AFTER_COMPLETION:
            after_completion_ns = max(after_completion_ns, window_ns or ABSENCE_NS)
        elif window_ns is not None:
            at_least_ns = max(at_least_ns, window_ns)
        elif point.type == "event_absence":
            after_completion_ns = max(after_completion_ns, ABSENCE_NS)
    asks_for_timeout = any(point.type == "pipeline_timeout_status" for point in step.validation_points)
    return Windows(
        max(round(step.timeout_s * 1e9), at_least_ns),
        at_least_ns,
        after_completion_ns,
        to_the_deadline=asks_for_timeout,
        to_the_quiet=any(map(_one_more_event_may_break, step.validation_points)),
    )


def _one_more_event_may_break(point: ValidationPoint) -> bool:
    """A second order a moment after the last stage must not slip by a check that there is one."""
    if point.type == "custom_query":
        return "events" in str(point.custom_query_payload)
    return point.type == "correlation_log_event_count" and point.operator not in _LOWER


def summary_of(stimulus: Stimulus) -> str:
    """A stimulus in a few words."""
    match stimulus:
        case BrokerResponse():
            return f"broker says {stimulus.status} for order {stimulus.order_id}"
        case _:
            pass
    known = stimulus.model_dump(exclude={"type", "correlation_id"}, exclude_none=True, exclude_defaults=True)
    return " ".join(_short(name, value) for name, value in known.items())[:200]


_BARE = frozenset({"symbol", "side", "order_type", "image", "manifest", "quantity"})


def _short(name: str, value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if name == "raw_data" and isinstance(value, Mapping):
        text = value.get("full_raw_text") or ", ".join(map(str, value.get("snapshots") or ()))
        return str(text).replace("\n", " | ")
    return str(value) if name in _BARE else f"{name}={value}"
