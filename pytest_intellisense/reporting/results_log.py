"""The results of a run, a line as each happens: whatever ends the process, what was written stays.

Lines are JSON objects; `kind` is run (the head), begun, plan or end. Readers skip kinds and keys that they do not know.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pytest_intellisense.reporting.rows import SCHEMA_VERSION, PlanRow, SessionRow
from pytest_intellisense.reporting.unwritten import cannot_be_written

RESULTS_NAME = "results.jsonl"
"""The log of one session, in the folder of its capture."""


class RunLine(msgspec.Struct, tag_field="kind", tag="run"):
    """`selected` are the node ids of the plans that this run was to run."""

    schema_version: int
    session: SessionRow | None
    selected: list[str]


class BegunLine(msgspec.Struct, tag_field="kind", tag="begun"):
    nodeid: str
    epoch_s: float


class PlanLine(msgspec.Struct, tag_field="kind", tag="plan"):
    """A plan has a line for each of its attempts; the last one stands."""

    plan: PlanRow


class EndLine(msgspec.Struct, tag_field="kind", tag="end"):
    """`exit_status` is pytest's."""

    session: SessionRow | None
    exit_status: int


class ResultsLog:
    """Replaces the file of an earlier run with its first line.

    A log that cannot be written does not end the run: it stops, and `problem` says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._file: int | None = None

    @property
    def begun(self) -> bool:
        return self._file is not None

    def begin(self, session: SessionRow | None, selected: Sequence[str]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as problem:
            self._give_up(problem)
            return
        self._write(RunLine(SCHEMA_VERSION, session, list(selected)))

    def plan_begins(self, nodeid: str) -> None:
        self._write(BegunLine(nodeid, time.time()))

    def plan_ended(self, row: PlanRow) -> None:
        """Pictures stay in the folder of the capture, where `images` of the row say."""
        self._write(PlanLine(without_pictures(row)))

    def end(self, session: SessionRow | None, exit_status: int) -> None:
        self._write(EndLine(session, exit_status))
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: msgspec.Struct) -> None:
        if self._file is None and not self.problem:
            self.begin(None, ())
        if self._file is None or self.problem:
            return
        data = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as problem:
            self._give_up(problem)

    def _give_up(self, problem: OSError) -> None:
        self.problem = cannot_be_written(self.path, problem)


def without_pictures(row: PlanRow) -> PlanRow:
    """The same row, where one of its images carries pixels without those."""
    if not any("data" in image for step in row["steps"] for image in step["images"]):
        return row
    bare = row.copy()
    bare["steps"] = [step.copy() for step in row["steps"]]
    for step in bare["steps"]:
        step["images"] = [image.copy() for image in step["images"]]
        for image in step["images"]:
            image.pop("data", None)
    return bare
