"""session.json: who recorded what, with which versions, how much of it, and what is missing."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from pytest_intellisense.capture.paths import LOGS, SESSION_FILE, UNPARSED
from pytest_intellisense.capture.regular_files import open_regular
from pytest_intellisense.errors import CaptureFailed, without_secrets
from pytest_intellisense.model.results import LossReport
from testrade_hooks import clock

FORMAT = 1
LOSSES_MISTAKE = "its record of losses cannot be read: how much was lost is unknown"
_MOST_BYTES = 16 * 1024 * 1024


def session_facts(
    *,
    session_id: str,
    state: str,
    started: clock.Reading,
    redis: str,
    streams: Sequence[str],
    durability: str,
    contract_generation: str,
    counts: Mapping[str, int],
    loss: LossReport,
) -> dict[str, Any]:
    """`state`: recording, complete or failed; a session left at recording was killed."""
    now = clock.now()
    return {
        "format": FORMAT,
        "session_id": session_id,
        "state": state,
        "started_epoch_ns": started.epoch_ns,
        "written_epoch_ns": now.epoch_ns,
        "clock_domains": sorted({started.domain, now.domain}),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "redis": without_secrets(redis),
        "streams": list(streams),
        "durability": durability,
        "contract_generation": contract_generation,
        "counts": dict(counts),
        "losses": {**asdict(loss), "notes": list(loss.notes)},
        "versions": {
            "python": platform.python_version(),
            "pytest-intellisense": version("pytest-intellisense"),
            "redis-py": version("redis"),
        },
    }


class NewerFormat(CaptureFailed):
    """The session was written by a version that knows more than this one."""


def read_facts(session: Path) -> dict[str, Any]:
    """session.json, with all that it has. Raises CaptureFailed if it cannot be read, NewerFormat if it may not be."""
    path = session / SESSION_FILE
    try:
        with open_regular(path) as file:
            facts = msgspec.json.decode(file.read(_MOST_BYTES), type=dict[str, Any])
    except (OSError, ValueError) as problem:
        raise CaptureFailed(
            f"{path} cannot be read: {problem}", hint="`intellisense recover` writes it again from the logs"
        ) from None
    written = facts.get("format", FORMAT)
    if not isinstance(written, int) or written > FORMAT:
        raise NewerFormat(
            f"{path}: the session is of schema {written}, this version knows schema {FORMAT}",
            hint="install a newer pytest-intellisense to read it; nothing was changed",
        )
    return facts


def stated_facts(session: Path) -> tuple[dict[str, Any], str]:
    """session.json, or nothing and the reason. Raises NewerFormat."""
    try:
        return read_facts(session), ""
    except NewerFormat:
        raise
    except CaptureFailed as problem:
        return {}, str(problem)


def mistakes_in(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What cannot be read of that by which a session is known to be whole."""
    losses, counts = part_of(facts, "losses"), part_of(facts, "counts")
    dropped = part_of(facts, "dropped").get("counts", {})
    mistakes = []
    if not _is_count(losses.get("lost")) or not isinstance(losses.get("measurable"), bool):
        mistakes.append(LOSSES_MISTAKE)
    if "counts" not in facts or not all(_are_counts(part) for part in (facts["counts"], dropped)):
        mistakes.append("its counts of lines cannot be read")
    elif foreign := sorted(name for name in counts if name not in (*LOGS, UNPARSED)):
        mistakes.append(f"it counts lines of logs that are none: {', '.join(foreign[:3])}")
    return tuple(mistakes)


def part_of(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside session.json; an empty one where a stranger wrote something else."""
    part = facts.get(name)
    return part if isinstance(part, Mapping) else {}


def whole_number(facts: Mapping[str, Any], name: str) -> int:
    """0 where there is no whole number."""
    number = facts.get(name)
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _are_counts(part: Any) -> bool:
    return isinstance(part, Mapping) and all(map(_is_count, part.values()))


def _is_count(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0
