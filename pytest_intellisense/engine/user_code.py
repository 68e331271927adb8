"""Functions that users add to the engine, operators and checks: what they get wrong is a mistake of theirs, told as one."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_intellisense.errors import IntelliSenseError, PlanError

_LONGEST_MESSAGE = 300


def is_of_users(function: Callable[..., Any]) -> bool:
    """Whether `function` is none of ours; what a function of ours raises is a bug of ours."""
    return str(getattr(function, "__module__", "")).partition(".")[0] != __name__.partition(".")[0]


@contextmanager
def told_as_mistake(what: str, function: Callable[..., Any]) -> Iterator[None]:
    """Call `function` of a user in here. Raises PlanError saying what it raised, and on which line of the user's file."""
    try:
        yield
    except IntelliSenseError:
        raise
    except Exception as problem:  # noqa: BLE001 - a user's function may raise anything
        words = " ".join("".join(traceback.format_exception_only(problem)).split())
        cut = words if len(words) <= _LONGEST_MESSAGE else f"{words[:_LONGEST_MESSAGE]}…"
        raise PlanError(f"{what} raised {cut}{_place(problem) or place_of(function)}") from None


def place_of(function: Callable[..., Any]) -> str:
    """` (file:line)` of where `function` begins, "" for one that is not written in Python."""
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return f" ({_shown(code.co_filename)}:{code.co_firstlineno})" if code else ""


def _place(problem: Exception) -> str:
    """The line that raised, of the user's file: not one of a library that it called."""
    frames = traceback.extract_tb(problem.__traceback__)[1:]
    of_user = [frame for frame in frames if not _is_ours(frame.filename)]
    if not of_user:
        return ""
    at = [frame for frame in of_user if frame.filename == of_user[0].filename][-1]
    return f" ({_shown(at.filename)}:{at.lineno})"


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(Path(__file__).parents[1])


def _shown(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file
