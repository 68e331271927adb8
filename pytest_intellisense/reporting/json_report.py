"""`report.json`, whole at the end of a run; `report.jsonl`, one plan a line as it happens, so that a killed run has results."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pytest_intellisense.reporting.rows import SCHEMA_VERSION, ImageRow, PlanRow, ReportDocument, SessionRow


class JsonReport:
    """Writes both files: `add` survives the death of this process, `finish` replaces `report.json` at once or not at all.

    Raises OSError where the files cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines_path = path.with_suffix(".jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines_path.unlink(missing_ok=True)

    def add(self, row: PlanRow) -> None:
        text = json.dumps(_without_pictures(row), allow_nan=False) + "\n"
        target = os.open(self.lines_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(target, text.encode())
        finally:
            os.close(target)

    def finish(self, session: SessionRow, plans: Sequence[PlanRow]) -> None:
        document = ReportDocument(
            schema_version=SCHEMA_VERSION, session=session, plans=[_without_pictures(row) for row in plans]
        )
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps(document, allow_nan=False, indent=1) + "\n", encoding="utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


def _without_pictures(row: PlanRow) -> PlanRow:
    """The pictures lie in the session directory; `path` names them."""
    return {
        **row,
        "steps": [{**step, "images": [_without_data(image) for image in step["images"]]} for step in row["steps"]],
    }


def _without_data(image: ImageRow) -> ImageRow:
    return ImageRow(kind=image["kind"], path=image["path"], width_px=image["width_px"], height_px=image["height_px"])
