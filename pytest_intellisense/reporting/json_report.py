"""`report.json`, whole at the end of a run; `report.jsonl`, one plan a line as it happens, so that a killed run has results."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pytest_intellisense.reporting.rows import SCHEMA_VERSION, GateRow, PlanRow, ReportDocument, SessionRow


class JsonReport:
    """Writes both files: `add` survives the death of this process, `finish` replaces `report.json` at once or not at all.

    Raises OSError where the files cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines_path = path.with_suffix(".jsonl")
        self._started = False

    def add(self, row: PlanRow) -> None:
        if not self._started:
            self._started = True
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.lines_path.unlink(missing_ok=True)
        with self.lines_path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row, allow_nan=False) + "\n")

    def finish(self, session: SessionRow | None, plans: Sequence[PlanRow], gate: GateRow | None = None) -> None:
        document = ReportDocument(schema_version=SCHEMA_VERSION, session=session, plans=list(plans))
        if gate is not None:
            document["gate"] = gate
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps(document, allow_nan=False, indent=1) + "\n", encoding="utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
