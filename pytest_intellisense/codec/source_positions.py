"""Positions of a plan's values, looked up only when somebody asks: a plan that passes never does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from pytest_intellisense.codec.problems import PlanTextLocator
from pytest_intellisense.model.plan import JsonPath


class LazyPositions(Mapping[JsonPath, tuple[int, int]]):
    """JSON path -> (line, column) of its value, both from 1. Equal to nothing but itself."""

    def __init__(self, text: str, original: dict[JsonPath, JsonPath]) -> None:
        self._text = text
        self._original = original

    def __getitem__(self, path: JsonPath) -> tuple[int, int]:
        if self._locator.in_file(path) not in self._locator.scan.values:
            raise KeyError(path)
        place = self._locator.place(path)
        return place.line, place.column

    def __iter__(self) -> Iterator[JsonPath]:
        return iter(self._locator.scan.values)

    def __len__(self) -> int:
        return len(self._locator.scan.values)

    @cached_property
    def _locator(self) -> PlanTextLocator:
        from pytest_intellisense.codec.positions import scan

        return PlanTextLocator(self._text, scan(self._text), self._original)
