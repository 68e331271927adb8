"""Dot paths into records and payloads: `snapshots.AAPL.cost_basis`, `fills[0].price`, `["a.b"].c`, `snapshots.*.symbol`."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final, Literal

from pytest_intellisense.errors import PlanError


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "<missing>"

    def __bool__(self) -> Literal[False]:
        return False


MISSING: Final = _Missing.MISSING
"""What a path that leads nowhere resolves to; null that really stands there is None."""

_ANY: Final = object()
_SEGMENT = re.compile(r'\.?(?:\[(?:"([^"]+)"|(-?\d+)|(\*))\]|([^.\[\]"]+))')
Segments = tuple[Any, ...]


@functools.lru_cache(maxsize=4096)
def parse_path(path: str) -> Segments:
    """The keys and indices of a path. Raises PlanError for a path that cannot be read."""
    segments: list[Any] = []
    end = 0
    while end < len(path):
        found = _SEGMENT.match(path, end)
        if not found or (end == 0 and path.startswith(".")):
            break
        quoted, index, star, name = found.groups()
        segments.append(quoted or (_ANY if star or name == "*" else int(index) if index else name))
        end = found.end()
    if not segments or end < len(path):
        raise PlanError(f'"{path}" is not a path: write keys joined by dots, list positions as [0], keys with dots as ["a.b"]')
    return tuple(segments)


def resolve(value: Any, path: str) -> Any:
    """The value at `path`, MISSING if there is none. `*` collects from all members into a list."""
    return walk(value, parse_path(path))


def walk(value: Any, segments: Segments) -> Any:
    for depth, segment in enumerate(segments):
        if segment is _ANY:
            return _collect(value, segments[depth + 1 :])
        value = _member(value, segment)
        if value is MISSING:
            return MISSING
    return value


def _member(value: Any, segment: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(segment, MISSING) if isinstance(segment, str) else value.get(str(segment), MISSING)
    if isinstance(value, list | tuple):
        try:
            return value[int(segment)]
        except (ValueError, IndexError):
            return MISSING
    return MISSING


def _collect(value: Any, rest: Segments) -> Any:
    if isinstance(value, Mapping):
        members = list(value.values())
    elif isinstance(value, list | tuple):
        members = list(value)
    else:
        return MISSING
    found = [leaf for member in members if (leaf := walk(member, rest)) is not MISSING]
    return found or MISSING


def lead_nowhere(value: Any, path: str, *, within: str) -> str:
    """One sentence on why `path` finds nothing in `value`: where it ends and which keys are there."""
    walked = []
    for segment in parse_path(path):
        if segment is _ANY:
            break
        following = _member(value, segment)
        if following is MISSING:
            break
        walked.append(str(segment))
        value = following
    place = f"{within}.{'.'.join(walked)}" if walked else within
    wanted = parse_path(path)[len(walked)]
    name = "any member" if wanted is _ANY else f'"{wanted}"'
    if not isinstance(value, Mapping):
        return f"{place} has no {name}"
    keys = [str(key) for key in value]
    close = get_close_matches(str(wanted), keys, n=1)
    meant = f' (did you mean "{close[0]}"?)' if close else ""
    return f"{place} has no {name}{meant}; it has {', '.join(keys[:20]) or 'nothing'}"
