"""Events that nearly were the missing stage: the right type, at the right time, but one field differs."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_intellisense.engine.equality import show
from pytest_intellisense.engine.latency import Origin
from pytest_intellisense.engine.stages import CompiledStage
from pytest_intellisense.engine.tracing import Chain, is_broken
from pytest_intellisense.model.results import NearMiss
from pytest_intellisense.model.timeline import TimelineEvent

MOST = 3
_CHAIN = "correlation_id"
_TELLING = ("symbol", "side", "quantity", "request_id", "local_order_id", "status", "reason")


def near_misses(stage: CompiledStage, chain: Chain, captured: Sequence[TimelineEvent], origin: Origin) -> tuple[NearMiss, ...]:
    """The nearest events for a stage that never arrived, those with the fewest differences first; at most three."""
    found = []
    taken = {joined.event.global_sequence_id for joined in chain.joined}
    for event in captured:
        if stage.matches.event_types is None or not stage.matches.is_of_type(event):
            continue
        differs = stage.matches.differences(event)
        if event.global_sequence_id not in taken:
            differs.append(_other_chain(event, chain))
        if differs:
            found.append((len(differs), event, differs))
    found.sort(key=lambda one: (one[0], one[1].global_sequence_id))
    return tuple(_near_miss(event, differs, origin) for _, event, differs in found[:MOST])


def _near_miss(event: TimelineEvent, differs: Sequence[str], origin: Origin) -> NearMiss:
    """A condition is told as `field: why`, the chain as `correlation_id is …`: the first word is the field."""
    return NearMiss(
        stream=event.stream,
        entry_id=event.entry_id,
        at_ns=origin.at(event)[0],
        summary=_summary(event),
        differs="; ".join(differs),
        field=_field(differs[0]) if len(differs) == 1 else "",
    )


def _field(difference: str) -> str:
    return _CHAIN if difference.startswith(("no " + _CHAIN, _CHAIN)) else difference.partition(":")[0]


def _other_chain(event: TimelineEvent, chain: Chain) -> str:
    if is_broken(event.correlation_id):
        return f"no {_CHAIN}, and no order id or cause that leads to this injection"
    return f"{_CHAIN} is {show(event.correlation_id)}, not {show(chain.correlation_id)}"


def _summary(event: TimelineEvent) -> str:
    telling = (f"{name}={event.payload[name]}" for name in _TELLING if event.payload.get(name) is not None)
    return " ".join((event.event_type, *telling))
