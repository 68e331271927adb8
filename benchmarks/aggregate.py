"""Metrics over 1,000 sessions of 200 steps: seconds, memory, and DuckDB on the same files in the same run.

Each side is a fresh process that reads every report and works out count, median, p95 and p99 of each stage; both must
come to the same numbers. The reports are shaped like those of real runs: events, validations, texts.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from timing import median_ratio, print_figure

SESSIONS, PLANS, STEPS_OF_A_PLAN = 1_000, 40, 5
ROUNDS = 3
GOAL_S, GOAL_MB = 10.0, 300.0
STAGES = ("processed_image", "raw_ocr", "cleaned_ocr", "signal", "order_request", "validated_order", "broker_ack", "order_fill")
EVENTS_OF_A_STEP = 18

DUCKDB = """
import sys, duckdb, json
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
rows = con.execute('''
    WITH steps AS (
        SELECT step.pipeline AS pipeline FROM (
            SELECT unnest(plan.steps) AS step FROM (
                SELECT unnest(plans) AS plan FROM read_json(?, columns = {
                    plans: 'STRUCT(steps STRUCT(
                        pipeline STRUCT(name VARCHAR, stages STRUCT(name VARCHAR, at_ns BIGINT)[]))[])[]'
                }, maximum_object_size = 8000000)))),
    laps AS (
        SELECT pipeline.name AS pipeline, unnest(list_transform(range(1, len(pipeline.stages) + 1), lambda i: {
            stage: pipeline.stages[i].name,
            took: pipeline.stages[i].at_ns - CASE WHEN i = 1 THEN 0 ELSE pipeline.stages[i - 1].at_ns END})) AS lap
        FROM steps)
    SELECT pipeline, lap.stage, count(*), quantile_disc(lap.took, 0.5), quantile_disc(lap.took, 0.95),
           quantile_disc(lap.took, 0.99)
    FROM laps GROUP BY ALL ORDER BY ALL
''', [sys.argv[1] + "/*.json"]).fetchall()
json.dump(rows, sys.stdout)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="aggregate-") as folder:
        size = write_sessions(Path(folder))
        print(f"# {SESSIONS} sessions of {PLANS * STEPS_OF_A_PLAN} steps, {size / 1e9:.2f} GB of JSON", flush=True)
        ours_s: list[float] = []
        duckdb_s: list[float] = []
        peak_mb = 0.0
        for _ in range(ROUNDS):
            seconds, mb, ours = timed([sys.executable, "-m", "pytest_intellisense.cli", "metrics", folder, "--format", "json"])
            ours_s.append(seconds)
            peak_mb = max(peak_mb, mb)
            seconds, duckdb_mb, theirs = timed([sys.executable, "-c", DUCKDB, folder])
            duckdb_s.append(seconds)
        assert same_numbers(ours, theirs), "the two sides come to different numbers"
        best = min(duckdb_s)
        print(f"# DuckDB, on all cores: {best:.1f} s, {duckdb_mb:.0f} MB; ours, on one: {min(ours_s):.1f} s, {peak_mb:.0f} MB")
    print_figure("aggregate_s", sorted(ours_s)[ROUNDS // 2], at_most=GOAL_S)
    print_figure("aggregate_peak_mb", peak_mb, at_most=GOAL_MB)
    print_figure("aggregate_vs_duckdb", median_ratio(ours_s, duckdb_s), at_most=1.0)


def write_sessions(folder: Path) -> int:
    noise = random.Random(1)
    encoder = msgspec.json.Encoder()
    document = {"schema_version": 1, "session": session(0), "plans": [plan(number) for number in range(PLANS)]}
    size = 0
    for number in range(SESSIONS):
        document["session"] = session(number)
        for step in (step for one in document["plans"] for step in one["steps"]):
            at_ns = 0
            for stage in step["pipeline"]["stages"]:
                at_ns += round(4_000_000 * noise.lognormvariate(0, 0.2))
                stage["at_ns"] = at_ns
        content = msgspec.json.format(encoder.encode(document), indent=1)
        size += (folder / f"{number:04d}.json").write_bytes(content)
    return size


def session(number: int) -> dict[str, Any]:
    return {"session_id": f"s{number:04d}", "started_epoch_s": 1_793_520_000.0 + 3600 * number, "redis": "embedded"}


def plan(number: int) -> dict[str, Any]:
    name = f"scenarios/{number % 9}_group/plan_{number}.plan.json::plan_{number}[AAPL-150.25]"
    return {
        "plan_name": f"plan_{number}",
        "nodeid": name,
        "verdict": "passed",
        "description": "A line read clearly as Long becomes a BUY request for the configured opening size.",
        "tags": ["smoke", "ocr"],
        "duration_ns": 40_843_072,
        "steps": [step(index) for index in range(STEPS_OF_A_PLAN)],
    }


def step(index: int) -> dict[str, Any]:
    stages = [
        {
            "name": name,
            "event_type": name.upper(),
            "arrived": True,
            "at_ns": 0,
            "time_source": "app",
            "optional": False,
            "absent": False,
            "in_order": True,
            "count": 1,
            "value": "BUY 50 AAPL MKT",
            "note": "",
        }
        for name in STAGES
    ]
    outcome = {
        "validation_id": "side",
        "passed": True,
        "type": "specific_log_event_field",
        "operator": "==",
        "expected": "BUY",
        "actual": "BUY",
        "details": "",
        "fault": None,
        "subject": "S4_OrderRequestLog.side",
        "stage": "S4_OrderRequestLog",
        "inconclusive": False,
        "line": 12,
        "column": 7,
    }
    event = {
        "at_ns": 3_814_651,
        "event_type": "SIGNAL_DECISION",
        "stream": "testrade:signal-decisions",
        "entry_id": "1795463955551-1",
        "joined_by": "correlation_id",
        "payload": "PASSTHROUGH AAPL OPEN_LONG OPEN/CLOSE signal - state reset and passed through",
    }
    return {
        "step_id": f"step_{index}",
        "passed": True,
        "repeat_index": 0,
        "pipeline": {"name": "RAW_IMAGE_TO_ORDER_FILL", "completed": True, "stages": stages, "latencies_ns": {}},
        "validation_outcomes": [outcome] * 4,
        "events": [event] * EVENTS_OF_A_STEP,
        "ocr_text": "Long AAPL 150.25 +0.12 -35.40",
    }


def timed(command: list[str]) -> tuple[float, float, Any]:
    """(seconds, peak MB, what it printed) of a fresh process."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output, subprocess.Popen(command, stdout=output) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        assert process.returncode == 0, command
        output.seek(0)
        return seconds, usage.ru_maxrss / 1024, json.load(output)


def same_numbers(ours: dict[str, Any], theirs: list[list[Any]]) -> bool:
    names = ("pipeline", "stage", "count", "median_ns", "p95_ns", "p99_ns")
    return sorted([row[name] for name in names] for row in ours["rows"]) == theirs


if __name__ == "__main__":
    main()
