"""A JMESPath query over everything a step brought about."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.equality import show
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
    if found is None and asked.operator not in ("not_exists", "is_empty") and asked.expected is not None:
        return Finding(reason="the query found nothing", fault=Fault.MISSING, subject=subject, rests_on_absence=True)
    if not asked.has_expectation and asked.operator == "==":
        reason = (
            None if found not in (None, False, "", [], {}) else f"the query found {show(found)}, and nothing else was expected"
        )
    else:
        reason = view.operators.compare(asked.operator, found, asked.expected, asked.tolerance)
    return Finding(reason=reason, actual=found, subject=subject, rests_on_absence="events" in text)


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
