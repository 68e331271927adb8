"""Plans run as pytest tests: what a user sees of passing, failing and selecting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TRADE = {
    "plan_name": "buy",
    "tags": ["smoke"],
    "matrix": {"symbol": ["AAPL", "MSFT"]},
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "${symbol}", "side": "BUY", "quantity": 10},
            "pipeline": "TRADE_CMD_TO_BROKER_FILL",
            "validation_points": [
                {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True},
                {
                    "validation_id": "quantity",
                    "type": "specific_log_event_field",
                    "target_identifier": "T4_BrokerFillLog",
                    "field_to_check": "fill_quantity",
                    "expected_value": 10,
                },
            ],
        }
    ],
}


def write_plan(folder: Path, plan: dict, name: str = "buy") -> Path:
    path = folder / f"{name}.plan.json"
    path.write_text(json.dumps(plan, indent=2))
    return path


def changed(**expectation: object) -> dict:
    """The plan with its second expectation changed."""
    plan = json.loads(json.dumps(TRADE))
    plan["steps"][0]["validation_points"][1].update(expectation)
    return plan


def report(pytester: pytest.Pytester) -> dict:
    return json.loads((pytester.path / "reports" / "report.json").read_text())


def test_a_passing_plan_is_a_passing_test_with_reports(pytester: pytest.Pytester) -> None:
    """Each matrix row is one test; HTML and JSON reports are written without being asked for, JUnit has places and times."""
    write_plan(pytester.path, TRADE)
    result = pytester.runpytest_subprocess("-v", "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*buy.plan.json::buy?AAPL? PASSED (2/2, *)*", "*intellisense: stage latency*", "validations 4/4*"]
    )
    html = (pytester.path / "reports" / "report.html").read_text()
    assert "IntelliSense report" in html
    document = report(pytester)
    assert document["schema_version"] == 1
    assert [plan["verdict"] for plan in document["plans"]] == ["passed", "passed"]
    step = document["plans"][0]["steps"][0]
    assert step["pipeline"]["completed"] is True
    assert [stage["name"] for stage in step["pipeline"]["stages"]][-1] == "T4_BrokerFillLog"
    assert all(stage["arrived"] and isinstance(stage["at_ns"], int) for stage in step["pipeline"]["stages"])
    assert step["pipeline"]["latencies_ns"]["total_observed_pipeline_ns"] > 0
    assert step["validation_outcomes"][1]["actual"] == 10
    (session,) = (pytester.path / "captures").iterdir()
    assert document["session"]["session_id"] == session.name
    assert step["correlation_id"] in (session / "broker.jsonl").read_text()
    xml = (pytester.path / "junit.xml").read_text()
    assert 'file="buy.plan.json" line="1"' in xml
    assert 'name="intellisense.verdict" value="passed"' in xml
    assert "T4_BrokerFillLog_ns" in xml


def test_a_wrong_value_says_where_and_what(pytester: pytest.Pytester) -> None:
    """The first line has the fault domain; plan line, expected, actual and the rerun command follow."""
    plan = write_plan(pytester.path, changed(expected_value=11) | {"matrix": {"symbol": ["AAPL"]}})
    line = next(number for number, text in enumerate(plan.read_text().splitlines(), 1) if '"quantity"' in text and "id" in text)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "VALUE *fill_quantity*",
            f"*buy.plan.json:{line - 1}:*quantity*",
            "E *expected *11*",
            "E *actual *10*",
            "*pytest 'buy.plan.json::buy?AAPL?'",
        ]
    )
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    "reference", ["$stimulus_quantity", "${ordered}", "$pipeline_event_payload_T1_RMSValidatedLog.quantity"]
)
def test_a_reference_is_shown_as_what_it_refers_to(pytester: pytest.Pytester, reference: str) -> None:
    """The value expected and by how much it was missed, in the terminal and in report.json; so is a tolerance."""
    plan = changed(field_to_check="fill_price", expected_value=reference, tolerance=reference)
    first = {**plan["steps"][0], "step_id": "before", "validation_points": []}
    first["capture"] = {"ordered": "$stimulus_quantity"}
    write_plan(pytester.path, plan | {"matrix": {"symbol": ["AAPL"]}, "steps": [first, *plan["steps"]]})
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(
        ["*: 150.0 is not 10.0 (delta*", "E *expected *10.0", "E *actual *150.0*delta +140.0 (tolerance 10.0)"]
    )
    outcome = report(pytester)["plans"][0]["steps"][-1]["validation_outcomes"][1]
    assert (outcome["expected"], outcome["tolerance"]) == (10.0, 10.0)


def test_an_operator_other_than_equality_stands_before_what_is_expected(pytester: pytest.Pytester) -> None:
    """Also where 10 was found and anything but 10 is expected."""
    write_plan(pytester.path, changed(operator="!=", expected_value=10) | {"matrix": {"symbol": ["AAPL"]}})
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*: 10.0 equals 10*", "E   expected  != 10", "E   actual    10.0"])


def test_a_missing_stage_is_named(pytester: pytest.Pytester) -> None:
    """An order that risk refuses never reaches the broker: MISSING, with the reason that stopped it."""
    plan = json.loads(json.dumps(TRADE))
    plan["matrix"] = {"symbol": ["MSFT"]}
    plan["steps"][0]["stimulus"]["quantity"] = 900
    write_plan(pytester.path, plan)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MISSING *", "*never arrived*"])
    assert "notional" in result.stdout.str()


def test_a_captured_stage_that_never_arrives_is_named_where_it_is_captured(pytester: pytest.Pytester) -> None:
    """MISSING, at the line of the capture, with the stages that did arrive."""
    plan = json.loads(json.dumps(TRADE)) | {"matrix": {"symbol": ["AAPL"]}}
    silent = {"type": "config_change", "parameter": "broker_silent", "new_value": True}
    buy = {
        **plan["steps"][0],
        "step_id": "silent",
        "timeout_s": 0.3,
        "validation_points": [],
        "capture": {"q": "T4_BrokerFillLog.symbol"},
    }
    path = write_plan(pytester.path, plan | {"steps": [{"step_id": "quiet", "stimulus": silent}, buy, *plan["steps"]]})
    lines = path.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '"q"' in text)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MISSING *T3_BrokerAckLog never arrived*", f"*buy.plan.json:{line}:*", "*captured from*"])


def test_skip_and_xfail_come_from_the_plan(pytester: pytest.Pytester) -> None:
    """`skip` runs nothing, `xfail` runs and expects the failure."""
    write_plan(pytester.path, {**TRADE, "skip": "no broker today"}, "skipped")
    write_plan(pytester.path, {**changed(expected_value=11), "xfail": "BUG-12"}, "expected")
    result = pytester.runpytest_subprocess("-rsx")
    result.assert_outcomes(skipped=2, xfailed=2)
    result.stdout.fnmatch_lines(["*no broker today*", "*BUG-12*"])


@pytest.mark.long
def test_workers_share_the_work_and_one_report(pytester: pytest.Pytester) -> None:
    """With -n 2 the verdicts, texts and reports are those of one process."""
    write_plan(pytester.path, TRADE)
    write_plan(pytester.path, changed(expected_value=11), "wrong")
    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["VALUE *", "*intellisense: stage latency*", "validations 6/8*"])
    assert sorted(plan["verdict"] for plan in report(pytester)["plans"]) == ["failed", "failed", "passed", "passed"]


def test_it_works_without_pytest_html(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-p no:html` loses the page and nothing else; under CI the summary is one line a failure."""
    monkeypatch.setenv("CI", "1")
    write_plan(pytester.path, changed(expected_value=11) | {"matrix": {"symbol": ["AAPL"]}})
    result = pytester.runpytest_subprocess("-p", "no:html")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED buy.plan.json::buy?AAPL? - VALUE *"])
    assert report(pytester)["plans"][0]["fault"] == "VALUE"
    assert not (pytester.path / "reports" / "report.html").exists()


def test_a_private_server_works_like_the_embedded_one(pytester: pytest.Pytester) -> None:
    """`--intellisense-redis server` starts a real redis-server for the run and ends it."""
    write_plan(pytester.path, TRADE)
    pytester.runpytest_subprocess("--intellisense-redis", "server").assert_outcomes(passed=2)
