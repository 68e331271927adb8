"""Rows of a matrix differ in few places: a part that was found good with the same values is good again.

A stimulus or a validation point can be judged alone as long as its matrix values are in none of the fields that other
parts depend on. Thousands of rows are collected in the time of plain test functions because of this.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pytest_intellisense.codec import matrix, meaning
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.codec.vocabulary import Vocabulary
from pytest_intellisense.model.plan import Bootstrap, JsonPath
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

_OF_OTHERS = frozenset({"type", "validation_id"})


class RowShortcut:
    """Whether rows are without findings, each part judged once for each combination of values in it."""

    def __init__(self, check: RowCheck, slots: list[matrix.Slot]) -> None:
        self._check = check
        self._names: dict[JsonPath, tuple[str, ...]] = {}
        for slot in slots:
            part = _part(slot)
            self._names[part] = tuple(dict.fromkeys((*self._names.get(part, ()), *slot.names)))
        if any(slot.path[2:] in (("step_id",), ("pipeline",)) for slot in slots if slot.path[:1] == ("steps",)):
            self._names = {(): tuple(dict.fromkeys(name for names in self._names.values() for name in names))}
        self._whole = self._names.pop((), ())
        self._good: set[tuple[JsonPath, str]] = set()

    def is_good(self, row: matrix.Row) -> bool:
        whole = ((), _key(row, self._whole))
        parts = [(path, _key(row, names)) for path, names in self._names.items()]
        if whole not in self._good:
            if self._check.findings(row):
                return False
            self._good.add(whole)
        else:
            for path, key in parts:
                if (path, key) not in self._good and not self._is_good_part(path, row):
                    return False
        self._good.update(parts)
        return True

    def _is_good_part(self, path: JsonPath, row: matrix.Row) -> bool:
        value = matrix.replaced(_at(self._check.body, path), row)
        try:
            _VALIDATORS[path[2] if len(path) > 1 else path[0]]()(value)
        except ValidationError:
            return False
        if path[-1] == "stimulus":
            return not list(self._check.files.findings(value, path))
        return path == ("bootstrap",) or self._is_good_point(value, path)

    def _is_good_point(self, point: dict[str, Any], path: JsonPath) -> bool:
        vocabulary = self._vocabulary
        steps = [step for _, step in meaning.objects(self._check.body["steps"])]
        index = path[1]
        assert isinstance(index, int)
        pipeline = meaning.pipeline_of(steps[index], vocabulary)
        earlier = [str(step.get("step_id")) for step in steps[:index]]
        return not list(meaning.point_findings(point, path, pipeline, earlier, vocabulary))

    @functools.cached_property
    def _vocabulary(self) -> Vocabulary:
        return self._check.vocabulary(self._check.body, [])


def _key(row: matrix.Row, names: tuple[str, ...]) -> str:
    return repr([row[name] for name in names])


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


@functools.cache
def _stimulus() -> Callable[[Any], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(Stimulus)
    return adapter.validate_python


_VALIDATORS: dict[str | int, Callable[[], Callable[[Any], Any]]] = {
    "stimulus": _stimulus,
    "validation_points": lambda: ValidationPoint.model_validate,
    "bootstrap": lambda: Bootstrap.model_validate,
}


def _at(plan: Any, path: JsonPath) -> Any:
    for part in path:
        plan = plan[part]
    return plan
