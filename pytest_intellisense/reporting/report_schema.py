"""The JSON Schema of `report.json`, made of the row types.

`python -m pytest_intellisense.reporting.report_schema` writes report.schema.json.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from pytest_intellisense.reporting.rows import SCHEMA_VERSION, ReportDocument

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def report_schema() -> dict[str, Any]:
    """JSON Schema 2020-12. Keys that it does not name are allowed: a later release may add some within one version."""
    schema = msgspec.json.schema(ReportDocument)
    definitions = {name: _tidy(part) for name, part in sorted(schema.pop("$defs").items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pytest-intellisense:report:{SCHEMA_VERSION}",
        "title": "IntelliSense report",
        **schema,
        "$defs": definitions,
    }


def schema_text() -> str:
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(part: dict[str, Any]) -> dict[str, Any]:
    described = {"description": inspect.cleandoc(part["description"])} if "description" in part else {}
    return part | described


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
