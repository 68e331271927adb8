"""Known issues in a pytest run: where they are written, and what becomes of the failures that they are about."""

from __future__ import annotations

import datetime as dt
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

    def all_of(self, config: pytest.Config) -> list[KnownIssue]:
        """Every entry that a plan of this run may meet. Raises UsageError with the mistakes of the first file that has any."""
        from pytest_intellisense.codec.problems import PlanFileError
        from pytest_intellisense.reporting.lines import terminal_speaks_unicode, text_of
        from pytest_intellisense.reporting.problem_text import problem_lines

        try:
            return [issue for file in self._files(config) for issue in self._of(file)]
        except PlanFileError as problem:
            lines = problem_lines(self._shown(problem.path), problem.problems, unicode=terminal_speaks_unicode())
            raise pytest.UsageError(text_of(lines)) from None

    def _files(self, config: pytest.Config) -> list[Path]:
        if self._named is not None:
            return [self._named]
        paths = (config.invocation_params.dir / argument.split("::")[0] for argument in config.args)
        folders = sorted({folder for path in paths for folder in plan_folders(path)})
        return list(dict.fromkeys(file for folder in folders if (file := self._file_above(folder)) is not None))

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

            self._read[file] = read_known_issues(file, self._shown(file))
        return self._read[file]

    def _shown(self, file: Path) -> str:
        return (file.relative_to(self._root) if file.is_relative_to(self._root) else file).as_posix()


class KnownIssueHooks:
    """Says at the end of a run what became of its known issues."""

    def __init__(self, issues: list[KnownIssue]) -> None:
        self._issues = issues
        self._rows: dict[str, PlanRow] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (row := getattr(report, "intellisense", None)) is not None:
            self._rows[report.nodeid] = row

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        from pytest_intellisense.reporting.known_issue_lines import known_issue_lines
        from pytest_intellisense.reporting.lines import in_ascii, terminal_speaks_unicode, write

        if self._rows:
            lines = list(known_issue_lines(self._issues, list(self._rows.values()), dt.date.today()))
            terminalreporter.section("intellisense: known issues", sep="-")
            write(lines if terminal_speaks_unicode() else in_ascii(lines), config.get_terminal_writer())


def _is_it(issue: KnownIssue, row: PlanRow) -> bool:
    return issue.is_about(row["nodeid"], row["plan_name"]) and issue.covers(row["fault"])


def _say(report: pytest.TestReport, text: str) -> None:
    from pytest_intellisense.reporting.lines import Piece, line, printable

    failure = report.longrepr
    if isinstance(failure, FailureText):
        crash = failure.reprcrash
        said = Crash(crash.path, crash.lineno, f"{crash.message} ({printable(text)})")
        report.longrepr = FailureText([*failure.lines, line(Piece(printable(text), "yellow"))], said)
