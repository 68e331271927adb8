"""A run compared with a baseline by what it did: plans that pass, but order or go another way, fail too."""

from __future__ import annotations

import json

import pytest

REACHED = {
    "validation_id": "sent",
    "type": "correlation_log_event_count",
    "event_criteria": {"event_type": "INJECTION_COMMAND"},
    "operator": "==",
    "expected_value": 1,
}
PLANS = ("steady", "other_order", "other_way", "breaks", "mended")


def write(
    pytester: pytest.Pytester, name: str, *, symbol: str = "AAPL", quantity: int = 10, expected: int | None = None
) -> None:
    """A plan that buys, and checks no more than that its command was sent, or how much was filled."""
    filled = {
        "validation_id": "filled",
        "type": "specific_log_event_field",
        "target_identifier": "T4_BrokerFillLog",
        "field_to_check": "fill_quantity",
        "expected_value": expected,
    }
    step = {
        "step_id": "buy",
        "stimulus": {"type": "trade_command", "symbol": symbol, "side": "BUY", "quantity": quantity},
        "pipeline": "TRADE_CMD_TO_BROKER_FILL",
        "validation_points": [REACHED if expected is None else filled],
    }
    (pytester.path / f"{name}.plan.json").write_text(json.dumps({"plan_name": name, "steps": [step]}))


@pytest.fixture
def compared(pytester: pytest.Pytester):
    """A baseline of five plans, then a run in which four of them do otherwise."""
    write(pytester, "steady", expected=10)
    write(pytester, "other_order")
    write(pytester, "other_way")
    write(pytester, "breaks", expected=10)
    write(pytester, "mended", expected=11)
    pytester.runpytest_subprocess("--intellisense-save", "main").assert_outcomes(passed=4, failed=1)
    write(pytester, "other_order", symbol="MSFT")
    write(pytester, "other_way", quantity=1_000_000)
    write(pytester, "breaks", expected=12)
    write(pytester, "mended", expected=10)
    return pytester.runpytest_subprocess("--intellisense-compare", "main", "--intellisense-compare-fail", "*.median:10000%")


def test_what_a_plan_did_otherwise_fails_it(compared, pytester):
    """Other orders and another way fail plans that would pass; what failed before and passes now is told; the rest is not."""
    compared.assert_outcomes(passed=2, failed=3)
    compared.stdout.fnmatch_lines_random(
        [
            "behaviour new failures 1 | fixed 1 | known issues 0",
            "  new failure *breaks.plan.json::breaks  passed in the baseline: *",
            "  orders *other_order.plan.json::other_order buy  ordered BUY 10 MSFT MKT, was BUY 10 AAPL MKT",
            "  shape *other_way.plan.json::other_way buy  T1_RMSValidatedLog never arrived; diverted by*",
            "  fixed *mended.plan.json::mended  failed in the baseline",
            "gate REGRESSED: 4 changes of behaviour, *",
        ]
    )
    report = json.loads((pytester.path / "reports" / "report.json").read_text())
    changes = [(change["case"].split("::")[1], change["regressed"]) for change in report["gate"]["behaviour"]]
    assert {name for name, regressed in changes if regressed} == {"other_order", "other_way", "breaks"}
    assert {name for name, _ in changes} == {*PLANS} - {"steady"}
    failed = {plan["plan_name"]: plan["sentence"] for plan in report["plans"] if plan["verdict"] == "failed"}
    assert failed["other_order"].startswith("step buy behaves otherwise than main: ordered BUY 10 MSFT")
