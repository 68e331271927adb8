"""The rules of CTRF 0.0.0 as far as a report of ours uses it, as a JSON Schema: unknown keys are wrong outside of `extra`."""

from __future__ import annotations

from typing import Any

STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
WHOLE = {"type": "integer"}
FREE = {"type": "object"}


def exactly(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


def items(of: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": least}


STEP = exactly("name status", name=TEXT, status=STATUS, extra=FREE)
ATTACHMENT = exactly("name contentType path", name=TEXT, contentType=TEXT, path=TEXT, extra=FREE)
TEST = exactly(
    "name status duration",
    name=NAME, status=STATUS, rawStatus=TEXT, duration=WHOLE, start=WHOLE, stop=WHOLE, suite=items(TEXT, 1),
    message=TEXT, trace=TEXT, line=WHOLE, filePath=TEXT, tags=items(TEXT), parameters=FREE, flaky={"type": "boolean"},
    retries={"type": "integer", "minimum": 0}, steps=items(STEP), attachments=items(ATTACHMENT), extra=FREE,
)  # fmt: skip
SUMMARY = exactly(
    "tests passed failed skipped pending other start stop",
    **dict.fromkeys(("tests", "passed", "failed", "skipped", "pending", "other", "flaky", "suites"), WHOLE),
    **dict.fromkeys(("start", "stop", "duration"), WHOLE),
    extra=FREE,
)
RESULTS = exactly(
    "tool summary tests",
    tool=exactly("name", name=NAME, version=TEXT, extra=FREE),
    summary=SUMMARY,
    tests=items(TEST),
    environment=exactly("", appName=TEXT, testEnvironment=TEXT, extra=FREE),
)
REPORT = exactly(
    "results reportFormat specVersion",
    reportFormat={"const": "CTRF"},
    specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    reportId={"type": "string", "format": "uuid"},
    extra=FREE,
    timestamp={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    generatedBy=TEXT,
    results=RESULTS,
)
