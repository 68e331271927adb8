"""Rows of a matrix differ in few places: each part of a plan is judged once for each combination of values in it.

A stimulus or a validation point can be judged alone as long as its matrix values are in none of the fields that other
parts depend on. Thousands of rows are collected in the time of plain test functions because of this.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pytest_intellisense.codec import contradictions, matrix, meaning
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.model.plan import Bootstrap, JsonPath
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

Values = Mapping[str, list[Any]]

_CONTEXT = {("step_id",), ("pipeline",), ("stimulus", "type"), ("timeout_s",), ("wait_after_injection_s",)}
_OF_OTHERS = frozenset({"type", "validation_id"})


def all_rows_are_good(check: RowCheck, values: Values, slots: list[matrix.Slot]) -> bool:
    """Whether no row of the matrix has findings: the same answer as asking for the findings of every row."""
    parts: dict[JsonPath, list[matrix.Slot]] = {}
    for slot in slots:
        parts.setdefault(_part(slot), []).append(slot)
    whole = parts.pop((), [])
    if any(_is_context(slot.path) for slot in whole):
        whole, parts = slots, {}
    first_row = {name: several[0] for name, several in values.items()}
    if any(check.findings({**first_row, **chosen}) for chosen in _choices(values, whole)):
        return False
    return all(_is_good_part(check, path, values, inside) for path, inside in parts.items()) and _agree(check, values, parts)


def _agree(check: RowCheck, values: Values, parts: Mapping[JsonPath, list[matrix.Slot]]) -> bool:
    """Whether the validation points of a step go together in every row, where values of the matrix are in them."""
    steps = {path[1] for path in parts if path[2:3] == ("validation_points",)}
    for index, step in meaning.objects(check.body["steps"]):
        points = [((at,), point) for at, point in enumerate(step.get("validation_points", ()))]
        if index in steps and contradictions.are_possible(points):
            slots = [
                slot for path, inside in parts.items() if path[:3] == ("steps", index, "validation_points") for slot in inside
            ]
            for row in _choices(values, slots):
                filled = matrix.replaced(step["validation_points"], row)
                if any(contradictions.findings([((at,), point) for at, point in enumerate(filled)])):
                    return False
    return True


def _choices(values: Values, slots: list[matrix.Slot]) -> Iterator[matrix.Row]:
    """Every combination of the values that the slots take."""
    names = list(dict.fromkeys(name for slot in slots for name in slot.names))
    for combination in itertools.product(*(values[name] for name in names)):
        yield dict(zip(names, combination, strict=True))


def _is_good_part(check: RowCheck, path: JsonPath, values: Values, slots: list[matrix.Slot]) -> bool:
    """The combination of first values is left out: it was judged with the whole plan."""
    template = check.body
    for step in path:
        template = template[step]  # type: ignore[index]
    places = [slot.path[len(path) :] for slot in slots]
    choices = itertools.islice(_choices(values, slots), 1, None)
    variants = [matrix.with_slots_filled(template, places, matrix.names_in(chosen)) for chosen in choices]
    try:
        _validators()[path[2] if len(path) > 1 else path[0]](variants)
    except ValidationError:
        return False
    if path[-1] == "stimulus":
        return not any(True for stimulus in variants for _ in check.files.findings(stimulus, path))
    return path == ("bootstrap",) or _are_good_points(check, path, variants)


def _are_good_points(check: RowCheck, path: JsonPath, points: list[Any]) -> bool:
    index = path[1]
    assert isinstance(index, int)
    context = meaning.context_of(check.body["steps"], index, check.vocabulary(check.body, []))
    return not any(True for point in points for _ in meaning.point_findings(point, path, context))


@functools.cache
def _validators() -> dict[str | int, Callable[[Any], Any]]:
    stimuli: TypeAdapter[Any] = TypeAdapter(list[Stimulus])
    return {
        "stimulus": stimuli.validate_python,
        "validation_points": TypeAdapter(list[ValidationPoint]).validate_python,
        "bootstrap": TypeAdapter(list[Bootstrap]).validate_python,
    }


def _part(slot: matrix.Slot) -> JsonPath:
    """The smallest part of the plan that can be judged alone; () is the whole plan."""
    path = slot.path
    if slot.in_key:
        return ()
    if path[0] == "bootstrap" and len(path) > 1:
        return ("bootstrap",)
    if path[0] == "steps" and len(path) > 3 and path[2] == "stimulus" and path[3] not in _OF_OTHERS:
        return path[:3]
    if path[0] == "steps" and len(path) > 4 and path[2] == "validation_points" and path[4] not in _OF_OTHERS:
        return path[:4]
    return ()


def _is_context(path: JsonPath) -> bool:
    """Whether the validation points of a step depend on this value."""
    return path[0] in ("pipelines", "pipeline_files") or path[2:] in _CONTEXT
