"""The streams as they stand: which are there, which speak, and in which generation of the contract."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from pytest_intellisense.capture.senses import UNDECLARED_STREAMS
from pytest_intellisense.codec.dialects import DialectCount
from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.codec.limits import read_within_limits
from pytest_intellisense.doctor.asking import Asking, CannotSee
from pytest_intellisense.doctor.finding import Finding, Level, fail, note, ok, warn
from pytest_intellisense.streams.replies import entries_of
from testrade_hooks import wire

_NEWEST = 10
_SILENT_AFTER_S = 600.0
_KEYS_AT_ONCE = 1000
_SCANS = 20
_OURS = frozenset({wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES})


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """One stream. `refusal` says why it, or its groups, could not be looked at; `info` is empty where there is no such key."""

    name: str
    info: Mapping[str, Any]
    groups: Sequence[Mapping[str, Any]]
    newest: Sequence[Entry]
    refusal: str = ""
    groups_refusal: str = ""
    wrong_type: bool = False

    @property
    def age_s(self) -> float | None:
        """How long ago the newest entry was added, by the server's ids; None for an empty stream."""
        last = self.newest[0].entry_id if self.newest else None
        return None if last is None else time.time() - int(last.partition("-")[0]) / 1000


def see(asking: Asking, names: Sequence[str]) -> list[StreamSeen]:
    """The streams of `names`, and those of other generations of TESTRADE that are there."""
    everywhere = (*names, *(name for name in UNDECLARED_STREAMS if name not in names))
    infos = asking.ask_each([("XINFO STREAM", name) for name in everywhere])
    groups = asking.ask_each([("XINFO GROUPS", name) for name in everywhere])
    newest = asking.ask_each([("XREVRANGE", name, "+", "-", "COUNT", _NEWEST) for name in everywhere])
    seen = [_seen(*four) for four in zip(everywhere, infos, groups, newest, strict=True)]
    return [one for one in seen if one.name in names or one.info]


def states(seen: Sequence[StreamSeen]) -> Iterator[Finding]:
    """One finding per stream that cannot be recorded, and one for each kind of silence."""
    for one in seen:
        if one.wrong_type:
            yield fail("streams", f"{one.name} holds something else than a stream", "rename or delete that key")
    refused = [one.name for one in seen if one.refusal]
    if refused:
        yield Finding(Level.UNSEEN, "streams", f"{seen_as(refused)}: {next(one.refusal for one in seen if one.refusal)}")
    looked_at = [one for one in seen if one.name not in _OURS and not one.refusal and not one.wrong_type]
    speaking = [one for one in looked_at if one.age_s is not None]
    if looked_at and not speaking:
        yield warn(
            "streams",
            f"none of {len(looked_at)} streams of TESTRADE has an entry",
            "is TESTRADE running, with ENABLE_INTELLISENSE_LOGGING (upper case) set? Is this its Redis and database number?",
        )
        return
    quiet = [one.name for one in speaking if (one.age_s or 0) > _SILENT_AFTER_S]
    live = [one.name for one in speaking if one.name not in quiet]
    if live:
        yield ok("streams", f"{len(live)} with entries of the last {_SILENT_AFTER_S / 60:g} minutes: {seen_as(live)}")
    if quiet:
        yield note("streams", f"{len(quiet)} with older entries only: {seen_as(quiet)}", "did what writes them stop?")
    if silent := [one.name for one in looked_at if one.age_s is None]:
        yield note("streams", f"{len(silent)} silent: {seen_as(silent)}", "a plan that waits for their events reports MISSING")


def generation(seen: Sequence[StreamSeen]) -> Iterator[Finding]:
    count = DialectCount()
    unreadable: dict[str, str] = {}
    for one in seen:
        for entry in one.newest:
            try:
                count.add(entry.stream, wire.decode(entry.stream, entry.fields, read_within_limits).event_type)
            except ValueError as problem:
                unreadable[one.name] = str(problem)
    if count.generation.startswith("silent"):
        yield note("contract", "no event of TESTRADE to judge by")
    elif count.generation.startswith("G1"):
        yield ok("contract", count.generation)
    else:
        yield warn(
            "contract",
            count.generation,
            "events are read all the same; plans find them under their G1 names where one is known",
        )
    for name, reason in unreadable.items():
        yield warn(
            "contract", f"{name} has entries that no known writer makes: {reason}", "they are kept raw in unparsed.jsonl"
        )


def undeclared(asking: Asking, names: Sequence[str]) -> Iterator[Finding]:
    """Streams that nobody would record, among the first keys of the server."""
    found = {key for node in asking.nodes() for key in _streams_of(node)}
    others = sorted(name for name in found - set(names) if not name.startswith("intellisense:"))
    if others:
        yield note(
            "streams", f"{len(others)} that are not of the contract: {seen_as(others)}", "name them to have them recorded too"
        )


def _streams_of(node: Asking) -> Iterator[str]:
    cursor = 0
    for _ in range(_SCANS):
        cursor, keys = node.ask("SCAN", cursor, "COUNT", _KEYS_AT_ONCE, "TYPE", "stream")
        yield from (key.decode(errors="replace") for key in keys)
        if int(cursor) == 0:
            return


def seen_as(names: Sequence[str]) -> str:
    shown = ", ".join(name.removeprefix("testrade:") for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _seen(name: str, info: Any, groups: Any, newest: Any) -> StreamSeen:
    if isinstance(newest, redis.ResponseError) and str(newest).startswith("WRONGTYPE"):
        return StreamSeen(name, {}, (), (), wrong_type=True)
    refusal = next((str(answer) for answer in (info, newest) if isinstance(answer, CannotSee)), "")
    entries = [] if isinstance(newest, Exception) else entries_of({name.encode(): newest})
    return StreamSeen(
        name,
        {} if isinstance(info, Exception) else info,
        () if isinstance(groups, Exception) else groups,
        [Entry(name, entry_id, fields) for _, items in entries for entry_id, fields in items],
        refusal,
        str(groups) if isinstance(groups, CannotSee) else "",
    )
