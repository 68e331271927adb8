"""Rows of a matrix differ in few places: a part that was found good with the same values is good again.

A stimulus or a validation point can be judged alone as long as its matrix values are in none of the fields that other
parts depend on. Thousands of rows are collected in the time of plain test functions because of this.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pytest_intellisense.codec import matrix, meaning
from pytest_intellisense.codec.row_check import RowCheck
from pytest_intellisense.model.plan import Bootstrap, JsonPath
from pytest_intellisense.model.stimulus import Stimulus
from pytest_intellisense.model.validation import ValidationPoint

Fill = Callable[[matrix.Row], Any]

_OF_OTHERS = frozenset({"type", "validation_id"})


class RowShortcut:
    """Whether rows are without findings, each part judged once for each combination of values in it."""

    def __init__(self, check: RowCheck, slots: Iterable[matrix.Slot]) -> None:
        names_of: dict[JsonPath, list[str]] = {}
        self._places: dict[JsonPath, list[JsonPath]] = {}
        for slot in slots:
            part = _part(slot)
            names_of.setdefault(part, []).extend(slot.names)
            self._places.setdefault(part, []).append(slot.path[len(part) :])
        if () in names_of and any(_is_context(slot.path) for slot in slots):
            names_of = {(): [name for names in names_of.values() for name in names]}
        self._check = check
        self._whole = _Part(names_of.pop((), []), self._is_good_plan)
        self._parts = [_Part(names, self._judge(path)) for path, names in names_of.items()]

    def is_good(self, row: matrix.Row) -> bool:
        values = matrix.names_in(row)
        if self._whole.was_good(row):
            return all(part.was_good(row) or part.is_good(row, values) for part in self._parts)
        if not self._whole.is_good(row, row):
            return False
        for part in self._parts:
            part.remember(row)
        return True

    def _is_good_plan(self, row: matrix.Row) -> bool:
        return not self._check.findings(row)

    def _judge(self, path: JsonPath) -> Callable[[matrix.Row], bool]:
        """How to judge the part at `path` with the values of a row in it."""
        fill = functools.partial(matrix.with_slots_filled, _at(self._check.body, path), self._places[path])
        if path == ("bootstrap",):
            return lambda values: _is_valid(Bootstrap.model_validate, fill(values))
        if path[2] == "stimulus":
            return functools.partial(self._is_good_stimulus, fill, path)
        return functools.partial(self._is_good_point, fill, path, self._context(path))

    def _is_good_stimulus(self, fill: Fill, path: JsonPath, values: matrix.Row) -> bool:
        stimulus = fill(values)
        return _is_valid(_stimulus(), stimulus) and not any(True for _ in self._check.files.findings(stimulus, path))

    def _is_good_point(self, fill: Fill, path: JsonPath, context: meaning.Context, values: matrix.Row) -> bool:
        point = fill(values)
        if not _is_valid(ValidationPoint.model_validate, point):
            return False
        return not any(True for _ in meaning.point_findings(point, path, context))

    def _context(self, path: JsonPath) -> meaning.Context:
        vocabulary = self._check.vocabulary(self._check.body, [])
        return meaning.context_of(self._check.body["steps"], int(path[1]), vocabulary)


class _Part:
    """A part of the plan, the matrix names in it, and the values with which it was good.

    Values are told apart by identity: each stands once in the matrix, and 1, 1.0 and true are not the same to a plan.
    """

    __slots__ = ("_good", "_judge", "_names")

    def __init__(self, names: list[str], judge: Callable[[matrix.Row], bool]) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._judge = judge
        self._good: set[tuple[int, ...]] = set()

    def was_good(self, row: matrix.Row) -> bool:
        return tuple([id(row[name]) for name in self._names]) in self._good

    def is_good(self, row: matrix.Row, values: matrix.Row) -> bool:
        if not self._judge(values):
            return False
        self.remember(row)
        return True

    def remember(self, row: matrix.Row) -> None:
        self._good.add(tuple([id(row[name]) for name in self._names]))


def _is_valid(validate: Callable[[Any], Any], value: Any) -> bool:
    try:
        validate(value)
    except ValidationError:
        return False
    return True


@functools.cache
def _stimulus() -> Callable[[Any], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(Stimulus)
    return adapter.validate_python


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
    return path[0] in ("pipelines", "pipeline_files") or path[2:] in (("step_id",), ("pipeline",), ("stimulus", "type"))


def _at(plan: Any, path: JsonPath) -> Any:
    for part in path:
        plan = plan[part]
    return plan
