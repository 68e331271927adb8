"""The matrix of a plan: its rows, their names, and `${name}` replaced in every text of the plan."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pytest_intellisense.codec.problems import Finding
from pytest_intellisense.model.plan import JsonPath

MOST_ROWS = 10_000
LONGEST_NAME = 80

REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_ESCAPED = re.compile(r"\\u00(?:24|7[bdBD])")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")

Row = Mapping[str, Any]


class Slot(msgspec.Struct, frozen=True, gc=False):
    """A text of the plan, or a key, that refers to the matrix; `references` are what stands between the braces."""

    path: JsonPath
    references: tuple[str, ...]
    in_key: bool = False

    @property
    def names(self) -> list[str]:
        """The names in the matrix that it refers to."""
        return [name_and_member(reference)[0] for reference in self.references]


def findings(matrix: Any) -> Iterator[Finding]:
    """What keeps `matrix` from giving rows."""
    if not isinstance(matrix, dict):
        yield Finding(("matrix",), '"matrix" should be an object: name -> list of values')
        return
    count = 1
    for name, values in matrix.items():
        if not _NAME.fullmatch(name):
            yield Finding(("matrix", name), f'"{name}" is no name: letters, digits and _ only', on_key=True)
        if not isinstance(values, list) or not values:
            yield Finding(("matrix", name), f'"{name}" should be a list of at least one value')
        else:
            count *= len(values)
    if count > MOST_ROWS:
        yield Finding(("matrix",), f"{count} rows: a matrix gives at most {MOST_ROWS}")


def rows(matrix: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """Every combination with its id (`AAPL-BUY`); one row without a name if there is no matrix."""
    if not matrix:
        yield "", {}
        return
    labelled = [[(_label(name, at, value), value) for at, value in enumerate(values)] for name, values in matrix.items()]
    taken: set[str] = set()
    for combination in itertools.product(*labelled):
        case_id = _unique("-".join([label for label, _ in combination])[:LONGEST_NAME], taken)
        taken.add(case_id)
        yield case_id, {name: value for name, (_, value) in zip(matrix, combination, strict=True)}


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(unique for at in itertools.count(2) if (unique := f"{name}.{at}") not in taken)


@functools.lru_cache(maxsize=4096)
def safe_name(text: str, *, otherwise: str = "x") -> str:
    """`text` with nothing but letters, digits and `_.-`, at most 80 characters."""
    return _UNSAFE.sub("_", text)[:LONGEST_NAME].strip("_") or otherwise


def _label(name: str, index: int, value: Any) -> str:
    if isinstance(value, str) and _UNSAFE.sub("", value):
        return safe_name(value)
    if isinstance(value, bool | int | float) or value is None:
        return safe_name(json.dumps(value))
    return f"{name}{index}"


def slots(value: Any, matrix_names: Collection[str]) -> list[Slot]:
    """Where `value` refers to the matrix."""
    found: list[Slot] = []
    _find_slots(value, (), matrix_names, found)
    return found


def _find_slots(value: Any, path: JsonPath, matrix_names: Collection[str], found: list[Slot]) -> None:
    for part, member in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, str) and "${" in part and (references := _references(part, matrix_names)):
            found.append(Slot((*path, part), references, in_key=True))
        if isinstance(member, str):
            if "${" in member and (references := _references(member, matrix_names)):
                found.append(Slot((*path, part), references))
        elif isinstance(member, dict | list):
            _find_slots(member, (*path, part), matrix_names, found)


def _references(text: str, matrix_names: Collection[str]) -> tuple[str, ...]:
    return tuple([found for found in REFERENCE.findall(text) if name_and_member(found)[0] in matrix_names])


def name_and_member(reference: str) -> tuple[str, str]:
    """The name of the matrix and the member of its value, "" for the value itself."""
    name, _, member = reference.removeprefix("matrix.").partition(".")
    return name, member


def refers_elsewhere(text: str, matrix_names: Collection[str]) -> bool:
    """Whether the text of a plan file may refer to something that is not in its matrix."""
    if _ESCAPED.search(text):
        return True
    return any(name_and_member(found)[0] not in matrix_names for found in REFERENCE.findall(text))


def replaced(value: Any, row: Row) -> Any:
    """`value` with every `${name}` of the row replaced, in keys too; other references stay.

    A text that is nothing but the reference takes the JSON type of the value; inside a longer text it is written out.
    """
    if not row:
        return value
    return filled(value, names_in(row))


def names_in(row: Row) -> Row:
    """What a plan may write: `${name}`, `${matrix.name}`, and `${name.member}` where a value is an object."""
    names: dict[str, Any] = dict(row)
    for name, chosen in row.items():
        if isinstance(chosen, dict):
            names |= {f"{name}.{member}": value for member, value in chosen.items()}
    return names | {f"matrix.{name}": value for name, value in names.items()}


def with_slots_filled(value: Any, places: Iterable[JsonPath], names: Row) -> Any:
    """`value` with the texts at `places` filled; everything else is shared with `value`."""
    for path in places:
        value = _put(value, path, names)
    return value


def _put(value: Any, path: JsonPath, names: Row) -> Any:
    if not path:
        return _in_text(value, names)
    copy = value.copy()
    copy[path[0]] = _put(value[path[0]], path[1:], names)
    return copy


def filled(value: Any, names: Row) -> Any:
    """`replaced` for the names that `names_in` gave."""
    if isinstance(value, str):
        return _in_text(value, names) if "${" in value else value
    if isinstance(value, dict):
        return {
            (str(_written(_in_text(key, names))) if "${" in key else key): filled(member, names)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [filled(member, names) for member in value]
    return value


def _in_text(text: str, names: Row) -> Any:
    whole = REFERENCE.fullmatch(text)
    if whole and whole[1] in names:
        return names[whole[1]]
    return REFERENCE.sub(lambda match: _written(names[match[1]]) if match[1] in names else match[0], text)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def renamed_keys(value: Any, row: Row, path: JsonPath = ()) -> dict[JsonPath, JsonPath]:
    """For every key that the row changed: the path after the replacement -> the path in the file."""
    found: dict[JsonPath, JsonPath] = {}
    names = names_in(row)

    def visit(member: Any, new: JsonPath, old: JsonPath) -> None:
        if new != old:
            found[new] = old
        if isinstance(member, dict):
            for key, inner in member.items():
                visit(inner, (*new, _written(_in_text(key, names))), (*old, key))
        elif isinstance(member, list):
            for index, inner in enumerate(member):
                visit(inner, (*new, index), (*old, index))

    visit(value, path, path)
    return found
