"""Reports that could not be written: the run goes on, and says so at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def noted(problems: dict[Path, str], path: Path) -> Iterator[None]:
    """Carry out what writes `path`; where that is not possible, `problems` says why under `path`."""
    try:
        yield
    except OSError as problem:
        problems[path] = cannot_be_written(path, problem)


def cannot_be_written(path: Path, problem: OSError) -> str:
    """In one sentence; a folder that is in the way of several reports is named alike for each of them."""
    path = path.absolute()
    in_the_way = next((folder for folder in reversed(path.parents) if folder.exists() and not folder.is_dir()), None)
    if in_the_way:
        return f"{in_the_way} cannot be written: it is a file, and should be a folder"
    return f"{path} cannot be written: {problem.strerror}"
