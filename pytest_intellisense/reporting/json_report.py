"""`report.json`, whole at the end of a run, beside `report.jsonl`, a line as each plan begins and ends."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pytest_intellisense.reporting.results_log import ResultsLog
from pytest_intellisense.reporting.rows import SCHEMA_VERSION, GateRow, PlanRow, ReportDocument, SessionRow
from pytest_intellisense.reporting.unwritten import noted


class JsonReport:
    """Both files; `log` survives the death of this process. `problems` says why one could not be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = ResultsLog(path.with_suffix(".jsonl"))
        self._unwritten: dict[Path, str] = {}

    @property
    def problems(self) -> dict[Path, str]:
        return {**({self.log.path: self.log.problem} if self.log.problem else {}), **self._unwritten}

    def finish(
        self, session: SessionRow | None, plans: Sequence[PlanRow], gate: GateRow | None = None, *, exit_status: int = 0
    ) -> ReportDocument:
        self.log.end(session, exit_status)
        document = ReportDocument(schema_version=SCHEMA_VERSION, session=session, plans=list(plans))
        if gate is not None:
            document["gate"] = gate
        with noted(self._unwritten, self.path):
            write_whole(self.path, json_text(document))
        return document


def json_text(document: ReportDocument) -> str:
    return json.dumps(document, allow_nan=False, indent=1) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Replace `path` at once or not at all. Raises OSError where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
