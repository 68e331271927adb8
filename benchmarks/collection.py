"""Collecting 5,000 plan cases in 500 files beside collecting 5,000 plain test functions in 500 files.

Every plan has one step with five validation points and a matrix of ten rows; all are read and checked completely.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from support.projects import project, pytest_run
from timing import interleaved, median_ratio, print_figure

FILES = 500
CASES = 10
ROUNDS = 7


def plan(number: int) -> dict[str, Any]:
    stage = "T4_BrokerFillLog"
    points = [
        {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True},
        {
            "validation_id": "side",
            "type": "specific_log_event_field",
            "target_identifier": stage,
            "field_to_check": "side",
            "operator": "==",
            "expected_value": "${side}",
        },
        {
            "validation_id": "in_time",
            "type": "pipeline_latency",
            "field_to_check": "total_observed_pipeline_ns",
            "statistic": "p95",
            "operator": "<=",
            "expected_value": "400 ms",
        },
        {
            "validation_id": "one_order",
            "type": "correlation_log_event_count",
            "event_criteria": {"event_type": "ORDER_REQUEST"},
            "operator": "==",
            "expected_value": 1,
        },
        {
            "validation_id": "position",
            "type": "position_manager_state",
            "target_identifier": "${symbol}",
            "field_to_check": "total_shares",
            "operator": ">",
            "expected_value": 0,
        },
    ]
    stimulus = {"type": "trade_command", "symbol": "${symbol}", "side": "${side}", "quantity": 100}
    step = {"step_id": "order", "stimulus": stimulus, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "validation_points": points}
    return {
        "plan_name": f"order_{number}",
        "description": "An order is filled and opens a position.",
        "tags": ["smoke"],
        "matrix": {"symbol": ["AAPL", "MSFT", "TSLA", "NVDA", "AMD"], "side": ["BUY", "SELL"]},
        "steps": [step],
    }


def write_plans(folder: Path) -> None:
    for number in range(FILES):
        (folder / f"order_{number:03}.plan.json").write_text(json.dumps(plan(number), indent=2), encoding="utf-8")


def write_functions(folder: Path) -> None:
    functions = "\n\n".join(f"def test_order_{case}():\n    assert {case} == {case}" for case in range(CASES))
    for number in range(FILES):
        (folder / f"test_order_{number:03}.py").write_text(functions + "\n", encoding="utf-8")


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        plans, functions = project(Path(scratch) / "plans"), project(Path(scratch) / "functions")
        write_plans(plans)
        write_functions(functions)
        ways = {
            "plans": pytest_run(plans, "--collect-only"),
            "functions": pytest_run(functions, "--collect-only", "-p", "no:intellisense"),
        }
        times = interleaved(ways, ROUNDS)
    return 0 if print_figure("collection", median_ratio(times["plans"], times["functions"]), at_most=1.0) else 1


if __name__ == "__main__":
    sys.exit(main())
