"""What the server itself is: version, role, speed, memory, persistence."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from pytest_intellisense.doctor.asking import Asking
from pytest_intellisense.doctor.finding import Finding, fail, note, ok, warn
from pytest_intellisense.housekeeping.stream_watch import memory_state
from pytest_intellisense.housekeeping.units import size_text
from pytest_intellisense.streams.replies import text_of

_ROUND_TRIPS = 20
_SLOW_MS = 20.0
_FIRST_THAT_COUNTS = (7, 0)
_TESTED_TO = (9, 2)


def version(asking: Asking) -> Iterator[Finding]:
    """HELLO is the one command that every user may give."""
    said = {text_of(name): value for name, value in _pairs(asking.ask("HELLO"))}
    name, number, mode = text_of(said["server"]), text_of(said["version"]), text_of(said["mode"])
    what = f"{name} {number}, {mode}"
    known = tuple(int(part) for part in number.split(".")[:2])
    if known < _FIRST_THAT_COUNTS:
        yield warn(
            "version",
            f'{what}: it does not count the entries of a stream, so lost entries are "not measurable"',
            "use Redis 7.0 or newer where losses must be counted",
        )
    elif known > _TESTED_TO:
        yield note("version", f"{what}: newer than any version that this recorder was tested with")
    else:
        yield ok("version", f"{what}: counts the entries of a stream, so losses are counted exactly")
    if text_of(said.get("role", "master")) not in ("master", "primary"):
        yield fail("role", "a read-only replica: no consumer group can be made here", "give the URL of the primary")


def round_trip(asking: Asking) -> Iterator[Finding]:
    taken_ms = []
    for _ in range(_ROUND_TRIPS):
        started = time.perf_counter_ns()
        asking.ask("PING")
        taken_ms.append((time.perf_counter_ns() - started) / 1e6)
    text = f"{statistics.median(taken_ms):.2f} ms in the middle, {max(taken_ms):.2f} ms at most, of {_ROUND_TRIPS} round trips"
    if statistics.median(taken_ms) > _SLOW_MS:
        yield warn("round trip", text, "record on a machine nearer to this Redis: arrival times include the way")
    else:
        yield ok("round trip", text)


def memory(asking: Asking) -> Iterator[Finding]:
    info = asking.ask("INFO", "memory")
    state = memory_state(info)
    limit = size_text(state.limit_bytes) if state.limit_bytes else "no limit"
    if state.level == "enough":
        yield ok("memory", f"{size_text(state.used_bytes)} used of {limit}, policy {state.policy}")
    else:
        yield warn("memory", state.sentence, "raise maxmemory or trim the streams sooner; the policy for streams is noeviction")


def persistence(asking: Asking) -> Iterator[Finding]:
    info = asking.ask("INFO", "persistence")
    if int(info.get("loading", 0)):
        yield warn("persistence", "the server is still loading its data", "try again when it is up")
    elif int(info.get("aof_enabled", 0)):
        yield ok("persistence", "append-only file: a restart keeps the streams")
    else:
        yield note("persistence", "no append-only file: a restart loses what was added last, recorded or not")


def _pairs(said: Any) -> Iterator[tuple[Any, Any]]:
    """HELLO is answered by a map, or by a flat list in the older protocol."""
    return iter(said.items()) if isinstance(said, dict) else zip(said[::2], said[1::2], strict=True)
