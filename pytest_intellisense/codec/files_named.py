"""The files that the steps of a plan name: present, inside the scenario folder, and really images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.images import check_image
from pytest_intellisense.codec.plan_paths import PathRefused, inside
from pytest_intellisense.codec.problems import Finding
from pytest_intellisense.model.plan import JsonPath


class NamedFiles:
    """Checks every file once, however many rows and steps name it."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self._seen: dict[tuple[str, bool], PathRefused | None] = {}

    def findings(self, stimulus: Mapping[str, Any], at: JsonPath) -> Iterator[Finding]:
        for name, path, is_image in _names(stimulus, at):
            if isinstance(name, str) and name and "$" not in name and (refused := self._refused(name, is_image)):
                yield Finding(path, str(refused), suggestion=next(iter(refused.near), ""))

    def _refused(self, name: str, is_image: bool) -> PathRefused | None:
        if (name, is_image) not in self._seen:
            try:
                (check_image if is_image else inside)(self._folder, self._root, name)
                self._seen[name, is_image] = None
            except PathRefused as refused:
                self._seen[name, is_image] = refused
        return self._seen[name, is_image]


def _names(stimulus: Mapping[str, Any], at: JsonPath) -> Iterator[tuple[Any, JsonPath, bool]]:
    if "image" in stimulus:
        yield stimulus["image"], (*at, "image"), True
    if "manifest" in stimulus:
        yield stimulus["manifest"], (*at, "manifest"), False
    for index, name in enumerate(_list(stimulus.get("images"))):
        yield name, (*at, "images", index), True
    for index, frame in enumerate(_list(stimulus.get("frames"))):
        if isinstance(frame, dict):
            yield frame.get("image"), (*at, "frames", index, "image"), True


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
