"""What a run writes beside the page and report.json: the formats that are asked for, and what GitHub shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_intellisense.reporting.lines import Writer
    from pytest_intellisense.reporting.rows import ReportDocument


class MoreReports:
    """`problems` are the reports that could not be written: they are told at the end, and change no verdict."""

    def __init__(self, formats: Sequence[str], folder: Path, rootdir: Path) -> None:
        self.paths: list[tuple[str, Path]] = []
        self.problems: list[str] = []
        self._formats = formats
        self._folder = folder
        self._rootdir = rootdir

    def write(self, make_document: Callable[[], ReportDocument | None]) -> None:
        from pytest_intellisense.reporting import github
        from pytest_intellisense.reporting.formats import write_formats

        try:
            document = make_document()
            if document is None:
                return
            self.paths += write_formats(document, self._formats, self._folder)
            if github.runs_here(os.environ) and (summary := os.environ.get(github.SUMMARY_VARIABLE)):
                github.append_summary(document, Path(summary))
        except OSError as problem:
            self.problems.append(f"{problem.filename or self._folder} cannot be written: {problem.strerror}")

    def show(self, document: ReportDocument | None, writer: Writer) -> None:
        """The problems, and under GitHub Actions the annotations, which are read off the output."""
        from pytest_intellisense.reporting import github

        for problem in self.problems:
            writer.line(problem, red=True)
        if document is not None and github.runs_here(os.environ):
            for command in github.annotation_lines(document["plans"], self._rootdir, os.environ):
                writer.line(command)
