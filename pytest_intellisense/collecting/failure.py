"""What pytest shows of a failure: lines of a report instead of a traceback, one of them in the short summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_intellisense.reporting.lines import Line, Writer
    from pytest_intellisense.reporting.rows import PlanRow


class PlanFailed(AssertionError):
    """A plan ran and did not pass; `row` says why."""

    def __init__(self, row: PlanRow) -> None:
        from pytest_intellisense.reporting.failure_text import one_line

        super().__init__(one_line(row))
        self.row = row


@dataclass(frozen=True, slots=True)
class Crash:
    """Where it failed and why, in one line."""

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"


@dataclass(frozen=True, slots=True)
class FailureText:
    """A failure as pytest asks for it: `toterminal`, `str()`, and `reprcrash` for the short summary."""

    lines: Sequence[Line]
    reprcrash: Crash

    def __str__(self) -> str:
        from pytest_intellisense.reporting.lines import text_of

        return text_of(self.lines)

    def toterminal(self, tw: Writer) -> None:
        from pytest_intellisense.reporting.lines import write

        write(self.lines, tw)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, to cross to another process."""
        lines = [[[piece.text, piece.style] for piece in line] for line in self.lines]
        return {"lines": lines, "crash": [self.reprcrash.path, self.reprcrash.lineno, self.reprcrash.message]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FailureText:
        from pytest_intellisense.reporting.lines import Piece

        lines = [tuple(Piece(text, style) for text, style in line) for line in data["lines"]]
        return cls(lines, Crash(*data["crash"]))


def failure_text(item: pytest.Item, error: BaseException) -> FailureText | None:
    """How to show `error`; None for what is not ours, and pytest shows it its own way. Never raises."""
    try:
        return _failure_text(item, error)
    except Exception:  # noqa: BLE001 - an exception while showing a failure would end the whole session
        return None


def _failure_text(item: pytest.Item, error: BaseException) -> FailureText | None:
    from pytest_intellisense.codec.problems import PlanFileError
    from pytest_intellisense.errors import IntelliSenseError
    from pytest_intellisense.reporting.failure_text import failure_lines, one_line
    from pytest_intellisense.reporting.lines import terminal_speaks_unicode
    from pytest_intellisense.reporting.problem_text import environment_lines, problem_lines, problems_in_one_line

    unicode = terminal_speaks_unicode()
    verbose = item.config.get_verbosity()
    path = _shown_path(item, item.path)
    if isinstance(error, PlanFailed):
        row = error.row
        return FailureText(
            failure_lines(row, unicode=unicode, verbose=verbose), Crash(row["plan_path"], row["line"], one_line(row))
        )
    if isinstance(error, PlanFileError):
        problems = error.problems
        path = _shown_path(item, error.path)
        return FailureText(
            problem_lines(path, problems, unicode=unicode, verbose=verbose),
            Crash(path, problems[0].line, problems_in_one_line(problems)),
        )
    if isinstance(error, IntelliSenseError):
        return FailureText(environment_lines(error, unicode=unicode), Crash(path, 1, f"{error.domain} {error}"))
    return None


def _shown_path(item: pytest.Item, path: Path) -> str:
    root = item.config.rootpath
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


_KEY = "intellisense_failure"


def packed(report: pytest.TestReport | pytest.CollectReport, data: dict[str, Any]) -> dict[str, Any]:
    """`data` of a report on its way to another process, which would keep only the text of its failure."""
    if isinstance(report.longrepr, FailureText):
        data[_KEY] = report.longrepr.to_json()
    return data


def unpacked(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Give a report that came from another process its failure back."""
    if (data := getattr(report, _KEY, None)) is not None:
        report.longrepr = FailureText.from_json(data)  # type: ignore[assignment]
