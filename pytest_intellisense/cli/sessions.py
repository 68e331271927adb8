"""`intellisense sessions [ROOT]`: what is recorded, how old, how big, and what is kept."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from pytest_intellisense.cli.exits import COMPLETE

NAME = "sessions"
HELP = "List recorded sessions with state, age, size and keep flag, the oldest first."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("root", type=Path, nargs="?", default=Path("captures"), metavar="ROOT", help="default: captures")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.capture.facts import FORMAT
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.housekeeping.capture_root import CaptureRoot
    from pytest_intellisense.housekeeping.disk_watch import Space
    from pytest_intellisense.housekeeping.units import age_text, size_text

    with CaptureRoot(arguments.root) as root:
        sessions, others = root.sessions(), root.others()
        free_bytes = Space.at(root.path).free_bytes
    now_ns = time.time_ns()
    width = max((len(session.session_id) for session in sessions), default=0)
    for session in sessions:
        age = age_text((now_ns - session.written_epoch_ns) / 1e9)
        kept = "" if session.keep_reason is None else f"  kept {session.keep_reason}".rstrip()
        size = size_text(session.size_bytes)
        newer = f"  of a newer version (schema {session.format})" if session.format > FORMAT else ""
        print(f"{session.session_id:{width}}  {session.state:9}  {age:>7}  {size:>9}{kept}{newer}")
    total = size_text(sum(session.size_bytes for session in sessions))
    print(f"{len(sessions)} sessions, {total}; {size_text(free_bytes)} free")
    for name, reason in others:
        print(plain(f"not counted: {name}, {reason}"))
    return COMPLETE
