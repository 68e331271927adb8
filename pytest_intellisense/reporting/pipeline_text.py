"""Where a failed step went wrong on its way: the waterfall, the nearest events, who should have acted, what it means."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pytest_intellisense.reporting.difference import duration, shown
from pytest_intellisense.reporting.lines import Line, Piece, clipped, line, printable
from pytest_intellisense.reporting.rows import AttributionRow, OutcomeRow, PipelineRow, ReaderRow, StepRow
from pytest_intellisense.reporting.waterfall import Marked, waterfall_lines

READING_LINES = 3
READERS_SHOWN = 2


def pipeline_lines(
    step: StepRow, outcome: OutcomeRow | None, *, width: int, near_misses: int, stages: int, events: bool
) -> list[Line]:
    """Everything about the pipeline of `step`; `near_misses` and `stages` are how many of them are shown at most."""
    pipeline = step["pipeline"]
    if pipeline is None:
        return []
    attribution = outcome.get("attribution") if outcome else None
    return [
        line(""),
        *waterfall_lines(pipeline, _marked(step, attribution), width=width, most=stages),
        *_elsewhere(pipeline, attribution, width),
        *_near_misses(pipeline, width, near_misses),
        *(_attributed(attribution, width) if attribution else []),
        *(_events(step, width) if events else []),
    ]


def _marked(step: StepRow, attribution: AttributionRow | None) -> Marked:
    """What the waterfall points at: stages that have the value wrong, and those that took the time."""
    if attribution is None:
        failed = [one for one in step["validation_outcomes"] if not one["passed"] and one["fault"] == "VALUE"]
        return Marked(wrong=frozenset(one["stage"] for one in failed))
    told = {form["stage"]: form for form in attribution["values"] if form["state"] in ("right", "wrong")}
    slow = attribution["candidates"] if attribution["domain"] == "LATENCY" else []
    return Marked(
        wrong=frozenset(stage for stage, form in told.items() if form["state"] == "wrong"),
        slow=frozenset(slow),
        first_wrong=attribution["first_wrong_stage"] if attribution["domain"] == "VALUE" else "",
        told=told,
    )


def _elsewhere(pipeline: PipelineRow, attribution: AttributionRow | None, width: int) -> Iterator[Line]:
    """The first wrong form where it stands in no stage of this pipeline."""
    keys = {stage["name"] for stage in pipeline["stages"]}
    wrong = next((form for form in (attribution or {"values": []})["values"] if form["state"] == "wrong"), None)
    if wrong is None or wrong["stage"] in keys:
        return
    sure = f"  conf {wrong['confidence']:g}" if wrong["confidence"] is not None else ""
    said = f"{wrong['stage']} says {shown(wrong['value'])}{sure}  ({wrong['path']})"
    yield line("    ", Piece("✗", "red"), " ", Piece(clipped(printable(said), width - 6), "red"))


def _near_misses(pipeline: PipelineRow, width: int, most: int) -> Iterator[Line]:
    misses = pipeline["near_misses"]
    shown_misses = misses[:most]
    if not shown_misses:
        return
    of = f" ({len(shown_misses)} of {len(misses)})" if len(shown_misses) < len(misses) else ""
    yield line(f"  nearest events{of}")
    for miss in shown_misses:
        at = f"+{duration(miss['at_ns'])}" if miss["at_ns"] is not None else "?"
        yield line(clipped(f"    {at:>9}  {miss['stream']} {miss['entry_id']}  {printable(miss['summary'])}", width))
        if miss["differs"]:
            only = "one field differs: " if miss.get("field") else ""
            yield line("               ", Piece(clipped(printable(only + miss["differs"]), width - 15), "yellow"))


def _attributed(attribution: AttributionRow, width: int) -> Iterator[Line]:
    for reader in attribution["readers"][:READERS_SHOWN]:
        yield line(clipped(printable(f"  group    {_reader(reader)}"), width))
    if len(attribution["caused_by"]) > 1:
        yield line(clipped(printable(f"  causes   {' ← '.join(attribution['caused_by'])}"), width))
    told = "; ".join(part for part in (attribution["reason"], attribution["reading"]) if part)
    undecided = "not determined: " if attribution["certainty"] == "not determined" else ""
    for at, part in enumerate(textwrap.wrap(printable(undecided + told), width - 11)[:READING_LINES]):
        yield line(Piece("  reading  " if at == 0 else "           ", "yellow"), part)


def _reader(reader: ReaderRow) -> str:
    lag = "unknown" if reader["lag"] is None else reader["lag"]
    stands = f"{reader['group']}@{reader['stream']}  pending {reader['pending']}, lag {lag}"
    if not reader["holder"]:
        return stands
    idle = duration(reader["idle_ms"] * 1_000_000)
    return f"{stands}; ours is with {reader['holder']}, idle {idle}, {reader['times_delivered']}x"


def _events(step: StepRow, width: int) -> Iterator[Line]:
    yield line(f"  {len(step['events'])} events of the step")
    for event in step["events"]:
        at = f"+{duration(event['at_ns'])}" if event["at_ns"] is not None else "?"
        yield line(
            clipped(f"    {at:>9}  {event['event_type']}  by {event['joined_by']}  {printable(event['payload'])}", width)
        )
