"""References in the texts of a plan: `${captured}`, `$stimulus_<field>`, `$pipeline_event_payload_<stage>.<path>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_intellisense.codec.matrix import REFERENCE, Slot, name_and_member
from pytest_intellisense.codec.meaning import objects
from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.codec.shape import shown
from pytest_intellisense.model.plan import JsonPath


def findings(plan: Mapping[str, Any], matrix_names: tuple[str, ...]) -> Iterator[Finding]:
    """`plan` is a row after its matrix values were put in: what is left must have been captured by an earlier step.

    What is left of the matrix itself is told by `member_findings`.
    """
    steps = dict(objects(plan.get("steps")))
    captured_by = {name: str(step.get("step_id")) for step in reversed(steps.values()) for name in _captures(step)}
    known: dict[str, None] = dict.fromkeys(matrix_names)

    def unknown(value: Any, path: JsonPath) -> Iterator[Finding]:
        for name, at, on_key in _named_in(value, path):
            if name not in known and name_and_member(name)[0] not in matrix_names:
                yield _unknown(name, at, known, captured_by, on_key=on_key)

    for key, value in plan.items():
        if key not in ("steps", "matrix"):
            yield from unknown(value, (key,))
    for index, step in steps.items():
        yield from unknown(step, ("steps", index))
        known |= dict.fromkeys(_captures(step))


def _captures(step: Mapping[str, Any]) -> list[str]:
    captures = step.get("capture")
    return list(captures) if isinstance(captures, dict) else []


def member_findings(slots: Iterable[Slot], matrix: Mapping[str, list[Any]]) -> Iterator[Finding]:
    """`${name.member}` where a value of the matrix has no such member."""
    for reference, path, on_key in [(each, slot.path, slot.in_key) for slot in slots for each in slot.references]:
        name, member = name_and_member(reference)
        if not member:
            continue
        for index, value in enumerate(matrix[name]):
            if not isinstance(value, dict):
                yield Finding(path, f"${{{reference}}}: matrix.{name}[{index}] is {shown(value)}, no object", on_key=on_key)
            elif member not in value:
                members = tuple(f"{name}.{each}" for each in value)
                elsewhere = any(isinstance(other, dict) and member in other for other in matrix[name])
                meant = "" if on_key or elsewhere else nearest(f"{name}.{member}", members)
                yield Finding(path, f"${{{reference}}} is not in matrix.{name}[{index}]", members, meant, on_key=on_key)
            else:
                continue
            break


def _named_in(value: Any, path: JsonPath) -> Iterator[tuple[str, JsonPath, bool]]:
    """What stands between the braces of every reference, where, and whether in a key."""
    if isinstance(value, str):
        if "${" in value:
            yield from ((match[1], path, False) for match in REFERENCE.finditer(value))
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from ((match[1], (*path, key), True) for match in REFERENCE.finditer(key))
            yield from _named_in(member, (*path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _named_in(member, (*path, index))


def _unknown(name: str, path: JsonPath, known: Mapping[str, None], captured_by: Mapping[str, str], *, on_key: bool) -> Finding:
    if name in captured_by:
        message = f"${{{name}}} is used before step {captured_by[name]} has captured it"
        return Finding(path, message, tuple(known), on_key=on_key)
    message = f"${{{name}}} is neither in the matrix nor captured by an earlier step"
    return Finding(path, message, tuple(known), nearest(name, known), on_key=on_key)
