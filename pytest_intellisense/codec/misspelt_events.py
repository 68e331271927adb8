"""Event types that nobody declared and that are one letter away from a declared one.

An application may publish events of its own, so an unknown name is no mistake. But a misspelt name in a check that
something does not happen would let the check pass for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import Any

from pytest_intellisense.codec.event_names import declared_names
from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.model.plan import JsonPath
from pytest_intellisense.model.timeline import Sense

_SENSES = tuple(str(sense) for sense in Sense)
_KEYS = ("event_type", "testrade_event_type")


def findings(criteria: Any, at: JsonPath) -> Iterator[Finding]:
    """A finding for every event type in `criteria` that is surely misspelt, and for a sense that does not exist."""
    if not isinstance(criteria, dict):
        return
    sense = criteria.get("source_sense")
    if isinstance(sense, str) and sense not in _SENSES and "$" not in sense:
        yield Finding((*at, "source_sense"), f'"{sense}" is no sense', _SENSES, nearest(sense, _SENSES))
    for key in _KEYS:
        given = criteria.get(key)
        members = [((*at, key, index), name) for index, name in enumerate(given)] if isinstance(given, list) else []
        for path, name in members or [((*at, key), given)]:
            meant = _one_letter_away(name) if isinstance(name, str) else None
            if meant:
                yield Finding(path, f'"{name}" is no declared event type', (), meant)


def in_order(wanted: Any, at: JsonPath, pipeline: str, stage_keys: Collection[str]) -> Iterator[Finding]:
    """A finding for every member of an `event_order` that is surely a misspelt stage or event type."""
    for index, name in enumerate(wanted if isinstance(wanted, list) else ()):
        yield from findings(name, (*at, index))
        meant = _one_letter_away(name, stage_keys) if isinstance(name, str) else None
        if meant:
            yield Finding(
                (*at, index), f'"{name}" is no stage of {pipeline} and no declared event type', tuple(stage_keys), meant
            )


def _one_letter_away(name: str, stage_keys: Collection[str] = ()) -> str | None:
    known = {*declared_names(), *stage_keys}
    if name in known:
        return None
    return next((other for other in sorted(known) if _differs_by_one(name, other)), None)


def _differs_by_one(name: str, other: str) -> bool:
    longest = max(len(name), len(other))
    if longest < 4 or abs(len(name) - len(other)) > 1:
        return False
    swapped = len(name) == len(other) and sorted(name) == sorted(other) and sum(map(str.__ne__, name, other)) == 2
    common = sum(block.size for block in SequenceMatcher(None, name, other, autojunk=False).get_matching_blocks())
    return swapped or common >= longest - 1
