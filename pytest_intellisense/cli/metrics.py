"""`intellisense metrics`: times and success rates over the reports of many sessions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_intellisense.analytics.metrics import Metrics
    from pytest_intellisense.analytics.samples import Samples

NAME = "metrics"
HELP = "Count, times and success rate of every stage, pipeline or plan over many sessions; trends and what is unusual."
LEVELS = ("stage", "pipeline", "plan")
FORMATS = ("text", "csv", "json", "parquet", "prometheus", "html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", type=Path, nargs="+", metavar="PATH", help="report.json files, or folders with such inside")
    parser.add_argument("--by", choices=LEVELS, default="stage", help="what a row is about; stage")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text; parquet needs the extra [parquet]")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of printing")


def run(arguments: argparse.Namespace) -> int:
    from pytest_intellisense.analytics.metrics import metrics_of
    from pytest_intellisense.analytics.report_files import report_paths
    from pytest_intellisense.analytics.samples import Level
    from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE, READABLE_WITH_LOSSES

    samples, problems = _collected(report_paths(arguments.reports))
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)
    if not samples.sessions:
        print("error: none of these is a report of a session", file=sys.stderr)
        print("hint: pytest writes reports/report.json when plans ran", file=sys.stderr)
        return NOTHING_READABLE
    _give(_shown(metrics_of(samples, Level(arguments.by)), arguments.format), arguments.output)
    return READABLE_WITH_LOSSES if problems else COMPLETE


def _collected(paths: Iterable[Path]) -> tuple[Samples, list[str]]:
    """The samples of all reports, and what is to be said of those that were left out."""
    from pytest_intellisense.analytics.report_files import read_reports
    from pytest_intellisense.analytics.samples import Samples
    from pytest_intellisense.analytics.timed_report import TimedReport

    samples, problems = Samples(), []
    for read in read_reports(paths, TimedReport):
        if read.report is None:
            problems.append(f"{read.path} {read.problem}: left out")
        elif read.report.session is None:
            problems.append(f"{read.path} has no session (no plan came so far): left out")
        elif not samples.add(read.report):
            problems.append(f"{read.path} is a copy, session {read.report.session.session_id} is counted already: left out")
    return samples, problems


def _shown(metrics: Metrics, form: str) -> str | bytes:
    from pytest_intellisense.reporting import metrics_export, metrics_page, metrics_text, prometheus

    if form == "parquet":
        return metrics_export.parquet(metrics)
    write = {
        "text": metrics_text.text,
        "csv": metrics_export.csv_text,
        "json": metrics_export.json_text,
        "prometheus": prometheus.exposition,
        "html": metrics_page.page,
    }
    return write[form](metrics)


def _give(content: str | bytes, output: Path | None) -> None:
    from pytest_intellisense.errors import SettingsError

    encoded = content if isinstance(content, bytes) else content.encode()
    if output is not None:
        try:
            output.write_bytes(encoded)
        except OSError as problem:
            raise SettingsError(f"{output} cannot be written: {problem.strerror or problem}") from None
    elif isinstance(content, str):
        sys.stdout.write(content)
    elif sys.stdout.isatty():
        raise SettingsError("parquet is no text", hint="write it to a file: -o metrics.parquet")
    else:
        sys.stdout.buffer.write(content)
