"""What is wrong with a plan file: found by JSON path, shown by line and column."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.errors import PlanError
from pytest_intellisense.model.plan import JsonPath


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text, in characters from 0."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before it is looked up in the text; `on_key` marks the key instead of its value."""

    path: JsonPath
    message: str
    allowed: tuple[str, ...] = ()
    suggestion: str = ""
    on_key: bool = False
    first_path: JsonPath | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one source line; `line` and `column` count from 1, `length` in characters."""

    line: int
    column: int
    length: int
    source_line: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` and `column` count from 1; `first` is the other place of a duplicate.

    `file` is the file in which it stands, relative to the folder of the plan, if that is not the plan itself.
    """

    line: int
    column: int
    message: str
    allowed: tuple[str, ...] = ()
    suggestion: str = ""
    source_line: str = ""
    length: int = 1
    json_path: str = ""
    first: Place | None = None
    file: str = ""

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class PlanFileError(PlanError):
    """A plan file cannot be used; `problems` holds every mistake in it, in the order of the text."""

    def __init__(self, path: Path, problems: Iterable[Problem], *, tags: tuple[str, ...] = ()) -> None:
        self.path = path
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))
        self.tags = tags
        first = self.problems[0]
        count = len(self.problems)
        lead = "1 problem, at" if count == 1 else f"{count} problems, first at"
        super().__init__(f"{path.name}: {lead} {first.line}:{first.column}: {first.message}")


def place_in(text: str, span: Span) -> Place:
    start = min(span.offset, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    source_line = text[line_start:line_end].rstrip("\r")
    length = max(1, min(span.length, line_start + len(source_line) - start))
    return Place(text.count("\n", 0, start) + 1, start - line_start + 1, length, source_line)


def dotted(path: JsonPath) -> str:
    """`steps[0].stimulus.side`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def nearest(word: object, known: Collection[str]) -> str:
    """The known name that `word` was probably meant to be, or an empty text."""
    import difflib

    if not isinstance(word, str):
        return ""
    folded = {name.casefold(): name for name in known}
    turned = next((name for name in known if word != name and sorted(word) == sorted(name)), "")
    if turned:
        return turned
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""
