"""JSON Schemas as pages: a table for each kind of object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pytest_intellisense.codec.schema import SCHEMA_FILE
from reference_pages import markdown
from reference_pages.markdown import cell, code, table, value

Schema = dict[str, Any]

_OF_PLANS = """
The keys of a plan. Editors complete and check them with `pytest_intellisense/codec/plan.schema.json`, from which this page is
made. Where a value is asked for, `${name}` of the matrix may stand.
"""


def plan_page() -> str:
    return markdown.page("Plan schema", _OF_PLANS, *parts(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), "InjectionPlan"))


def parts(schema: Schema, name: str) -> Iterator[str]:
    """The object at the top, then every definition that has keys of its own."""
    yield _part(name, schema)
    for inner, definition in schema.get("$defs", {}).items():
        if definition.get("properties"):
            yield _part(inner, definition)


def _part(name: str, definition: Schema) -> str:
    needed = definition.get("required", ())
    rows = [
        [code(key), types(one), "needed" if key in needed else _default(one), cell(one.get("description", "")), _example(one)]
        for key, one in definition["properties"].items()
    ]
    keys = table(["key", "value", "default", "meaning", "example"], rows)
    return f"## {name}\n\n{cell(definition.get('description', ''))}\n\n{keys}"


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
