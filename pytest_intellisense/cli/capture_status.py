"""`intellisense capture status`: which captures run, since when, and how far they are."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence

from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE
from pytest_intellisense.cli.live_line import clock_text
from pytest_intellisense.cli.running import FoundCapture, captures_in, the_capture
from pytest_intellisense.housekeeping.units import age_text, size_text

_NOT_ENDED = frozenset({"recording", "scheduled", "killed"})
_MOST_NOTES = 5


def status(arguments: argparse.Namespace) -> int:
    """0 if a capture runs, or the named one is there; 1 if none does. Raises SettingsError and EnvironmentProblem."""
    shown: Sequence[FoundCapture]
    if arguments.session_id:
        shown = [the_capture(arguments.output_dir, arguments.session_id)]
    else:
        found = captures_in(arguments.output_dir)
        shown = [one for one in found if one.in_use] or found[-1:]
    if arguments.json:
        print(json.dumps([{**one.facts, "state": one.state, "in_use": one.in_use} for one in shown], indent=2))
    else:
        print("\n".join(line for one in shown for line in _lines(one)) or f"no capture in {arguments.output_dir}")
    return COMPLETE if arguments.session_id or any(one.in_use for one in shown) else NOTHING_READABLE


def _lines(capture: FoundCapture) -> list[str]:
    facts, seen = capture.facts, capture.facts["statistics"]
    silent_s = (time.time_ns() - facts["written_epoch_ns"]) / 1e9
    ran = clock_text((facts["written_epoch_ns"] - facts["started_epoch_ns"]) / 1e9)
    lines = [
        f"{capture.session_id}: {capture.state}, pid {facts['pid']}, {ran}, last sign of life {age_text(silent_s)} ago",
        f"  {seen['events']:,} events, {size_text(seen['bytes_written'])}, segment {facts['segment']}, {facts['redis']}",
    ]
    lines += _loss_lines(capture)
    if facts["reason"]:
        lines.append(f"  {facts['reason']}")
    if capture.state == "killed":
        lines.append(f"  it was killed; go on with: intellisense capture start --resume {capture.session_id}")
    return lines


def _loss_lines(capture: FoundCapture) -> Iterator[str]:
    counted_ns, losses = capture.facts.get("losses_epoch_ns"), capture.facts["losses"]
    if counted_ns is None and capture.state in _NOT_ENDED:
        yield "  losses not yet counted"
        return
    when = f", counted {age_text((time.time_ns() - counted_ns) / 1e9)} ago" if counted_ns else ""
    more = "" if losses["measurable"] else "; how many more, cannot be measured"
    yield f"  lost {losses['lost']:,}{when}{more}"
    notes = losses["notes"]
    yield from (f"    {note}" for note in notes[:_MOST_NOTES])
    if len(notes) > _MOST_NOTES:
        yield f"    and {len(notes) - _MOST_NOTES} more in session.json"
