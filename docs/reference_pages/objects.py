"""JSON Schemas as pages: a table for each kind of object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_intellisense.codec import schema as plan_schema
from pytest_intellisense.reporting import report_schema
from reference_pages import markdown
from reference_pages.markdown import cell, code, table, value

Schema = dict[str, Any]

_OF_PLANS = """
The keys of a plan. Editors complete and check them with `pytest_intellisense/codec/plan.schema.json`, from which this page is
made. Where a value is asked for, `${name}` of the matrix may stand.
"""


_OF_DEFAULTS = """
The keys of `plan_defaults.json`; the objects inside are those of the [plan schema](plan_schema.md).
"""
_OF_REPORTS = """
`reports/report.json` at the end of a run, from `pytest_intellisense/reporting/report.schema.json`. Times are whole nanoseconds.
"""


def plan_page() -> str:
    return markdown.page("Plan schema", _OF_PLANS, *_parts(_read(plan_schema.SCHEMA_FILE), "InjectionPlan"))


def defaults_page() -> str:
    schema = _read(plan_schema.DEFAULTS_SCHEMA_FILE)
    return markdown.page("Defaults schema", _OF_DEFAULTS, *_parts(schema, "PlanDefaults"))


def report_page() -> str:
    return markdown.page("Report schema", _OF_REPORTS, *_parts(_read(report_schema.SCHEMA_FILE), "Report"))


def _read(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    return schema


def _parts(schema: Schema, name: str) -> Iterator[str]:
    """The object at the top, then every definition that has keys of its own."""
    for inner, definition in {name: schema, **schema.get("$defs", {})}.items():
        if definition.get("properties"):
            yield _part(inner, definition)


def _part(name: str, definition: Schema) -> str:
    needed = definition.get("required", ())
    columns = {
        "key": lambda key, _: code(key),
        "value": lambda _, one: types(one),
        "default": lambda key, one: "needed" if key in needed else _default(one),
        "meaning": lambda _, one: cell(one.get("description", "")),
        "example": lambda _, one: _example(one),
    }
    filled = {head: [say(*pair) for pair in definition["properties"].items()] for head, say in columns.items()}
    told = {head: texts for head, texts in filled.items() if any(texts)}
    return f"## {name}\n\n{cell(definition.get('description', ''))}\n\n{table(list(told), zip(*told.values(), strict=True))}"


def types(schema: Schema) -> str:
    """What may stand there, in a word or two each."""
    return " or ".join(dict.fromkeys(_types(schema)))


def _types(schema: Schema) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from () if name == "Placeholder" else (f"[{name}](#{name.lower()})",)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _types(alternative)
    if "const" in schema:
        yield value(schema["const"])
    elif "enum" in schema:
        yield from (value(one) for one in schema["enum"])
    elif schema.get("type") == "array":
        yield f"list of {types(schema.get('items', {})) or 'values'}"
    elif schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        yield f"name → {types(schema['additionalProperties']) or 'value'}"
    elif isinstance(schema.get("type"), list):
        yield from schema["type"]
    elif "type" in schema:
        yield schema["type"]


def _default(schema: Schema) -> str:
    return value(schema["default"]) if "default" in schema and schema["default"] is not None else ""


def _example(schema: Schema) -> str:
    return value(schema["examples"][0]) if schema.get("examples") else ""
