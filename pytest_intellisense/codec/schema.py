"""The JSON Schemas of a plan and of the defaults of a folder, made from the models; editors complete and check plans with it.

`python -m pytest_intellisense.codec.schema` writes plan.schema.json and plan_defaults.schema.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("plan.schema.json")
DEFAULTS_SCHEMA_FILE = Path(__file__).with_name("plan_defaults.schema.json")
SCHEMA_URI = "https://json-schema.org/draft/2020-12/schema"
DURATION_PATTERN = r"^\s*\+?\d+(\.\d+)?\s*(ns|us|µs|ms|s|min)\s*$"
LIMIT_PATTERN = r"^\s*\+?\d+(\.\d+)?\s*(%|ns|us|µs|ms|s|min)\s*$"
REFERENCE_PATTERN = r"^\$\{[^${}]+\}$"

Schema = dict[str, Any]


def plan_schema() -> Schema:
    """Draft 2020-12, with keywords that draft-07 readers know too."""
    from pytest_intellisense.model.plan import InjectionPlan

    schema = InjectionPlan.model_json_schema(by_alias=True)
    definitions = {name: _tidy(part) for name, part in sorted(schema.pop("$defs").items())}
    for name, condition in _conditions().items():
        definitions[name] |= condition
    keys = ("full_raw_text", "snapshots", "snapshots_raw_data")
    definitions["OcrEvent"]["properties"]["raw_data"]["anyOf"] = [{"required": [key]} for key in keys]
    _check_types(definitions["ValidationPoint"])
    for limited in (schema, definitions["InjectionStep"]):
        limited["properties"]["regression_limits"] |= _limits()
    definitions["Placeholder"] = {
        "type": "string",
        "pattern": REFERENCE_PATTERN,
        "description": "A value of the matrix, by name; it takes the JSON type of that value.",
    }
    return {"$schema": SCHEMA_URI, "title": "Injection plan", **_tidy(schema), "$defs": definitions}


def defaults_schema() -> Schema:
    """What a plan_defaults.json may hold; a plan takes the same values."""
    from pytest_intellisense.model.plan import PlanDefaults

    schema = PlanDefaults.model_json_schema(by_alias=True)
    definitions = {name: _tidy(part) for name, part in sorted(schema.pop("$defs").items())}
    definitions["Stage"] |= _conditions()["Stage"]
    definitions["Placeholder"] = plan_schema()["$defs"]["Placeholder"]
    return {"$schema": SCHEMA_URI, "title": "Defaults of injection plans", **_tidy(schema), "$defs": definitions}


def write() -> None:
    for file, schema in ((SCHEMA_FILE, plan_schema()), (DEFAULTS_SCHEMA_FILE, defaults_schema())):
        file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _tidy(part: Any, *, is_value: bool = True) -> Any:
    """Without titles and OpenAPI's discriminator; fixed tuples as arrays; scalars may be a matrix value instead."""
    if isinstance(part, list):
        return [_tidy(member) for member in part]
    if not isinstance(part, dict):
        return part
    part = {key: value for key, value in part.items() if key not in ("title", "discriminator") or not is_value}
    if "prefixItems" in part:
        part["items"] = part.pop("prefixItems")[0]
    return {
        key: {name: _property(member) for name, member in value.items()} if key == "properties" else _inner(key, value)
        for key, value in part.items()
    }


def _inner(key: str, value: Any) -> Any:
    return value if key in ("default", "examples", "enum", "const", "required") else _tidy(value)


def _property(part: Schema) -> Schema:
    part = _tidy(part)
    return _or_placeholder(part) if _takes_placeholder(part) else part


_SCALARS = ("number", "integer", "boolean")


def _takes_placeholder(part: Schema) -> bool:
    if "const" in part:
        return False
    if "anyOf" in part:
        return not any(
            each.get("type") == "string" and "enum" not in each and "pattern" not in each for each in part["anyOf"]
        ) and any(_takes_placeholder(each) for each in part["anyOf"])
    if part.get("type") == "array":
        return part.get("items", {}).get("type") in _SCALARS
    return "enum" in part or part.get("type") in _SCALARS


def _or_placeholder(part: Schema) -> Schema:
    told: Schema = {key: part.pop(key) for key in ("description", "default", "examples") if key in part}
    choices = part.pop("anyOf") if set(part) == {"anyOf"} else [part]
    return {**told, "anyOf": [*choices, {"$ref": "#/$defs/Placeholder"}]}


def _conditions() -> dict[str, Schema]:
    """What the validators of the models ask for beyond single fields."""
    one_source = [_given(name) for name in ("images", "frames", "manifest")]
    quote = {"allOf": [_given("bid_price"), _given("ask_price")]}
    half_quote = {"anyOf": [_given("bid_price"), _given("ask_price")]}
    return {
        "RawImageSequence": {"oneOf": one_source},
        "PriceUpdate": {
            "anyOf": [
                {"allOf": [_given("price"), {"not": half_quote}]},
                {"allOf": [quote, {"not": _given("price")}]},
            ]
        },
        "ConfigChange": {"oneOf": [_given("parameter"), _given("parameters")]},
        "Stage": {
            "if": {"properties": {"absent": {"const": True}}, "required": ["absent"]},
            "then": {
                "properties": {
                    "optional": {"const": False},
                    "whole_order": {"const": False},
                    "min_count": {"maximum": 1},
                    "until": {"anyOf": [{"type": "null"}, {"maxProperties": 0}]},
                    "deadline_ms": {"type": "null"},
                }
            },
        },
    }


def _limits() -> Schema:
    from pytest_intellisense.model.regression_limit import STATISTICS

    return {
        "propertyNames": {"pattern": rf"^.+\.({'|'.join(STATISTICS)})$"},
        "additionalProperties": {
            "anyOf": [{"type": "string", "pattern": LIMIT_PATTERN}, {"$ref": "#/$defs/Placeholder"}],
        },
    }


def _given(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _check_types(point: Schema) -> None:
    """Which fields go with which type of check."""
    from pytest_intellisense.model.validation import COMMON_FIELDS, VALIDATION_TYPES, ValidationPoint

    fields = set(ValidationPoint.model_fields) - COMMON_FIELDS
    point["properties"]["type"]["enum"] = list(VALIDATION_TYPES)
    point["properties"]["within"]["anyOf"] = [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": DURATION_PATTERN},
        {"type": "null"},
        {"$ref": "#/$defs/Placeholder"},
    ]
    point["allOf"] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {
                "description": known.meaning,
                "required": sorted(known.needs),
                "properties": dict.fromkeys(sorted(fields - known.needs - known.takes), False),
            },
        }
        for name, known in VALIDATION_TYPES.items()
    ]


if __name__ == "__main__":
    write()
