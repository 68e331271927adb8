"""A quick look whether any plan lies below the folders that pytest was asked to run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PLAN_SUFFIXES = (".plan.json", ".plan.jsonc")
_NOT_SEARCHED = frozenset({"node_modules", "venv", "build", "dist", "__pycache__", "site-packages"})
_MOST_FOLDERS = 2_000


def plans_below(arguments: Iterable[str], invocation_dir: Path) -> bool:
    """Whether a plan file is named by, or lies below, one of the arguments; gives up (False) in a very large tree."""
    return any(_holds_plan(invocation_dir / argument.split("::")[0]) for argument in arguments)


def _holds_plan(path: Path) -> bool:
    if path.name.endswith(PLAN_SUFFIXES):
        return True
    for number, (_, folders, files) in enumerate(os.walk(path)):
        if any(name.endswith(PLAN_SUFFIXES) for name in files):
            return True
        if number >= _MOST_FOLDERS:
            return False
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_SEARCHED]
    return False
