"""A quick look whether any plan lies below the folders that pytest was asked to run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PLAN_SUFFIXES = (".plan.json", ".plan.jsonc")
_NOT_SEARCHED = frozenset({"node_modules", "venv", "build", "dist", "__pycache__", "site-packages"})
_MOST_FOLDERS = 2_000


def plans_below(arguments: Iterable[str], invocation_dir: Path) -> bool:
    """Whether a plan file is named by, or lies below, one of the arguments; gives up (False) in a very large tree."""
    return any(_holds_plan(invocation_dir / argument.split("::")[0]) for argument in arguments)


def _holds_plan(path: Path) -> bool:
    return next(plan_folders(path), None) is not None


def plan_folders(path: Path) -> Iterator[Path]:
    """The folders at or below `path` that hold plans; of a plan file its own. Gives up in a very large tree."""
    if path.name.endswith(PLAN_SUFFIXES):
        yield path.parent
        return
    for number, (folder, folders, files) in enumerate(os.walk(path)):
        if any(name.endswith(PLAN_SUFFIXES) for name in files):
            yield Path(folder)
        if number >= _MOST_FOLDERS:
            return
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_SEARCHED]
