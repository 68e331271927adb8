"""A JMESPath query over everything a step brought about."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.comparisons import holds_nothing
from pytest_intellisense.engine.equality import same, show
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.results import Fault, StageResult, TracedEvent

_COMPONENTS = ("orders", "positions", "prices", "trading_state")


def custom_query(view: StepView, asked: Asked) -> Finding:
    """`custom_query_payload` is the query, or `{"query": …}`, over stimulus, stages, events, latencies_ns and state."""
    payload = view.scope.resolved(asked.point.custom_query_payload)
    text = payload.get("query") if isinstance(payload, Mapping) else payload
    if not isinstance(text, str) or not text:
        raise PlanError('custom_query_payload must be a JMESPath query, or {"query": "…"}')
    found = _compiled(text)(document(view, with_state="state" in text))
    subject = f"query {text}"
    fault = Fault.VALUE
    if not asked.has_expectation and asked.operator == "==":
        reason = (
            None if found not in (None, False, "", [], {}) else f"the query found {show(found)}, and nothing else was expected"
        )
    else:
        reason = view.operators.compare(asked.operator, found, asked.expected, asked.tolerance)
        if (vacuous := _vacuous(asked, found, holds=reason is None)) is not None:
            reason, fault = vacuous, Fault.MISSING
    rests_on_absence = "events" in text or fault is Fault.MISSING
    return Finding(reason=reason, actual=found, fault=fault, subject=subject, rests_on_absence=rests_on_absence)


def _vacuous(asked: Asked, found: Any, *, holds: bool) -> str | None:
    """Why a query that found nothing says nothing, unless the plan expects that; None where the comparison itself says it."""
    if not holds_nothing(found) or _expects_nothing(asked.operator, asked.expected):
        return None
    if holds:
        compared = f"{asked.operator} {show(asked.expected)}" if asked.has_expectation else asked.operator
        return f"the query found {_NOTHING.get(type(found), 'nothing')}, so {compared} says nothing"
    return "the query found nothing" if found is None else None


_NOTHING: Mapping[type[Any], str] = {str: "an empty text", list: "an empty list", dict: "an empty object"}


def _expects_nothing(operator: str, expected: Any) -> bool:
    """Whether the plan itself says that there is nothing to be found."""
    match operator:
        case "not_exists" | "is_empty":
            return True
        case "==" | "approx" | "subset":
            return holds_nothing(expected)
        case "in":
            return isinstance(expected, list | tuple) and any(map(holds_nothing, expected))
        case "length":
            return same(expected, 0)
        case "type":
            return same(expected, "null")
        case _:
            return False


def document(view: StepView, *, with_state: bool) -> dict[str, Any]:
    """What a query sees. The state of TESTRADE is asked for only if the query speaks of it."""
    found: dict[str, Any] = {
        "stimulus": dict(view.scope.stimulus),
        "values": dict(view.scope.values),
        "stages": {stage.key: _stage(stage) for stage in view.pipeline.stages},
        "events": [_event(traced) for traced in view.pipeline.events],
        "latencies_ns": dict(view.pipeline.latencies_ns),
        "pipeline": {
            "name": view.pipeline.name,
            "completed": view.pipeline.completed,
            "timed_out": view.pipeline.timed_out,
            "diverted_by": view.pipeline.diverted_by,
        },
    }
    if with_state:
        found["state"] = {name: view.state(name).get(name) for name in _COMPONENTS}
    return found


def _stage(stage: StageResult) -> dict[str, Any]:
    event = _event(stage.events[0]) if stage.events else {}
    return {**event, "arrived": stage.arrived, "at_ns": stage.at_ns, "count": len(stage.events)}


def _event(traced: TracedEvent) -> dict[str, Any]:
    record = traced.event.record()
    del record["event_payload"]
    return {**record, "payload": dict(traced.event.payload), "at_ns": traced.at_ns, "joined_by": traced.joined_by}


@functools.lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    import jmespath

    try:
        query = jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as problem:
        raise PlanError(f"{show(text)} is no JMESPath query: {str(problem).splitlines()[0]}") from None

    def search(value: Any) -> Any:
        try:
            return query.search(value)
        except jmespath.exceptions.JMESPathError as problem:
            raise PlanError(f"the query cannot be answered: {problem}") from None

    return search
