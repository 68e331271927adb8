"""Operators that a conftest.py adds: what they get wrong fails the check that asked for them, and no other."""

from __future__ import annotations

import json

import pytest

CONFTEST = """
import json

def pytest_intellisense_operators():
    def is_round_lot(actual, expected, tolerance):
        return None if actual % 100 == 0 else f"{actual} is no round lot"

    def is_json(actual, expected, tolerance):
        json.loads(actual)

    def answers_true(actual, expected, tolerance):
        return True

    return {"is_round_lot": is_round_lot, "is_json": is_json, "answers_true": answers_true, "div": divmod}
"""
BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10}
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}


def symbol(operator: str) -> dict:
    return {"validation_id": operator, "type": "specific_log_event_field", "target_identifier": "T4_BrokerFillLog",
            "field_to_check": "symbol", "operator": operator, "expected_value": 1}  # fmt: skip


def run(pytester: pytest.Pytester, plan: dict) -> tuple[pytest.RunResult, dict]:
    pytester.makeconftest(CONFTEST)
    (pytester.path / "own.plan.json").write_text(json.dumps(plan))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    assert "Traceback" not in result.stdout.str() and "TOOL" not in result.stdout.str()
    return result, json.loads((pytester.path / "reports" / "report.json").read_text())["plans"][0]


def test_an_operator_that_raises_fails_its_check_with_what_and_where(pytester: pytest.Pytester) -> None:
    """Domain PLAN, position in the plan, the line of the user's file; the other checks are judged."""
    points = [symbol("is_round_lot"), DONE, symbol("is_json"), symbol("answers_true"), symbol("div")]
    step = {"step_id": "buy", "stimulus": BUY, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "validation_points": points}
    result, row = run(pytester, {"plan_name": "own", "steps": [step]})
    result.stdout.fnmatch_lines(['PLAN  T4_BrokerFillLog.symbol: operator "is_round_lot"*', "  own.plan.json:1:*"])
    outcomes = {one["validation_id"]: one for one in row["steps"][0]["validation_outcomes"]}
    assert {name: (one["passed"], one["fault"]) for name, one in outcomes.items()} == {
        "done": (True, None), **dict.fromkeys(("is_round_lot", "is_json", "answers_true", "div"), (False, "PLAN"))
    }  # fmt: skip
    assert outcomes["is_round_lot"]["details"] == (
        'operator "is_round_lot", given text "AAPL", raised TypeError: not all arguments converted during string formatting '
        "(conftest.py:5)"
    )
    assert outcomes["is_json"]["details"].endswith("JSONDecodeError: Expecting value: line 1 column 1 (char 0) (conftest.py:8)")
    assert outcomes["answers_true"]["details"].startswith('operator "answers_true" returned true (conftest.py:10) (it returns')
    assert outcomes["div"]["details"].endswith("raised TypeError: divmod expected 2 arguments, got 3")
    assert row["verdict"] == "failed"


def test_an_operator_that_raises_in_a_pipeline_breaks_its_step(pytester: pytest.Pytester) -> None:
    """Which stages arrived cannot be told then."""
    stages = [
        {"key": "injected", "match": {"event_type": "INJECTION_COMMAND"}},
        {"key": "fill", "match": {"event_type": "FILL", "event_payload.symbol": {"is_round_lot": 1}}},
    ]
    step = {"step_id": "buy", "stimulus": BUY, "pipeline": "lots", "validation_points": [DONE]}
    result, row = run(pytester, {"plan_name": "own", "pipelines": {"lots": {"stages": stages}}, "steps": [step]})
    result.stdout.fnmatch_lines(['PLAN  operator "is_round_lot", given text "AAPL", raised TypeError*'])
    assert (row["verdict"], row["fault"]) == ("error", "PLAN")
