"""Operators in criteria: one that there is not, or that cannot work with what is written behind it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any

from pytest_intellisense.codec import impossible
from pytest_intellisense.codec.problems import Finding, nearest
from pytest_intellisense.model.plan import JsonPath

_ALIKE = 0.85


def findings(criteria: Any, at: JsonPath, operators: Collection[str]) -> Iterator[Finding]:
    """`{operator: value}` is a comparison; any other object is a value that the event should have."""
    for path, wanted in criteria.items() if isinstance(criteria, dict) else ():
        if not (isinstance(wanted, dict) and len(wanted) == 1):
            continue
        ((name, expected),) = wanted.items()
        there = (*at, path, name)
        if name in operators:
            yield from impossible.operand(name, expected, there)
        elif _is_meant_as_operator(name, operators):
            yield Finding(there, f'"{name}" is no operator', tuple(operators), nearest(name, operators), on_key=True)


def _is_meant_as_operator(name: str, operators: Collection[str]) -> bool:
    is_sign = bool(name) and re.search(r"\w", name) is None
    return is_sign or bool(difflib.get_close_matches(name.casefold(), operators, n=1, cutoff=_ALIKE))
