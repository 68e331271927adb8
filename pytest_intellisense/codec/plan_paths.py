"""Paths that a plan names: always inside the scenario folder, always plain files."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from pytest_intellisense.errors import PlanError

NEAREST_SHOWN = 3
_LISTED = 2_000
_DRIVE = re.compile(r"[A-Za-z]:")


class PathRefused(PlanError):
    """The path leads out of the scenario folder or to no file; `near` holds similar file names, best first."""

    def __init__(self, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.near = near


def inside(folder: Path, root: Path, relative: str) -> Path:
    """The regular file `relative` to `folder`, which must stay inside `root` by name and by symlink. Raises PathRefused."""
    if "\0" in relative:
        raise PathRefused("a file name cannot hold a NUL character")
    if "\\" in relative:
        raise PathRefused(f'"{relative}" holds a backslash: write / between folders')
    if relative.startswith(("/", "~")) or _DRIVE.match(relative):
        raise PathRefused(f'"{relative}" is an absolute path: write it relative to the folder of the plan')
    root = root.resolve()
    named = Path(os.path.normpath(folder.resolve() / relative))
    if not named.is_relative_to(root):
        raise PathRefused(f'"{relative}" leads out of the scenario folder {root.name}/')
    try:
        real = named.resolve(strict=True)
    except (OSError, RuntimeError):
        near = _nearest_files(folder, root, named, relative)
        told = f"; nearest: {', '.join(near)}" if near else ""
        raise PathRefused(f'there is no file "{relative}"{told}', near) from None
    if not real.is_relative_to(root):
        raise PathRefused(f'"{relative}" leads out of the scenario folder {root.name}/ by a symbolic link')
    if not real.is_file():
        raise PathRefused(f'"{relative}" is not a file')
    return real


def _nearest_files(folder: Path, root: Path, named: Path, relative: str) -> tuple[str, ...]:
    """The three most similar paths below the plan's folder and in the folder that was named."""
    candidates: dict[str, None] = {}
    for start in dict.fromkeys((named.parent, folder.resolve())):
        if start.is_dir() and start.is_relative_to(root):
            for directory, folders, files in os.walk(start):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                here = Path(os.path.relpath(directory, folder.resolve()))
                candidates.update(dict.fromkeys((here / name).as_posix() for name in files))
                if len(candidates) > _LISTED:
                    break
    suffix = posixpath.splitext(relative)[1].casefold()
    fitting = [name for name in candidates if name.casefold().endswith(suffix)] or list(candidates)
    import difflib

    close = difflib.get_close_matches(relative, fitting, n=NEAREST_SHOWN, cutoff=0.3)
    names = [posixpath.basename(name) for name in fitting]
    by_name = difflib.get_close_matches(posixpath.basename(relative), names, n=1, cutoff=0.9)
    same_name = [name for name in fitting if posixpath.basename(name) in by_name]
    return tuple(dict.fromkeys([*same_name, *close]))[:NEAREST_SHOWN]
