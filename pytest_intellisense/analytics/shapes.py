"""The shape of one injection's trace: which stages came, which did not, and which came before their turn."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import msgspec


class TracedStage(msgspec.Struct, gc=False):
    """`at_ns` counts from the injection. A diversion is a stage beyond the pipeline's own, and has the note `diversion`."""

    name: str
    arrived: bool
    at_ns: int | None
    time_source: str
    optional: bool
    absent: bool
    count: int
    note: str
    unordered: bool = False


class Shape(msgspec.Struct, frozen=True):
    """`overtook`: (stage, the one that it came before although it stands after it). `counts`: of stages with several events.

    Two stages are ordered only where one clock timed both (`time_source`) and the pipeline gives both a turn: what was
    joined from elsewhere, or may come at any time, has no place in the order.
    """

    arrived: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    overtook: tuple[tuple[str, str], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    diverted_by: str = ""


def shape_of(stages: list[TracedStage], diverted_by: str) -> Shape:
    timed = [stage for stage in stages if stage.arrived and stage.at_ns is not None and not stage.unordered]
    return Shape(
        arrived=tuple(stage.name for stage in stages if stage.arrived),
        missing=tuple(stage.name for stage in stages if not (stage.arrived or stage.absent or stage.optional)),
        overtook=tuple(
            (later.name, earlier.name)
            for earlier, later in combinations(timed, 2)
            if later.time_source == earlier.time_source and (later.at_ns or 0) < (earlier.at_ns or 0)
        ),
        counts=tuple((stage.name, stage.count) for stage in stages if stage.count > 1),
        diverted_by=diverted_by,
    )


def usual(shape: Shape) -> str:
    """The shape by itself, in a few words."""
    told = departures(Shape(arrived=(*shape.arrived, *shape.missing)), shape)
    return "; ".join(told) or f"all {len(shape.arrived)} stages in order"


def departures(known: Shape, other: Shape) -> list[str]:
    """How `other` departs from `known`, in words; the first cause of each kind, as what follows it follows from it."""
    told = []
    if gone := _first_new(other.missing, known.missing):
        told.append(f"{gone} never arrived")
    if other.diverted_by and other.diverted_by != known.diverted_by:
        told.append(f"diverted by {other.diverted_by}")
    if extra := _first_new(other.arrived, (*known.arrived, other.diverted_by)):
        told.append(f"{extra} arrived")
    if overtaking := [pair for pair in other.overtook if pair not in known.overtook]:
        told.append(_overtaking(overtaking, other.arrived))
    elif back := [pair for pair in known.overtook if pair not in other.overtook and {*pair} <= {*other.arrived}]:
        told.append(f"{back[0][0]} did not overtake {back[0][1]}")
    before = dict(known.counts)
    for name, count in other.counts:
        if name in known.arrived and count != before.get(name, 1):
            told.append(f"{name} {count} times instead of {before.get(name, 1)}")
    for name, count in known.counts:
        if name in other.arrived and name not in dict(other.counts):
            told.append(f"{name} once instead of {count} times")
    return told


def only_order_differs(one: Shape, other: Shape) -> bool:
    """Whether the same stages came, in another order: threads that race do this by chance."""
    return msgspec.structs.replace(one, overtook=()) == msgspec.structs.replace(other, overtook=())


def _first_new(names: tuple[str, ...], known: tuple[str, ...]) -> str:
    return next((name for name in names if name not in known), "")


def _overtaking(pairs: list[tuple[str, str]], arrived: tuple[str, ...]) -> str:
    """One stage explains most: either it came too early, or what it is said of came too late."""
    early, late = (Counter(pair[side] for pair in pairs).most_common(1)[0] for side in (0, 1))
    if late[1] > early[1]:
        followed = [pair[0] for pair in pairs if pair[1] == late[0]]
        return f"{late[0]} came only after {max(followed, key=arrived.index)}"
    passed = [pair[1] for pair in pairs if pair[0] == early[0]]
    return f"{early[0]} overtook {min(passed, key=arrived.index)}"
