"""Expected above actual: what a failed validation wanted and what came, with a caret where they first differ."""

from __future__ import annotations

import textwrap

from pytest_intellisense.reporting.difference import Difference, difference, duration
from pytest_intellisense.reporting.lines import Line, Piece, clipped, line, printable
from pytest_intellisense.reporting.rows import OutcomeRow, PipelineRow, StepRow

DETAIL_LINES = 2


def compared_lines(step: StepRow, outcome: OutcomeRow, sentence: str, width: int, verbose: int) -> list[Line]:
    arrived = _arrived(step["pipeline"]) if outcome["fault"] == "MISSING" and step["pipeline"] else None
    if arrived:
        lines = arrived
    elif outcome["expected"] is None and outcome["actual"] is None:
        lines = []
    else:
        lines = _in_full(difference(outcome), width) if verbose > 1 else _aligned(difference(outcome), width)
    told = "" if outcome["details"] in sentence else printable(outcome["details"])
    return [*lines, *(line(Piece(f"E   {part}", "red")) for part in textwrap.wrap(told, width - 4)[:DETAIL_LINES])]


def _arrived(pipeline: PipelineRow) -> list[Line]:
    """For a stage that did not come, what did is more than "expected true, actual false"."""
    required = [stage for stage in pipeline["stages"] if not stage["absent"] and not stage["optional"]]
    missing = next((stage for stage in required if not stage["arrived"]), None)
    if missing is None:
        return []
    arrived = [stage for stage in required if stage["arrived"]]
    last = f", the last {arrived[-1]['name']} after {duration(arrived[-1]['at_ns'])}" if arrived else ""
    return [
        line("E   expected  ", Piece(printable(f"{missing['name']} ({missing['event_type']})"), "green")),
        line("E   actual    ", Piece(printable(f"{len(arrived)} of {len(required)} stages arrived{last}"), "red")),
    ]


def _aligned(found: Difference, width: int) -> list[Line]:
    """Expected and actual below each other, cut to the place where they first differ, and a caret there."""
    room = width - len("E   expected  ")
    at = found.first_differing
    begin = max(0, at - room // 2) if at is not None and max(len(found.expected), len(found.actual)) > room else 0
    expected, actual = (_window(printable(text), begin, room) for text in (found.expected, found.actual))
    note = f"      {found.note}" if found.note and len(actual) + 6 + len(found.note) <= room else ""
    lines = [
        line("E   expected  ", Piece(expected, "green")),
        line("E   actual    ", Piece(actual, "red"), note),
    ]
    if at is not None:
        lines.append(line("E             ", Piece(" " * (at - begin) + "^", "red")))
    if found.note and not note:
        lines.append(line(clipped(f"E             {found.note}", width)))
    return lines


def _in_full(found: Difference, width: int) -> list[Line]:
    lines = []
    for label, text, style in (("expected", found.expected, "green"), ("actual  ", found.actual, "red")):
        first, *more = textwrap.wrap(printable(text), width - 14, drop_whitespace=False) or [""]
        lines += [line(f"E   {label}  ", Piece(first, style)), *(line("E             ", Piece(part, style)) for part in more)]  # type: ignore[arg-type]
    return [*lines, line(f"E             {found.note}")] if found.note else lines


def _window(text: str, begin: int, room: int) -> str:
    cut = text[begin : begin + room]
    cut = "…" + cut[1:] if begin else cut
    return cut[:-1] + "…" if len(text) > begin + room else cut
