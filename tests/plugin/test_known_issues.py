"""Failures that are known: excused with a reason until a date, and nothing else is."""

from __future__ import annotations

import json

import pytest

PLAN = {
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10},
            "pipeline": "TRADE_CMD_TO_BROKER_FILL",
            "validation_points": [
                {
                    "validation_id": "filled",
                    "type": "specific_log_event_field",
                    "target_identifier": "T4_BrokerFillLog",
                    "field_to_check": "fill_quantity",
                    "expected_value": 10,
                }
            ],
        }
    ]
}
FAR, PAST = "2999-12-31", "2001-01-31"


def write(pytester: pytest.Pytester, name: str, expected: int) -> None:
    plan = json.loads(json.dumps(PLAN | {"plan_name": name}))
    plan["steps"][0]["validation_points"][0]["expected_value"] = expected
    folder = pytester.path / "scenarios"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.plan.json").write_text(json.dumps(plan))


def known(pytester: pytest.Pytester, *entries: dict) -> None:
    (pytester.path / "known_issues.json").write_text(json.dumps({"known_issues": list(entries)}, indent=1))


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.long)], ids=["alone", "xdist"])
def test_a_known_failure_is_excused_until_its_date(pytester, workers):
    """One is excused, one has expired, one fails in another domain than the known one; what is not needed is told."""
    for name, expected in (("odd_lot", 11), ("late", 12), ("other", 13), ("fine", 10)):
        write(pytester, name, expected)
    known(
        pytester,
        {"plan": "odd_*::odd_lot", "reason": "BUG-12: odd lots are rounded", "expires": FAR},
        {"plan": "late", "reason": "BUG-7", "expires": PAST},
        {"plan": "other", "reason": "BUG-8: it is slow", "expires": FAR, "domain": "LATENCY"},
        {"plan": "fine", "reason": "BUG-9", "expires": FAR},
        {"plan": "nowhere*", "reason": "BUG-10", "expires": FAR},
    )
    result = pytester.runpytest_subprocess("-rx", *workers)
    result.assert_outcomes(xfailed=1, failed=2, passed=1)
    result.stdout.fnmatch_lines_random(
        [
            "XFAIL scenarios/odd_lot.plan.json::odd_lot - known issue: BUG-12: odd lots are rounded (until 2999-12-31)*",
            "known issue expired on 2001-01-31: BUG-7 (known_issues.json:8:3)",
            'known issue until 2999-12-31  "odd_[*]::odd_lot": BUG-12: odd lots are rounded (known_issues.json:3:3), 1 plan',
            'known issue not met  "other": *: no plan failed for it, remove the entry',
            'known issue not met  "fine": BUG-9 (known_issues.json:19:3): no plan failed for it, remove the entry',
            'known issue unused  "nowhere[*]": BUG-10 (known_issues.json:24:3): no plan of this run is meant by it',
        ]
    )
    rows = {row["plan_name"]: row for row in json.loads((pytester.path / "reports" / "report.json").read_text())["plans"]}
    assert rows["odd_lot"]["known_issue"] == "BUG-12: odd lots are rounded (until 2999-12-31, known_issues.json:3:3)"
    assert (rows["odd_lot"]["verdict"], rows["odd_lot"]["outcome"]) == ("failed", "xfailed")
    assert "known issue expired on 2001-01-31" in rows["late"]["hint"]


def test_every_mistake_of_the_file_is_told_before_anything_runs(pytester):
    """With line, column, caret, what is allowed and what was meant."""
    write(pytester, "fine", 10)
    known(
        pytester,
        {"plan": "a", "reason": "", "expires": "31.12.2999"},
        {"plan": "b", "reason": "BUG", "expires": FAR, "domain": "LATENCI", "untill": FAR},
        {"reason": "BUG", "expires": FAR},
    )
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "*known_issues.json has 5 problems*",
            '*known_issues.json:5:14  "reason" is a text that is not empty*',
            '*known_issues.json:6:15  "31.12.2999" is no date: YYYY-MM-DD, such as 2026-12-31*',
            "*known_issues.json:12:14  'LATENCI' is no domain*",
            '*did you mean "LATENCY"?*',
            '*known_issues.json:13:4  "untill" is no key here*',
            '*known_issues.json:15:3  "plan" is missing*',
        ]
    )
    assert "Traceback" not in result.stderr.str()


def test_a_named_file_has_to_be_there(pytester):
    """The option and the ini value name one file instead of looking for one."""
    write(pytester, "fine", 10)
    result = pytester.runpytest_subprocess("--intellisense-known-issues", "issues.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*issues.json:1:1  cannot be read: No such file or directory*"])
