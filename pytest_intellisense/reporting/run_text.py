"""A whole run as text, as the terminal told it: every failure, what was interrupted, latencies, counts."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_intellisense.reporting.failure_text import failure_lines
from pytest_intellisense.reporting.lines import Line, line, printable, text_of
from pytest_intellisense.reporting.outcomes import counted, failed
from pytest_intellisense.reporting.rows import ReportDocument, SessionRow
from pytest_intellisense.reporting.terminal import header_line, summary_lines

WIDTH = 100


def run_text(document: ReportDocument) -> str:
    return text_of(_lines(document)) + "\n"


def _lines(document: ReportDocument) -> Iterator[Line]:
    if document["session"]:
        yield from _head(document["session"])
    for note in document.get("notes", []):
        yield line(f"note: {printable(note)}")
    for row in document["plans"]:
        if failed(row):
            yield line("")
            yield line(f" {printable(row['nodeid'])} ".center(WIDTH, "_").rstrip())
            yield from failure_lines(row, width=WIDTH)
    unfinished = [row for row in document["plans"] if row["verdict"] == "interrupted"]
    if unfinished:
        yield line("")
        for row in unfinished:
            yield line(f"INTERRUPTED {printable(row['nodeid'])} - {row['sentence']}")
    yield line("")
    yield from summary_lines(document["plans"], [])
    yield line(counted(document["plans"]))


def _head(session: SessionRow) -> Iterator[Line]:
    yield line(header_line(session))
    yield line(f"session {printable(session['session_id'])}")
