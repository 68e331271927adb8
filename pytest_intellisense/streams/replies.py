"""One shape for every reply, above all to XREAD and XREADGROUP, whichever protocol, client setting or server made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_intellisense.codec.entries import CLOCK_FIELD, TEXT_FIELD, Item, PlainColumns

Fields = Mapping[bytes, bytes]
Entries = Sequence[Item]
Reply = list[tuple[str, Entries]]


def text_of(value: object) -> str:
    """A part of a reply as text; names of groups and consumers are whatever bytes somebody chose."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def entries_of(reply: Any) -> Reply:
    """`[(stream, [(id, fields)])]`. Empty fields mean: delivered, but deleted before we got it.

    Understood: None, lists (RESP2), dicts with or without one more list level (RESP3), fields as dict, flat list or None.
    """
    pairs = reply.items() if isinstance(reply, dict) else reply or ()
    return [(stream.decode(), _usual(entries) or [_entry(entry) for entry in _entries(entries)]) for stream, entries in pairs]


def _usual(entries: Any) -> Entries | None:
    """What our own connection gets all the time, read without detours: `[[id, [name, text, name, clock]]]`."""
    try:
        ids, fields = zip(*entries, strict=True)
        if type(fields[0]) is not list:  # then none is: a connection answers in one way
            return None
        names, texts, *clocks = zip(*fields, strict=True)
    except (TypeError, ValueError):
        return None
    if not _are_all(names, TEXT_FIELD):
        return None
    if not clocks:
        return PlainColumns(ids, texts, None)
    clock_names, domains, *more = clocks
    if more or not (_are_all(clock_names, CLOCK_FIELD) and _are_all(domains, domains[0])):
        return None
    return PlainColumns(ids, texts, domains[0])


def _are_all(values: Sequence[Any], value: bytes) -> bool:
    return values.count(value) == len(values)


def _entries(entries: Any) -> Iterator[Any]:
    for entry in entries or ():
        if entry and isinstance(entry[0], bytes):
            yield entry
        else:
            yield from entry or ()


def _entry(entry: Any) -> tuple[str, Fields]:
    entry_id, fields = entry[0], entry[1]
    if isinstance(fields, list):
        pairs = list(zip(fields[::2], fields[1::2], strict=True))
        fields = dict(pairs)
        if len(fields) < len(pairs):
            fields = _with_repeated(pairs)
    return entry_id.decode(), fields or {}


def _with_repeated(pairs: Sequence[tuple[bytes, bytes]]) -> Fields:
    """A name that stands there more than once has its last value; the earlier ones are `name#1`, `name#2` and so on."""
    seen: Counter[bytes] = Counter()
    last = dict(pairs)
    earlier = {}
    left = Counter(name for name, _ in pairs)
    for name, value in pairs:
        left[name] -= 1
        if left[name]:
            seen[name] += 1
            earlier[b"%b#%d" % (name, seen[name])] = value
    return {**earlier, **last}
