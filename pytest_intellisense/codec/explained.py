"""One row of a plan as it will run: defaults merged, matrix filled in, today's form, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_intellisense.codec import matrix
from pytest_intellisense.codec.plans import PlanRowSource
from pytest_intellisense.model.plan import JsonPath
from pytest_intellisense.model.validation import COMMON_FIELDS, VALIDATION_TYPES


@dataclass(frozen=True, slots=True)
class Origin:
    """`file` and `line` (from 1) of a value; `note` says what made it of what is written there. Built in: no file."""

    file: Path | None
    line: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """`value` is plain JSON; every value in it, containers too, has an origin under its path."""

    value: dict[str, Any]
    origins: Mapping[JsonPath, Origin]


BUILT_IN = Origin(None, note="built in")


def explained(row: PlanRowSource) -> ExplainedRow:
    """Everything that counts for one row; built-in values are shown unless they are empty or false."""
    written = row.written()
    case = row.case()
    origins: dict[JsonPath, Origin] = {}
    value = _completed(written, case.plan.model_dump(mode="json", by_alias=True), (), origins)
    for at, step in enumerate(value["steps"]):
        step["validation_points"] = [_point(point) for point in step.get("validation_points", [])]
        if not step.get("pipeline"):
            step["pipeline"] = row.default_pipeline(step["stimulus"]["type"])
            origins["steps", at, "pipeline"] = Origin(None, note=f"built in, for {step['stimulus']['type']}")
    origins |= dict(_written_origins(written, row))
    return ExplainedRow(value, origins)


def _completed(written: Any, whole: Any, path: JsonPath, origins: dict[JsonPath, Origin]) -> Any:
    """`written` with what the model adds to it."""
    if isinstance(written, dict) and isinstance(whole, dict):
        added = {key: _pruned(member) for key, member in whole.items() if key not in written and not _is_empty(member)}
        origins.update((inner, BUILT_IN) for key, member in added.items() for inner, _ in _walk(member, (*path, key)))
        kept = {key: _completed(member, whole.get(key), (*path, key), origins) for key, member in written.items()}
        return kept | added
    if isinstance(written, list) and isinstance(whole, list):
        pairs = zip(written, whole, strict=True)
        return [_completed(mine, theirs, (*path, at), origins) for at, (mine, theirs) in enumerate(pairs)]
    return written


def _pruned(value: Any) -> Any:
    return {key: member for key, member in value.items() if not _is_empty(member)} if isinstance(value, dict) else value


def _point(point: dict[str, Any]) -> dict[str, Any]:
    """Without what the model adds and the type of the check does not use."""
    known = VALIDATION_TYPES[point["type"]]
    return {key: member for key, member in point.items() if key in COMMON_FIELDS | known.needs | known.takes}


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", 0, [], {})


def _written_origins(written: dict[str, Any], row: PlanRowSource) -> Iterator[tuple[JsonPath, Origin]]:
    renamed = matrix.renamed_keys(row.body, row.row)
    templates = dict(_walk(row.body, ()))
    for path, _ in _walk(written, ()):
        in_body = renamed.get(path, path)
        while in_body and in_body not in templates:
            in_body = in_body[:-1]
        document, there = row.origins.of(in_body)
        place = row.origins.place(in_body)
        template = templates.get(in_body)
        note = _filled_from(template, row) if isinstance(template, str) else ""
        if there not in document.scan.values:
            note = "by its place or the name of the file"
        yield path, Origin(document.path, place.line, note)


def _filled_from(template: str, row: PlanRowSource) -> str:
    """`"${symbol}", matrix line 5`; empty where the matrix gave nothing."""
    names = [match[1].removeprefix("matrix.").partition(".")[0] for match in matrix.REFERENCE.finditer(template)]
    lines = [str(row.origins.place(("matrix", name)).line) for name in dict.fromkeys(names) if name in row.row]
    return f"{json.dumps(template, ensure_ascii=False)}, matrix line {', '.join(lines)}" if lines else ""


def _walk(value: Any, path: JsonPath) -> Iterator[tuple[JsonPath, Any]]:
    yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, member in members:
        yield from _walk(member, (*path, part))
