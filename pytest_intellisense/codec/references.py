"""References in the texts of a plan: `${captured}`, `$stimulus_<field>`, `$pipeline_event_payload_<stage>.<path>`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_intellisense.codec.matrix import REFERENCE
from pytest_intellisense.codec.meaning import objects
from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.model.plan import JsonPath


def findings(plan: Mapping[str, Any], matrix_names: tuple[str, ...]) -> Iterator[Finding]:
    """`plan` is a row after its matrix values were put in: what is left must have been captured by an earlier step."""
    steps = dict(objects(plan.get("steps")))
    captured_by = {name: str(step.get("step_id")) for step in reversed(steps.values()) for name in _captures(step)}
    known: dict[str, None] = dict.fromkeys(matrix_names)
    for key, value in plan.items():
        if key not in ("steps", "matrix"):
            yield from _in_value(value, (key,), known, captured_by)
    for index, step in steps.items():
        yield from _in_value(step, ("steps", index), known, captured_by)
        known |= dict.fromkeys(_captures(step))


def _captures(step: Mapping[str, Any]) -> list[str]:
    captures = step.get("capture")
    return list(captures) if isinstance(captures, dict) else []


def _in_value(value: Any, path: JsonPath, known: Mapping[str, None], captured_by: Mapping[str, str]) -> Iterator[Finding]:
    if isinstance(value, str):
        if "${" in value:
            for match in REFERENCE.finditer(value):
                yield from _unknown(match[1], path, known, captured_by, on_key=False)
    elif isinstance(value, dict):
        for key, member in value.items():
            for match in REFERENCE.finditer(key):
                yield from _unknown(match[1], (*path, key), known, captured_by, on_key=True)
            yield from _in_value(member, (*path, key), known, captured_by)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _in_value(member, (*path, index), known, captured_by)


def _unknown(
    name: str, path: JsonPath, known: Mapping[str, None], captured_by: Mapping[str, str], *, on_key: bool
) -> Iterator[Finding]:
    if name in known:
        return
    if name in captured_by:
        message = f"${{{name}}} is used before step {captured_by[name]} has captured it"
        yield Finding(path, message, tuple(known), on_key=on_key)
        return
    message = f"${{{name}}} is neither in the matrix nor captured by an earlier step"
    yield Finding(path, message, tuple(known), nearest(name, known), on_key=on_key)
