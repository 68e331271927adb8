"""Failures with the same cause as one: the same domain, first wrong stage and field in many plans is one thing to repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_intellisense.reporting.lines import Line, Piece, clipped, in_ascii, line, printable
from pytest_intellisense.reporting.rows import PlanRow

PLANS_SHOWN = 3
CAUSES_SHOWN = 10
_FAILED = frozenset({"failed", "error"})


@dataclass(frozen=True, slots=True)
class Cause:
    """`where` is the first wrong stage (several: one of them); `what` the field and what became of it, as far as all agree."""

    fault: str
    where: str
    what: str
    plans: tuple[PlanRow, ...]


def causes_of(rows: Sequence[PlanRow]) -> list[Cause]:
    """Every cause of a failed run, the most frequent first; a failure that could not be attributed is told by its sentence."""
    groups: dict[tuple[str, ...], list[PlanRow]] = {}
    for row in rows:
        if row["verdict"] != "passed" and row.get("outcome", "failed") in _FAILED:
            groups.setdefault(_key(row), []).append(row)
    causes = [_cause(plans) for plans in groups.values()]
    return sorted(causes, key=lambda cause: -len(cause.plans))


def cause_lines(rows: Sequence[PlanRow], *, width: int = 100, unicode: bool = True) -> list[Line]:
    """The causes that more than one plan has in common: what they are, then the plans."""
    shared = [cause for cause in causes_of(rows) if len(cause.plans) > 1]
    lines: list[Line] = []
    for cause in shared[:CAUSES_SHOWN]:
        said = printable(": ".join(part for part in (cause.where, cause.what) if part))
        count = f"{len(cause.plans)} plans"
        lines.append(line(Piece(count, "bold"), "  ", Piece(cause.fault, "red"), "  ", clipped(said, width - 20)))
        lines += [line(clipped(f"    {printable(plan['nodeid'])}", width)) for plan in cause.plans[:PLANS_SHOWN]]
        if len(cause.plans) > PLANS_SHOWN:
            lines.append(line(Piece(f"    … and {len(cause.plans) - PLANS_SHOWN} more", "light")))
    if len(shared) > CAUSES_SHOWN:
        lines.append(line(Piece(f"… and {len(shared) - CAUSES_SHOWN} more causes", "light")))
    return lines if unicode else in_ascii(lines)


def _key(row: PlanRow) -> tuple[str, ...]:
    attribution = row.get("attribution")
    fault = row["fault"] or "FAILED"
    if attribution is None or not attribution["candidates"]:
        return fault, row["sentence"]
    return fault, *attribution["candidates"], attribution["field"]


def _cause(plans: Sequence[PlanRow]) -> Cause:
    first = plans[0]
    attribution = first.get("attribution")
    fault = first["fault"] or "FAILED"
    if attribution is None or not attribution["candidates"]:
        return Cause(fault, "", first["sentence"], tuple(plans))
    changes = {plan["attribution"]["change"] for plan in plans if "attribution" in plan}
    change = changes.pop() if len(changes) == 1 else ""
    where = " or ".join(attribution["candidates"])
    return Cause(fault, where, " ".join(part for part in (attribution["field"], change) if part), tuple(plans))
