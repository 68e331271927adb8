"""Whether the events of a step came in the order that a plan names."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.events import in_words, instead_of_it, selected_events
from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.latency import precedes
from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.results import Fault
from pytest_intellisense.model.timeline import TimelineEvent

_SUBJECT = "order of events"


@dataclass(frozen=True, slots=True)
class _Arrival:
    """`label` is the name with its number, where the order names it more than once."""

    name: str
    label: str
    event: TimelineEvent


def event_order(view: StepView, asked: Asked) -> Finding:
    """Stage keys, event types or criteria whose events must arrive in this order.

    One that stands there again, also in another spelling of the event type, is the next event of that name.
    """
    if not isinstance(asked.expected, list | tuple) or len(asked.expected) < 2:
        raise PlanError(f"event_order needs a list of at least two stage keys or event types, not {show(asked.expected)}")
    wanted = _spelt_alike(view, asked.expected)
    arrived: list[_Arrival] = []
    for index, selector in enumerate(wanted):
        times, number = wanted.count(selector), wanted[: index + 1].count(selector)
        events = selected_events(view, selector)
        if len(events) < number:
            return _too_few(view, selector, len(events), times, arrived)
        name = _name(selector)
        label = name if times == 1 else f"{name} #{number}"
        arrived.append(_Arrival(name, label, events[_by_time(events[:times])[number - 1]]))
    return _judged(arrived)


def _spelt_alike(view: StepView, wanted: Sequence[object]) -> list[object]:
    """The order with every event type spelt as it is where it stands first."""
    first: dict[tuple[int, ...], object] = {}
    return [first.setdefault(came, selector) if (came := _of_type(view, selector)) else selector for selector in wanted]


def _of_type(view: StepView, selector: object) -> tuple[int, ...]:
    """The numbers of the events of a type, the same for each of its spellings; () for stages and other criteria."""
    name = selector["event_type"] if isinstance(selector, Mapping) and list(selector) == ["event_type"] else selector
    if not isinstance(name, str) or (name is selector and view.pipeline.stage(name) is not None):
        return ()
    return tuple(event.global_sequence_id for event in selected_events(view, selector))


def _too_few(view: StepView, selector: object, came: int, wanted: int, arrived: Sequence[_Arrival]) -> Finding:
    name = _name(selector)
    times = "once" if came == 1 else f"{came} times"
    reason = f"{name} came {times} and stands in the order {wanted} times" if came else f"{name} never arrived"
    return Finding(
        reason=f"{reason}{instead_of_it(view)}",
        actual=_names_in_time(arrived),
        fault=Fault.MISSING,
        subject=_SUBJECT,
        stage_key=name,
        rests_on_absence=True,
    )


def _judged(arrived: Sequence[_Arrival]) -> Finding:
    pairs = itertools.pairwise(arrived)
    wrong = next(((before, after) for before, after in pairs if precedes(after.event, before.event)), None)
    return Finding(
        reason=f"{wrong[1].label} arrived before {wrong[0].label}" if wrong else None,
        actual=_names_in_time(arrived),
        subject=_SUBJECT,
        stage_key=wrong[1].name if wrong else "",
    )


def _name(selector: object) -> str:
    return in_words(selector) if isinstance(selector, Mapping) else str(selector)


def _names_in_time(arrived: Sequence[_Arrival]) -> list[str]:
    return [arrived[index].name for index in _by_time([one.event for one in arrived])]


def _by_time(events: Sequence[TimelineEvent]) -> list[int]:
    """The indices of events in the order they happened. Of some pairs nobody can tell, so this is no sorting."""
    ordered: list[int] = []
    for index, event in enumerate(events):
        place = next((at for at, other in enumerate(ordered) if precedes(event, events[other])), len(ordered))
        ordered.insert(place, index)
    return ordered
