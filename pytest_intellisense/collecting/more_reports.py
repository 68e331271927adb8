"""What a run writes beside the page and report.json: the formats that are asked for, and what GitHub shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_intellisense.reporting.lines import Writer
    from pytest_intellisense.reporting.rows import ReportDocument


class MoreReports:
    """`problems` says of every report that could not be written why: told at the end, it changes no verdict."""

    def __init__(self, formats: Sequence[str], folder: Path, rootdir: Path) -> None:
        self.paths: list[tuple[str, Path]] = []
        self.problems: dict[Path, str] = {}
        self._formats = formats
        self._folder = folder
        self._rootdir = rootdir

    def write(self, document: ReportDocument) -> None:
        from pytest_intellisense.reporting import github
        from pytest_intellisense.reporting.formats import write_formats
        from pytest_intellisense.reporting.unwritten import noted

        self.paths += write_formats(document, self._formats, self._folder, self.problems)
        if github.runs_here(os.environ) and (summary := os.environ.get(github.SUMMARY_VARIABLE)):
            with noted(self.problems, Path(summary)):
                github.append_summary(document, Path(summary))

    def show(self, document: ReportDocument | None, writer: Writer) -> None:
        """Under GitHub Actions the annotations, which are read off the output."""
        from pytest_intellisense.reporting import github

        if document is not None and github.runs_here(os.environ):
            for command in github.annotation_lines(document["plans"], self._rootdir, os.environ):
                writer.line(command)
