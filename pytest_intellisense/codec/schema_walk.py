"""Finding the part of the schema that a value of a plan answers to, and saying in words what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_intellisense.model.plan import JsonPath

Schema = dict[str, Any]

_NOUNS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


class SchemaWalk:
    """Reads the plan schema; unknown places give an empty schema."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema

    def at(self, path: JsonPath, plan: Any) -> Schema:
        schema, value = self._root, plan
        for part in path:
            schema = self._child(self._variant(schema, value), part)
            value = self._member(value, part)
        return self._variant(schema, value)

    def tags(self, path: JsonPath, plan: Any) -> tuple[str, ...]:
        """The values of `type` among which the schema at `path` chooses."""
        schema = self.at(path[:-1], plan)
        branches = self._resolved(self._child(schema, path[-1])).get("oneOf", [])
        return tuple(self._resolved(branch)["properties"]["type"]["const"] for branch in branches)

    def example(self, path: JsonPath, plan: Any) -> tuple[str, ...]:
        """What may stand at the place of a missing value."""
        return self.allowed(self._resolved(self._child(self.at(path[:-1], plan), path[-1])))

    def allowed(self, schema: Schema) -> tuple[str, ...]:
        values = [value for branch in self._branches(schema) for value in branch.get("enum", [])]
        return tuple(str(value) for value in values)

    def described(self, schema: Schema) -> str:
        """`a number > 0 or a reference like "${name}"`."""
        branches = list(self._branches(schema))
        words = [
            self._described(branch) for branch in branches if not self._is_reference(branch) and branch.get("type") != "null"
        ]
        if "a whole number" in words and "a number" in words:
            words.remove("a whole number")
        if any(branch.get("pattern") == "^\\$" for branch in branches):
            words.append('a reference like "${name}"')
        return " or ".join(dict.fromkeys(words)) or "another value"

    def _described(self, schema: Schema) -> str:
        if "enum" in schema:
            return f"one of {', '.join(str(value) for value in schema['enum'])}"
        words = _NOUNS.get(str(schema.get("type")), "a value")
        limits = [
            f"{sign} {schema[key]:g}"
            for key, sign in (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))
            if key in schema
        ]
        if limits:
            words += " " + " and ".join(limits)
        return words + self._size(schema)

    def _size(self, schema: Schema) -> str:
        unit = "characters" if schema.get("type") == "string" else "members"
        least = schema.get("minLength", schema.get("minItems"))
        most = schema.get("maxLength", schema.get("maxItems"))
        if least is not None and least == most:
            return f" of {least} {unit}"
        if most is not None:
            return f" of {least or 0} to {most} {unit}"
        if least:
            return " that is not empty" if least == 1 else f" of at least {least} {unit}"
        return " of letters, digits and _, a letter first" if schema.get("pattern", "").startswith("^[A-Za-z]") else ""

    def _is_reference(self, schema: Schema) -> bool:
        return str(schema.get("pattern", "")).startswith("^\\$")

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        schema = self._resolved(schema)
        if "anyOf" in schema:
            for branch in schema["anyOf"]:
                yield from self._branches(branch)
        else:
            yield schema

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def _variant(self, schema: Schema, value: Any) -> Schema:
        """The branch that `value` has chosen: by its `type`, or by being an object or a list."""
        schema = self._resolved(schema)
        if "anyOf" in schema and isinstance(value, dict | list):
            kind = "object" if isinstance(value, dict) else "array"
            fitting = [branch for branch in self._branches(schema) if branch.get("type") == kind]
            return fitting[0] if fitting else schema
        if "oneOf" in schema and "properties" not in schema and isinstance(value, dict):
            branches = [self._resolved(branch) for branch in schema["oneOf"]]
            return next((each for each in branches if each["properties"]["type"].get("const") == value.get("type")), schema)
        return schema

    def _child(self, schema: Schema, part: str | int) -> Schema:
        schema = self._resolved(schema)
        if isinstance(part, int):
            return self._schema(schema.get("items"))
        properties = schema.get("properties", {})
        return self._schema(properties.get(part, schema.get("additionalProperties")))

    def _schema(self, schema: Any) -> Schema:
        return schema if isinstance(schema, dict) else {}

    def _member(self, value: Any, part: str | int) -> Any:
        if isinstance(value, dict):
            return value.get(str(part))
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            return value[part]
        return None
