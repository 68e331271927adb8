"""One shape for every reply to XREAD and XREADGROUP, whichever protocol, client setting or server made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Fields = Mapping[bytes, bytes]
Entries = list[tuple[str, Fields]]
Reply = list[tuple[str, Entries]]


def entries_of(reply: Any) -> Reply:
    """`[(stream, [(id, fields)])]`. Empty fields mean: delivered, but deleted before we got it.

    Understood: None, lists (RESP2), dicts with or without one more list level (RESP3), fields as dict, flat list or None.
    """
    pairs = reply.items() if isinstance(reply, dict) else reply or ()
    return [(stream.decode(), _usual(entries) or [_entry(entry) for entry in _entries(entries)]) for stream, entries in pairs]


def _usual(entries: Any) -> Entries | None:
    """What our own connection gets all the time, read without detours: `[[id, [name, value]]]`, with or without a clock."""
    try:
        fields = entries[0][1]
        if isinstance(fields, list) and len(fields) == 4:
            read: Entries = [
                (entry_id.decode(), {name: text, clock: domain}) for entry_id, (name, text, clock, domain) in entries
            ]
            return read if sum([len(pair) for _, pair in read]) == 2 * len(read) else None  # None: a name stands there twice
        if isinstance(fields, list) and len(fields) == 2:
            return [(entry_id.decode(), {name: text}) for entry_id, (name, text) in entries]
    except (TypeError, ValueError, AttributeError, IndexError):
        pass
    return None


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
