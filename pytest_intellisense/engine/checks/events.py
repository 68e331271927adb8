"""Checks over the events of a step: fields, counts, absence, nothing extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding, judge
from pytest_intellisense.engine.criteria import Matcher, field_of, names_of
from pytest_intellisense.engine.equality import is_number, same, show
from pytest_intellisense.engine.explaining import shortfall
from pytest_intellisense.engine.latency import precedes
from pytest_intellisense.engine.paths import MISSING, lead_nowhere
from pytest_intellisense.engine.stopping import ABSENCE_NS
from pytest_intellisense.engine.tracing import Joined
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.durations import format_ns
from pytest_intellisense.model.results import Fault
from pytest_intellisense.model.timeline import Sense, TimelineEvent

_BOOKKEEPING = frozenset({Sense.INJECTION_CONTROL, Sense.CAPTURE, Sense.SYSTEM_ALERT, Sense.ACCOUNT})


def specific_log_event_field(view: StepView, asked: Asked) -> Finding:
    """A field of the first event of a stage; without a field, whether the stage arrived."""
    stage = view.stage(asked.target)
    if not asked.field:
        return _stage_existence(view, asked, stage.key, stage.event)
    subject = f"{stage.key}.{asked.field}"
    if stage.event is None:
        finding = judge(view, asked, MISSING, subject=subject, stage_key=stage.key)
        if finding.reason is None:
            return finding
        reason = f"{stage.key} never arrived, so {asked.field} has no value{instead_of_it(view)}"
        return Finding(reason=reason, fault=Fault.MISSING, subject=subject, stage_key=stage.key, rests_on_absence=True)
    value = field_of(stage.event, asked.field)
    nowhere = lead_nowhere(stage.event.payload, asked.field, within=stage.key) if value is MISSING else ""
    return judge(view, asked, value, subject=subject, stage_key=stage.key, nowhere=nowhere)


def _stage_existence(view: StepView, asked: Asked, key: str, event: TimelineEvent | None) -> Finding:
    if asked.operator in ("exists", "not_exists"):
        actual: Any = MISSING if event is None else event.event_type
        reason = view.operators.compare(asked.operator, actual, asked.expected, asked.tolerance)
        expected: Any = asked.operator == "exists"
    else:
        expected = asked.expected if asked.has_expectation else True
        reason = view.operators.compare(asked.operator, event is not None, expected, asked.tolerance)
    arrived = event is not None
    if reason is not None:
        reason = f"{key} arrived, which was not expected" if arrived else f"{key} never arrived{instead_of_it(view)}"
    return Finding(
        reason=reason,
        actual=arrived,
        fault=Fault.EXTRA if arrived else Fault.MISSING,
        subject=key,
        stage_key=key,
        expected=expected,
        rests_on_absence=not arrived,
        offending=() if event is None else (event,),
    )


def instead_of_it(view: StepView) -> str:
    diversion = view.pipeline.diverted_by
    return f" ({diversion} came instead)" if diversion else ""


def correlation_log_event_count(view: StepView, asked: Asked) -> Finding:
    """How many events of the step meet the criteria. A passing count of none must have been asked for."""
    expected = _expected_count(asked)
    matching = _matching(view, asked.criteria)
    count = len(matching)
    reason = view.operators.compare(asked.operator, count, expected, asked.tolerance)
    subject = f"count of {in_words(asked.criteria)}"
    vacuous = reason is None and count == 0 and not _allows_none(asked.operator, expected)
    if vacuous:
        reason = f"no event of the step meets the criteria, so {asked.operator} {show(expected)} says nothing"
    elif reason is not None:
        reason = f"{_events_meet(count)} the criteria, expected {asked.operator} {show(expected)}{_listed(matching)}"
    fault = Fault.MISSING if vacuous else _fault_of_count(asked.operator, count, expected)
    return Finding(
        reason=reason,
        actual=count,
        fault=fault,
        subject=subject,
        expected=expected,
        rests_on_absence=True,
        offending=_events_of(matching),
    )


def _fault_of_count(operator: str, count: int, expected: Any) -> Fault:
    """Of a count that does not hold: whether it is too high, too low, or only not allowed."""
    match operator:
        case "<" | "<=":
            return Fault.EXTRA
        case ">" | ">=":
            return Fault.MISSING
        case "==" | "approx" | "between" | "in":
            allowed = [one for one in (expected if isinstance(expected, list | tuple) else [expected]) if is_number(one)]
            if allowed and count > max(allowed):
                return Fault.EXTRA
            if allowed and count < min(allowed):
                return Fault.MISSING
    return Fault.VALUE


def _expected_count(asked: Asked) -> Any:
    count, expected = asked.point.expected_event_count, asked.expected
    if count is None:
        return expected
    if expected is not None and not same(expected, count):
        raise PlanError(
            f"expected_event_count {count} and expected_value {show(expected)} cannot both be meant: write one of them"
        )
    return count


def _allows_none(operator: str, expected: Any) -> bool:
    if is_number(expected):
        return (operator in ("==", "<=", "approx") and expected == 0) or (operator == "<" and 0 < expected <= 1)
    return isinstance(expected, list | tuple) and (operator == "in" and any(same(0, one) for one in expected))


def event_absence(view: StepView, asked: Asked) -> Finding:
    """No event of the step meets the criteria within the window after the injection (without one: while it was observed)."""
    window_ns = asked.point.window_ns
    found = _matching(view, asked.criteria)
    reason: str | None = None
    if window_ns is not None:
        found = [joined for joined in found if view.origin.at(joined.event)[0] <= window_ns]
    if found:
        first = view.origin.at(found[0].event)[0]
        reason = f"{found[0].event.event_type} arrived {format_ns(first)} after the injection{_listed(found[1:])}"
    return Finding(
        reason=reason,
        actual=len(found),
        fault=Fault.EXTRA,
        subject=f"absence of {in_words(asked.criteria)}",
        expected=0,
        rests_on_absence=True,
        offending=_events_of(found),
    )


def no_extra_events(view: StepView, asked: Asked) -> Finding:
    """Nothing further of the chain comes within the window after completion; criteria narrow what counts as extra.

    Answers to the injection, telemetry, alerts and account figures do not count.
    """
    subject = "events after completion"
    last = view.tracker.last_event
    if not view.tracker.complete or last is None:
        short = shortfall(view.pipeline)
        unfinished = f"the pipeline did not complete: {short.sentence}" if short else "the pipeline did not complete"
        return Finding(reason=unfinished, fault=Fault.MISSING, subject=subject, expected=0, rests_on_absence=True)
    limit_ns = view.origin.at(last)[0] + (asked.point.window_ns or ABSENCE_NS)
    taken = {traced.event.global_sequence_id for stage in view.pipeline.stages for traced in stage.events}
    candidates = _matching(view, asked.criteria) if asked.criteria else view.events
    extra = [
        joined
        for joined in candidates
        if joined.event.sense not in _BOOKKEEPING
        and joined.event.global_sequence_id not in taken
        and precedes(last, joined.event) is not False
        and view.origin.at(joined.event)[0] <= limit_ns
    ]
    reason: str | None = None
    if extra:
        after_ns = view.origin.at(extra[0].event)[0] - view.origin.at(last)[0]
        reason = f"{extra[0].event.event_type} came {format_ns(after_ns)} after completion{_listed(extra[1:])}"
    return Finding(
        reason=reason,
        actual=len(extra),
        fault=Fault.EXTRA,
        subject=subject,
        expected=0,
        rests_on_absence=True,
        offending=_events_of(extra),
    )


def first_event(view: StepView, selector: object) -> TimelineEvent | None:
    """The first event of a stage key, of an event type, or that meets criteria; None if none did."""
    return next(iter(selected_events(view, selector)), None)


def selected_events(view: StepView, selector: object) -> Sequence[TimelineEvent]:
    """Every event of a stage key, of an event type, or that meets criteria. Raises PlanError for what selects none."""
    if isinstance(selector, str):
        stage = view.pipeline.stage(selector)
        if stage is not None:
            return [traced.event for traced in stage.events]
        return [joined.event for joined in view.events if selector in names_of(joined.event)]
    if isinstance(selector, Mapping):
        return _events_of(_matching(view, selector))
    raise PlanError(f"{show(selector)} selects no event: write a stage key, an event type or criteria")


def _matching(view: StepView, criteria: Mapping[str, Any] | None) -> list[Joined]:
    if not criteria:
        return [joined for joined in view.events if joined.event.sense is not Sense.INJECTION_CONTROL]
    matches = Matcher(criteria, view.operators)
    return [joined for joined in view.events if matches(joined.event)]


def _events_of(joined: Sequence[Joined]) -> tuple[TimelineEvent, ...]:
    return tuple(one.event for one in joined)


def in_words(criteria: Mapping[str, Any] | None) -> str:
    if not criteria:
        return "events"
    wanted = criteria.get("event_type", "events")
    others = [f"{path}={show(value)}" for path, value in criteria.items() if path != "event_type"]
    return " ".join([wanted if isinstance(wanted, str) else show(wanted), *others])


def _events_meet(count: int) -> str:
    return "1 event of the step meets" if count == 1 else f"{count} events of the step meet"


def _listed(events: Sequence[Joined]) -> str:
    if not events:
        return ""
    names = [joined.event.event_type for joined in events[:5]]
    more = f" and {len(events) - 5} more" if len(events) > 5 else ""
    return f" ({', '.join(names)}{more})"
