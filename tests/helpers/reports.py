"""Reports of many sessions, as `report.json` files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from helpers import rows

from pytest_intellisense.reporting.rows import PlanRow

FIRST_EPOCH_S = 1_793_520_000.0


def session_id(number: int) -> str:
    return f"night-{number:03d}"


def write_report(folder: Path, number: int, plans: Sequence[PlanRow], **session: object) -> Path:
    """The report of night `number` in a folder of its own below `folder`."""
    path = folder / session_id(number) / "report.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {**rows.session(), "session_id": session_id(number), "started_epoch_s": FIRST_EPOCH_S + number * 86_400}
    path.write_text(json.dumps({"schema_version": 1, "session": {**facts, **session}, "plans": list(plans)}))
    return path


def two_stages(fill_ms: float, *, ocr_ms: float = 40.0, fills: bool = True, **changes: object) -> PlanRow:
    """A plan of one step: `raw_ocr`, then `order_fill` after `fill_ms` more, or never."""
    stages = [
        rows.stage("raw_ocr", "OCR_FRAME_RAW", ocr_ms, '"AAPL Long"'),
        rows.stage("order_fill", "FILL", ocr_ms + fill_ms if fills else None, "BUY 100 AAPL @ 150.26"),
    ]
    outcomes = [rows.outcome("filled", passed=fills, fault=None if fills else "MISSING")]
    return rows.plan(rows.step(pipeline=rows.pipeline(stages), validation_outcomes=outcomes), **changes)
