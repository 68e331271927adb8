"""A run of real plans on the embedded application: what each report says about it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.pytest_command import PYTEST
from helpers.report_pages import opened, photograph, violations

BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}
FILLED = {"validation_id": "filled", "type": "specific_log_event_field", "target_identifier": "T4_BrokerFillLog",
          "field_to_check": "fill_quantity", "operator": "==", "expected_value": 100}  # fmt: skip
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
FAST = {"validation_id": "fast", "type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns",
        "operator": "<=", "expected_value": "100 us"}  # fmt: skip
ONCE = {"validation_id": "no_fill", "type": "event_absence", "event_criteria": {"event_type": "FILL"}, "within": "1 s"}

STEPS = {
    "passes": (BUY, [FILLED, DONE]),
    "wrong_value": (BUY, [{**FILLED, "expected_value": 150}, DONE]),
    "too_slow": (BUY, [FAST]),
    "too_much": (BUY, [ONCE]),
    "never_filled": ({**BUY, "order_type": "LMT", "limit_price": 1.0}, [DONE]),
}


def plan(name: str) -> dict:
    stimulus, points = STEPS[name]
    step = {"step_id": "market", "stimulus": stimulus, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "timeout_s": 0.7}
    return {"plan_name": name, "bootstrap": {"symbols": ["AAPL"]}, "steps": [{**step, "validation_points": points}]}


@pytest.fixture(scope="module", params=[(), pytest.param(("-n2",), marks=pytest.mark.long)], ids=["alone", "xdist"])
def run(request, tmp_path_factory) -> tuple[Path, str]:
    """One run of five plans and a file that is none; its folder and what the terminal said."""
    folder = tmp_path_factory.mktemp("project")
    for name in STEPS:
        (folder / f"{name}.plan.json").write_text(json.dumps(plan(name), indent=1))
    (folder / "broken.plan.json").write_text('{"plan_nam": 1}')
    (folder / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
    command = [*PYTEST, "--junitxml=junit.xml", "-v", *request.param]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=90)
    assert result.returncode == 1, result.stdout + result.stderr
    return folder, result.stdout


def test_each_failure_names_its_domain_its_place_and_how_to_run_it_again(run):
    """VALUE, LATENCY, EXTRA, MISSING, PLAN, as the first word of a failure."""
    _, out = run
    for fault, file in (("VALUE", "wrong_value"), ("LATENCY", "too_slow"), ("EXTRA", "too_much"), ("MISSING", "never_filled")):
        assert f"\n{fault}  " in out
        assert f"\n  {file}.plan.json:" in out
        assert f"\n  rerun    pytest {file}.plan.json::{file}\n" in out
    assert "\nPLAN  broken.plan.json has" in out
    assert "\nE   expected  150\nE   actual    100" in out
    assert "Traceback" not in out


def test_report_json_holds_every_plan_with_its_steps(run):
    """The verdicts of the terminal, with times in ns, and no picture data."""
    folder, _ = run
    document = json.loads((folder / "reports" / "report.json").read_text())
    verdicts = {one["plan_name"]: (one["verdict"], one["fault"]) for one in document["plans"]}
    assert verdicts == {
        "passes": ("passed", None),
        "wrong_value": ("failed", "VALUE"),
        "too_slow": ("failed", "LATENCY"),
        "too_much": ("failed", "EXTRA"),
        "never_filled": ("failed", "MISSING"),
        "broken": ("error", "PLAN"),
    }
    passed = next(one for one in document["plans"] if one["plan_name"] == "passes")["steps"][0]
    times = [stage["at_ns"] for stage in passed["pipeline"]["stages"]]
    assert times == sorted(times)
    assert passed["pipeline"]["latencies_ns"]["total_observed_pipeline_ns"] == times[-1]
    assert document["session"]["target"] == "reference application"


def test_junit_holds_file_line_and_properties(run):
    """What CI servers read: where the plan is, what was traced."""
    folder, _ = run
    cases = {case.get("name"): case for case in ElementTree.parse(folder / "junit.xml").iter("testcase")}
    properties = {one.get("name"): one.get("value") for one in cases["passes"].iter("property")}
    assert (cases["passes"].get("file"), int(cases["passes"].get("line"))) == ("passes.plan.json", 1)
    assert properties["intellisense.verdict"] == "passed"
    assert properties["intellisense.market[0].correlation_id"].startswith("market_")
    assert int(properties["intellisense.market[0].T4_BrokerFillLog_ns"]) > 0


@pytest.mark.long
@pytest.mark.parametrize(("workers", "told"), [((), True), (("-n1",), False)], ids=["alone", "xdist"])
def test_properties_that_cannot_be_sent_would_cost_the_verdict(tmp_path, workers, told):
    """The control: what is no plain value, as ours are, is lost with its test between the processes."""
    (tmp_path / "test_it.py").write_text("def test_it(record_property): record_property('ours', object())\n")
    done = subprocess.run([*PYTEST, *workers], cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert ("1 passed" in done.stdout) is told, done.stdout


def test_the_page_shows_all_of_it(run, browser):
    """Six rows, five of them open, a picture of it kept; nothing on the console, nothing that axe objects to."""
    folder, _ = run
    with opened(browser, folder / "reports" / "report.html") as page:
        assert page.locator("tbody.results-table-row").count() == 6
        assert page.locator(".is-case").count() == 5
        assert "never arrived" in page.inner_text("body")
        assert 'unknown key "plan_nam"' in page.inner_text("body")
        photograph(page, "real_run")
        page.locator("#is-filter").fill("never_filled")
        assert violations(page) == []
