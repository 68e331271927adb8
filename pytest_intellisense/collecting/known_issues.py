"""Known issues in a pytest run: where they are written, and what becomes of the failures that they are about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.collecting.failure import Crash, FailureText
from pytest_intellisense.collecting.lookup import plan_folders

if TYPE_CHECKING:
    from pytest_intellisense.model.known_issue import KnownIssue
    from pytest_intellisense.reporting.rows import PlanRow

FILE = "known_issues.json"


class KnownIssues:
    """Entries of the `FILE` beside a plan or in the nearest folder above it, up to `root`; or of one `named` file."""

    def __init__(self, root: Path, named: Path | None) -> None:
        self._root = root
        self._named = named
        self._read: dict[Path, list[KnownIssue]] = {}

    def all_below(self, arguments: Iterable[Path]) -> list[KnownIssue]:
        """Every entry that a plan below the arguments may meet. Raises PlanFileError for the first file with mistakes."""
        if self._named is not None:
            return self._of(self._named)
        folders = {folder for argument in arguments for folder in plan_folders(argument)}
        files = dict.fromkeys(file for folder in sorted(folders) if (file := self._file_above(folder)) is not None)
        return [issue for file in files for issue in self._of(file)]

    def excuse(self, plan: Path, report: pytest.TestReport, row: PlanRow) -> None:
        """A failure that is known counts as an expected one; where the entry has expired, the failure says so."""
        if not report.failed or report.when != "call":
            return
        issue = next((one for one in self._for(plan) if _is_it(one, row)), None)
        if issue is None:
            return
        if issue.has_expired(dt.date.today()):
            text = f"known issue expired on {issue.expires}: {issue.reason} ({issue.place})"
            row["hint"] = f"{row['hint']}\n{text}".strip()
            _say(report, text)
            return
        row["known_issue"] = f"{issue.reason} (until {issue.expires}, {issue.place})"
        report.outcome = "skipped"
        vars(report)["wasxfail"] = f"known issue: {issue.reason} (until {issue.expires})"

    def _for(self, plan: Path) -> list[KnownIssue]:
        file = self._named or self._file_above(plan.parent)
        return self._of(file) if file else []

    def _file_above(self, folder: Path) -> Path | None:
        above = [folder, *folder.parents]
        inside = above[: above.index(self._root) + 1] if self._root in above else [folder]
        return next((one / FILE for one in inside if (one / FILE).is_file()), None)

    def _of(self, file: Path) -> list[KnownIssue]:
        if file not in self._read:
            from pytest_intellisense.codec.known_issues import read_known_issues

            shown = file.relative_to(self._root) if file.is_relative_to(self._root) else file
            self._read[file] = read_known_issues(file, shown.as_posix())
        return self._read[file]


def _is_it(issue: KnownIssue, row: PlanRow) -> bool:
    return issue.is_about(row["nodeid"], row["plan_name"]) and issue.covers(row["fault"])


def _say(report: pytest.TestReport, text: str) -> None:
    from pytest_intellisense.reporting.lines import Piece, line, printable

    failure = report.longrepr
    if isinstance(failure, FailureText):
        crash = failure.reprcrash
        said = Crash(crash.path, crash.lineno, f"{crash.message} ({printable(text)})")
        report.longrepr = FailureText([*failure.lines, line(Piece(printable(text), "yellow"))], said)
