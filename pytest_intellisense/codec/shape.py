"""Wrong keys, types and ranges: what pydantic found, in the words of the plan's schema."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.codec.schema import SCHEMA_FILE, Schema
from pytest_intellisense.codec.schema_walk import SchemaWalk
from pytest_intellisense.model.plan import JsonPath

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

OLDER_NAMES = {
    "target_pipeline_key": 'write "pipeline" beside "stimulus"',
    "pipeline_timeout_s": 'write "timeout_s" beside "stimulus"',
    "step_description": 'write "description"',
}
_SIZES = ("too_short", "too_long", "string_too_short", "string_too_long")


def findings(problem: ValidationError, plan: Any, prefix: JsonPath = (), *, schema: Path = SCHEMA_FILE) -> list[Finding]:
    """One finding for each wrong value, wherever unions of the models report several."""
    by_path: dict[tuple[JsonPath, str], ErrorDetails] = {}
    for error in problem.errors(include_url=False):
        path = _path_in(plan, (*prefix, *error["loc"]))
        kind = error["type"] if error["type"] in ("missing", "extra_forbidden", "value_error") else "value"
        missing = error["loc"][-1] if kind == "missing" else None
        if isinstance(missing, str):
            path = (*path, missing)
        elif missing is not None:
            kind = "value"
        by_path.setdefault((path, kind), error)
    wrong = {path for path, _ in by_path}
    walk = _walk(schema)
    found = [
        _finding(path, kind, error, plan, walk)
        for (path, kind), error in by_path.items()
        if not _follows_from_another(path, error, wrong)
    ]
    return _without_meant(found)


def _path_in(plan: Any, loc: Sequence[str | int]) -> JsonPath:
    """`loc` without the names of union branches: only what leads through the plan."""
    path: JsonPath = ()
    value: Any = plan
    for part in loc:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        path = (*path, part)
    return path


def _follows_from_another(path: JsonPath, error: ErrorDetails, wrong: set[JsonPath]) -> bool:
    """A tuple that lost its broken members is reported as too short beside them."""
    return error["type"] in _SIZES and any(len(other) > len(path) and other[: len(path)] == path for other in wrong)


def _finding(path: JsonPath, kind: str, error: ErrorDetails, plan: Any, walk: SchemaWalk) -> Finding:
    if kind == "extra_forbidden":
        return _unknown_key(path, walk.at(path[:-1], plan))
    if kind == "missing":
        return Finding(path[:-1], f'"{path[-1]}" is missing', tuple(walk.example(path, plan)))
    if kind == "value_error":
        return Finding(path, error["msg"].removeprefix("Value error, "))
    if error["type"] == "union_tag_not_found":
        for key in error["input"] if isinstance(error["input"], dict) else ():
            if nearest(key, ("type",)):
                return Finding((*path, key), f'unknown key "{key}"', ("type",), "type", on_key=True)
        return Finding(path, '"type" is missing', walk.tags(path, plan))
    if error["type"] == "union_tag_invalid":
        given = error["input"]["type"]
        tags = walk.tags(path, plan)
        return Finding((*path, "type"), f"{shown(given)} is no stimulus", tags, nearest(given, tags))
    return _wrong_value(path, plan, walk)


def _unknown_key(path: JsonPath, schema: Schema) -> Finding:
    key = str(path[-1])
    allowed = tuple(name for name in schema.get("properties", {}))
    if key in OLDER_NAMES and key not in allowed:
        return Finding(path, f'unknown key "{key}": {OLDER_NAMES[key]}', allowed, on_key=True)
    return Finding(path, f'unknown key "{key}"', allowed, nearest(key, allowed), on_key=True)


def _wrong_value(path: JsonPath, plan: Any, walk: SchemaWalk) -> Finding:
    value = functools.reduce(lambda inner, part: inner[part], path, plan)
    schema = walk.at(path, plan)
    allowed = walk.allowed(schema)
    name = next((part for part in reversed(path) if isinstance(part, str)), "the plan")
    return Finding(path, f'"{name}" should be {walk.described(schema)}, got {shown(value)}', allowed, nearest(value, allowed))


def shown(value: Any) -> str:
    """A value of the plan in a message: JSON, cut to a readable length."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _without_meant(found: list[Finding]) -> list[Finding]:
    """A misspelt key is one mistake: the key that it was meant to be is not missing as well."""
    meant = {(finding.path[:-1], finding.suggestion) for finding in found if finding.on_key and finding.suggestion}
    return [
        finding
        for finding in found
        if not (finding.message.endswith("is missing") and (finding.path, finding.message.split('"')[1]) in meant)
    ]


@functools.cache
def _walk(schema: Path) -> SchemaWalk:
    return SchemaWalk(json.loads(schema.read_text(encoding="utf-8")))
