"""Behaviour against a baseline as people read it: new, fixed and known failures, then what else is not as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_intellisense.reporting.lines import Line, Piece, Style, line, printable
from pytest_intellisense.reporting.rows import BehaviourRow

CHANGES_SHOWN = 12
_COUNTED = (("new failures", "new failure"), ("fixed", "fixed"), ("known issues", "known issue"))
_TOLD: dict[str, Style] = {
    "new failure": "red",
    "orders": "red",
    "shape": "yellow",
    "validation": "yellow",
    "fixed": "green",
    "known issue": "yellow",
    "still failing": "red",
    "not judged": "yellow",
}


def behaviour_lines(changes: Sequence[BehaviourRow]) -> Iterator[Line]:
    """A line of counts, then the changes, those that stop the build first; plans that came or went are only counted."""
    yield line(Piece("behaviour ", "bold"), counted(changes))
    told = told_first(changes)
    for one in told[:CHANGES_SHOWN]:
        where = f"{one['case']} {one['step']}".rstrip()
        yield line(Piece(f"  {one['kind']:<13}", _TOLD[one["kind"]]), printable(f" {where}  {one['sentence']}"))
    if len(told) > CHANGES_SHOWN:
        yield line(Piece(f"  … and {len(told) - CHANGES_SHOWN} more", "light"))


def counted(changes: Sequence[BehaviourRow]) -> str:
    """`new failures 1 | fixed 0 | known issues 2 | 3 not in the baseline`."""
    count = Counter(change["kind"] for change in changes)
    others = [
        f"{count[kind]} {word}" for kind, word in (("added", "not in the baseline"), ("removed", "did not run")) if count[kind]
    ]
    return " | ".join([*(f"{name} {count[kind]}" for name, kind in _COUNTED), *others])


def told_first(changes: Sequence[BehaviourRow]) -> list[BehaviourRow]:
    """The changes that are told one by one, those that stop the build first."""
    judged = {one["case"] for one in changes if one["kind"] in ("new failure", "fixed")}
    told = [one for one in changes if one["kind"] in _TOLD and not (one["kind"] == "validation" and one["case"] in judged)]
    return sorted(told, key=lambda one: (not one["regressed"], [*_TOLD].index(one["kind"])))
