"""Where each value of a plan was written: in the plan's own file, or in the defaults of a folder above it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.codec.problems import Finding, Place, Problem, Span, dotted, place_in
from pytest_intellisense.model.plan import JsonPath

if TYPE_CHECKING:
    from pytest_intellisense.codec.positions import ScannedJson


class Document:
    """A JSON text and its file. `scan` is made when somebody asks: a plan that passes never does."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def scan(self) -> ScannedJson:
        from pytest_intellisense.codec.positions import scan

        return scan(self.text)

    def span(self, path: JsonPath, *, on_key: bool = False) -> Span:
        """Of the value (or key) at `path`, or of its nearest parent that stands in the text."""
        found = self.scan.keys.get(path) if on_key else None
        while found is None and (found := self.scan.values.get(path)) is None and path:
            path = path[:-1]
        return found or Span(0, 1)


Elsewhere = tuple[Document, JsonPath]


class Origins:
    """`moved`: path in the plan -> path in its file, for the older form. `inherited`: path -> where its default stands."""

    def __init__(
        self,
        plan: Document,
        moved: Mapping[JsonPath, JsonPath] | None = None,
        inherited: Mapping[JsonPath, Elsewhere] | None = None,
    ) -> None:
        self.plan = plan
        self._moved = moved or {}
        self._inherited = inherited or {}

    def of(self, path: JsonPath) -> Elsewhere:
        """The document in which the value of `path` stands, and its path there."""
        for length in range(len(path), -1, -1):
            if (default := self._inherited.get(path[:length])) is not None:
                return default[0], default[1] + path[length:]
            if (known := self._moved.get(path[:length])) is not None:
                return self.plan, known + path[length:]
        return self.plan, path

    def place(self, path: JsonPath, *, on_key: bool = False) -> Place:
        document, there = self.of(path)
        return place_in(document.text, document.span(there, on_key=on_key))

    def problem(self, finding: Finding) -> Problem:
        document, there = self.of(finding.path)
        place = self.place(finding.path, on_key=finding.on_key)
        first = None if finding.first_path is None else self.place(finding.first_path, on_key=finding.on_key)
        return Problem(
            line=place.line,
            column=place.column,
            message=finding.message if first is None else f"{finding.message}, first at {first.line}:{first.column}",
            allowed=finding.allowed,
            suggestion=finding.suggestion,
            source_line=place.source_line,
            length=place.length,
            json_path=dotted(there),
            first=first,
            file="" if document is self.plan else os.path.relpath(document.path, self.plan.path.parent),
        )


class PlanPositions(Mapping[JsonPath, tuple[int, int]]):
    """JSON path -> (line, column), both from 1, of what stands in the plan's own file. Equal to nothing but itself."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def __getitem__(self, path: JsonPath) -> tuple[int, int]:
        document, there = self._origins.of(path)
        if document is not self._origins.plan or there not in document.scan.values:
            raise KeyError(path)
        place = self._origins.place(path)
        return place.line, place.column

    def __iter__(self) -> Iterator[JsonPath]:
        return iter(self._origins.plan.scan.values)

    def __len__(self) -> int:
        return len(self._origins.plan.scan.values)
