"""The formats of a report, by the names that options take."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.reporting.ctrf import ctrf
from pytest_intellisense.reporting.json_report import json_text, write_whole
from pytest_intellisense.reporting.junit_xml import junit_xml
from pytest_intellisense.reporting.markdown import markdown
from pytest_intellisense.reporting.plans_page import html
from pytest_intellisense.reporting.rows import ReportDocument
from pytest_intellisense.reporting.run_text import run_text
from pytest_intellisense.reporting.trace_events import trace
from pytest_intellisense.reporting.unwritten import noted


@dataclass(frozen=True, slots=True)
class Format:
    """`file_name` is what it is called in a report folder."""

    file_name: str
    make: Callable[[ReportDocument], str]


FORMATS: dict[str, Format] = {
    "text": Format("report.txt", run_text),
    "json": Format("report.json", json_text),
    "html": Format("report_plans.html", html),
    "markdown": Format("report.md", markdown),
    "ctrf": Format("ctrf.json", lambda document: json.dumps(ctrf(document), indent=1) + "\n"),
    "junit": Format("junit.xml", junit_xml),
    "trace": Format("trace.json", lambda document: json.dumps(trace(document)) + "\n"),
}


def write_formats(
    document: ReportDocument, names: Sequence[str], folder: Path, problems: dict[Path, str]
) -> list[tuple[str, Path]]:
    """Write each into `folder` and say where; `problems` says why one could not be written."""
    paths = [(name, folder / FORMATS[name].file_name) for name in names]
    for name, path in paths:
        with noted(problems, path):
            write_whole(path, FORMATS[name].make(document))
    return [(name, path) for name, path in paths if path not in problems]
