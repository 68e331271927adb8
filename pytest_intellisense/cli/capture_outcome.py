"""How a capture ended: its exit code and its summary, both from session.json, so that `start` and `stop` say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE, READABLE_WITH_LOSSES
from pytest_intellisense.cli.live_line import clock_text
from pytest_intellisense.housekeeping.units import size_text


def exit_code_of(facts: Mapping[str, Any]) -> int:
    """0 complete, 3 with losses or cut short, 1 nothing was captured."""
    if not sum(facts["counts"].values()):
        return NOTHING_READABLE
    losses = facts["losses"]
    lossless = losses["measurable"] and not losses["lost"]
    return COMPLETE if facts["state"] == "complete" and lossless else READABLE_WITH_LOSSES


def summary_of(facts: Mapping[str, Any], directory: Path) -> Iterator[str]:
    """Lines for people."""
    seen, counts = facts["statistics"], facts["counts"]
    took = clock_text((facts["written_epoch_ns"] - facts["started_epoch_ns"]) / 1e9)
    segments = f"{facts['segment']} segment{'s' if facts['segment'] > 1 else ''}"
    yield f"{directory}: {sum(counts.values()):,} lines in {took}, {size_text(seen['bytes_written'])}, {segments}"
    if counts:
        yield "  " + "  ".join(f"{name.partition('.')[0]} {lines:,}" for name, lines in counts.items())
    if seen["events"]:
        yield f"  {100 * seen['correlated'] / seen['events']:.1f} % correlated"
    if seen["unreadable"]:
        yield f"  {seen['unreadable']:,} entries could not be read; they are kept raw in unparsed.jsonl"
    dropped = facts.get("dropped")
    if dropped is not None:
        kept = sum(counts.values()) - sum(dropped["counts"].values())
        yield f"  {kept:,} lines kept around {facts['dashcam']['hits']} moments, all else dropped as it was asked for"
    yield from _loss_lines(facts["losses"])
    if not counts and facts["state"] == "complete" and facts["resume"]:
        yield "  nothing was captured: no event came on any stream; is TESTRADE running, on this Redis and database?"
    yield f"  {facts['state']}: {facts['reason']}"
    if facts["state"] == "failed" and facts["resume"]:
        yield f"  nothing that is not on disk was acknowledged; go on with --resume {facts['session_id']}"


def _loss_lines(losses: Mapping[str, Any]) -> Iterator[str]:
    if not losses["measurable"]:
        yield f"  lost at least {losses['lost']:,}; more cannot be measured"
    else:
        yield f"  lost {losses['lost']:,}"
    for note in losses["notes"]:
        yield f"    {note}"
