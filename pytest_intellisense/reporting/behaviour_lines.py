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
    count = Counter(change["kind"] for change in changes)
    others = [
        f"{count[kind]} {word}" for kind, word in (("added", "not in the baseline"), ("removed", "did not run")) if count[kind]
    ]
    counted = [f"{name} {count[kind]}" for name, kind in _COUNTED]
    yield line(Piece("behaviour ", "bold"), " | ".join([*counted, *others]))
    judged = {one["case"] for one in changes if one["kind"] in ("new failure", "fixed")}
    told = [one for one in changes if one["kind"] in _TOLD and not (one["kind"] == "validation" and one["case"] in judged)]
    told.sort(key=lambda one: (not one["regressed"], [*_TOLD].index(one["kind"])))
    for one in told[:CHANGES_SHOWN]:
        where = f"{one['case']} {one['step']}".rstrip()
        yield line(Piece(f"  {one['kind']:<13}", _TOLD[one["kind"]]), printable(f" {where}  {one['sentence']}"))
    if len(told) > CHANGES_SHOWN:
        yield line(Piece(f"  … and {len(told) - CHANGES_SHOWN} more", "light"))
