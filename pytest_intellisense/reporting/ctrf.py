"""The run as CTRF, the Common Test Report Format (specification 0.0.0).

Its durations are whole milliseconds; what is measured stands in nanoseconds in `extra.intellisense`.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from pytest_intellisense.reporting.difference import difference
from pytest_intellisense.reporting.failure_text import failure_lines, one_line
from pytest_intellisense.reporting.lines import text_of
from pytest_intellisense.reporting.rows import PlanRow, ReportDocument, SessionRow, StepRow

SPEC_VERSION = "0.0.0"
_NAMESPACE = uuid.UUID("6f6c1f0a-2d0b-5d3e-9d43-6f1b5a0c7e11")
_STATUS = {
    "passed": "passed",
    "xpassed": "passed",
    "skipped": "skipped",
    "xfailed": "skipped",
    "failed": "failed",
    "error": "failed",
    "rerun": "failed",
}
_NS_PER_MS = 1_000_000


def ctrf(document: ReportDocument) -> dict[str, Any]:
    """`rawStatus` keeps our own word: an inconclusive plan is `other`, one that never began is `pending`."""
    session = document["session"]
    tests = [_test(row) for row in document["plans"]]
    version = session["versions"].get("pytest-intellisense", "") if session else ""
    summary = _summary(document, tests)
    run_id = session["session_id"] if session else "no-session"
    return {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "reportId": str(uuid.uuid5(_NAMESPACE, f"{run_id}/{summary['stop']}/{len(tests)}")),
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(summary["stop"] / 1000)),
        "generatedBy": f"pytest-intellisense {version}".strip(),
        "results": {
            "tool": {"name": "pytest-intellisense", **({"version": version} if version else {})},
            "summary": summary,
            "tests": tests,
            "environment": _environment(document, session),
        },
    }


def _summary(document: ReportDocument, tests: list[dict[str, Any]]) -> dict[str, Any]:
    counted = Counter(test["status"] for test in tests)
    start_ms, duration_ns = _span(document)
    return {
        "tests": len(tests),
        **{status: counted[status] for status in ("passed", "failed", "skipped", "pending", "other")},
        "flaky": sum(test["flaky"] for test in tests),
        "suites": len({row["plan_path"] for row in document["plans"]}),
        "start": start_ms,
        "stop": start_ms + _ms(duration_ns),
        "duration": _ms(duration_ns),
        "extra": {"intellisense": {"duration_ns": duration_ns}},
    }


def _span(document: ReportDocument) -> tuple[int, int]:
    """Start in epoch ms and duration in ns: those of the session, but never less than its plans say."""
    session = document["session"]
    started = [row["started_epoch_s"] for row in document["plans"] if "started_epoch_s" in row]
    ended = [row["started_epoch_s"] + row["duration_ns"] / 1e9 for row in document["plans"] if "started_epoch_s" in row]
    if session:
        started.append(session["started_epoch_s"])
        ended.append(session["started_epoch_s"] + session["duration_ns"] / 1e9)
    if not started:
        return 0, 0
    return round(min(started) * 1000), round((max(ended) - min(started)) * 1e9)


def _environment(document: ReportDocument, session: SessionRow | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"state": document.get("state", "finished"), "notes": document.get("notes", [])}
    if "shards" in document:
        extra["shards"] = document["shards"]
    if session is None:
        return {"extra": {"intellisense": extra}}
    extra["session"] = session
    return {"appName": session["target"], "testEnvironment": session["redis"], "extra": {"intellisense": extra}}


def _test(row: PlanRow) -> dict[str, Any]:
    raw = row.get("outcome") or row["verdict"]
    status = _STATUS.get(raw, "other")
    if row["verdict"] == "inconclusive":
        raw, status = "inconclusive", "other"
    if row["verdict"] == "interrupted" and "started_epoch_s" not in row:
        status = "pending"
    path = PurePosixPath(row["plan_path"])
    attempts = row.get("attempts", 1)
    test: dict[str, Any] = {
        "name": row["nodeid"].partition("::")[2] or row["plan_name"] or row["nodeid"],
        "status": status,
        "rawStatus": raw,
        "duration": _ms(row["duration_ns"]),
        "suite": list(path.parts) or [row["plan_name"]],
        "filePath": row["plan_path"],
        "line": row["line"],
        "tags": row["tags"],
        "parameters": row["matrix"],
        "retries": attempts - 1,
        "flaky": attempts > 1 and status == "passed",
        "steps": list(_steps(row)),
        "attachments": list(_attachments(row)),
        "extra": {"intellisense": _extra(row)},
    }
    if "started_epoch_s" in row:
        test["start"] = round(row["started_epoch_s"] * 1000)
        test["stop"] = test["start"] + test["duration"]
    if row["sentence"]:
        test["message"] = one_line(row) if row["fault"] else row["sentence"]
    if row["verdict"] in ("failed", "inconclusive", "error"):
        test["trace"] = text_of(failure_lines(row))
    return test


def _extra(row: PlanRow) -> dict[str, Any]:
    known = {
        "nodeid": row["nodeid"],
        "verdict": row["verdict"],
        "fault": row["fault"],
        "duration_ns": row["duration_ns"],
        "lost_events": row["lost_events"],
    }
    return {**known, **({"origin": row["origin"]} if "origin" in row else {})}


def _steps(row: PlanRow) -> Iterator[dict[str, Any]]:
    """The injection of each step with its stage times, then each of its validations."""
    for step in row["steps"]:
        name = f"{step['step_id']}[{step['repeat_index']}]"
        yield {"name": name, "status": "failed" if step["error"] else "passed", "extra": {"intellisense": _traced(step)}}
        for outcome in step["validation_outcomes"]:
            found = difference(outcome)
            status = "other" if outcome["inconclusive"] else "passed" if outcome["passed"] else "failed"
            extra = {"expected": found.expected, "actual": found.actual, "details": outcome["details"]}
            extra |= {"fault": outcome["fault"], "line": outcome["line"], "column": outcome["column"]}  # type: ignore[dict-item]
            what = f"{outcome['type']} {outcome['subject']}".strip()
            yield {"name": f"{name} {outcome['validation_id']}: {what}", "status": status, "extra": {"intellisense": extra}}


def _traced(step: StepRow) -> dict[str, Any]:
    stages = step["pipeline"]["stages"] if step["pipeline"] else []
    return {
        "correlation_id": step["correlation_id"],
        "error": step["error"],
        "stages_ns": {stage["name"]: stage["at_ns"] for stage in stages if stage["at_ns"] is not None},
        "latencies_ns": step["pipeline"]["latencies_ns"] if step["pipeline"] else {},
    }


def _attachments(row: PlanRow) -> Iterator[dict[str, Any]]:
    for step in row["steps"]:
        for image in step["images"] if not step["passed"] else ():
            path = f"{row['session_dir']}/{image['path']}"
            yield {"name": f"{step['step_id']} {image['kind']}", "contentType": "image/png", "path": path}


def _ms(duration_ns: int) -> int:
    return round(duration_ns / _NS_PER_MS)
