"""An explained plan as JSON with comments: a line a value, its origin beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.explained import ExplainedRow, Origin
from pytest_intellisense.model.plan import JsonPath

_WIDEST = 60
_ON_ONE_LINE = 76


def explain_lines(row: ExplainedRow, shown: Callable[[Path], str]) -> Iterator[str]:
    """Lines that are a *.plan.jsonc again. `shown` gives the name of a file."""
    lines = list(_lines(row.value, (), 0, "", row.origins))
    width = min(max(len(text) for text, _ in lines), _WIDEST)
    for text, origin in lines:
        yield f"{text:<{width}}  // {_told(origin, shown)}" if origin else text


def _told(origin: Origin, shown: Callable[[Path], str]) -> str:
    if origin.file is None:
        return origin.note
    return f"{shown(origin.file)}:{origin.line}" + (f"  {origin.note}" if origin.note else "")


def _lines(
    value: Any, path: JsonPath, depth: int, comma: str, origins: Mapping[JsonPath, Origin]
) -> Iterator[tuple[str, Origin | None]]:
    own = origins.get(path)
    indent = "  " * depth
    key = f"{json.dumps(path[-1], ensure_ascii=False)}: " if path and isinstance(path[-1], str) else ""
    whole = f"{indent}{key}{json.dumps(value, ensure_ascii=False)}{comma}"
    if not isinstance(value, dict | list) or not value or (len(whole) <= _ON_ONE_LINE and _is_of_one_line(path, origins)):
        yield whole, own
        return
    opener, closer = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{key}{opener}", None
    members = list(value.items() if isinstance(value, dict) else enumerate(value))
    for number, (part, member) in enumerate(members, 1):
        yield from _lines(member, (*path, part), depth + 1, "," if number < len(members) else "", origins)
    yield f"{indent}{closer}{comma}", None


def _is_of_one_line(path: JsonPath, origins: Mapping[JsonPath, Origin]) -> bool:
    inside = {origin for each, origin in origins.items() if each[: len(path)] == path}
    return len(inside) <= 1
