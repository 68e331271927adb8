"""A whole run of pytest: terminal, JSON, JUnit, with and without xdist, with and without pytest-html."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers import reporting_plugin, rows
from helpers.pytest_command import PYTEST

from pytest_intellisense.reporting.json_report import JsonReport
from pytest_intellisense.reporting.lines import text_of
from pytest_intellisense.reporting.terminal import header_line, summary_lines

PLANS = (rows.plan(rows.step()), rows.value_failure(), rows.environment_failure(), rows.environment_failure())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reporting_plugin.prepare(tmp_path, list(PLANS), rows.session())
    return tmp_path


def results_of(folder: Path) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "report.jsonl").read_text().splitlines()]
    return [line["plan"] for line in lines if line["kind"] == "plan"]


@pytest.mark.parametrize("mode", [(), ("-n2",)], ids=["alone", "xdist"])
def test_terminal_json_and_junit_agree(folder, mode):
    """Whether one process or three: the same verdicts, the failure text in full, the report written once."""
    out = reporting_plugin.run(folder, "-v", "--junitxml=junit.xml", *mode).stdout
    document = json.loads((folder / "report.json").read_text())
    cases = ElementTree.parse(folder / "junit.xml").findall(".//testcase")
    assert "PASSED (1/1, 371 ms)" in out if not mode else "1 passed" in out
    assert "E   actual    150.65      delta +0.40 (tolerance 0.01)" in out
    assert "- VALUE at raw_ocr: order_request.limit_price is wrong" in out
    assert "raw_ocr                      2    196 ms    196 ms    196 ms" in out
    assert "validations 3/4 | events 0 traced, 0 lost" in out
    assert document["schema_version"] == 1
    assert document["session"]["session_id"] == "20261101-101500-ab12"
    assert sorted((plan["nodeid"][-3:], plan["verdict"], plan["outcome"]) for plan in document["plans"]) == [
        ("[0]", "passed", "passed"),
        ("[1]", "failed", "failed"),
        ("[2]", "error", "failed"),
        ("[3]", "error", "failed"),
    ]
    assert len(results_of(folder)) == 4
    assert "\x1b[" not in out
    properties = {one.get("name"): one.get("value") for one in cases[0].iter("property")} | {
        one.get("name"): one.get("value") for case in cases for one in case.iter("property")
    }
    assert properties["intellisense.open[0].correlation_id"] == "open_7f3c19ab"
    assert properties["intellisense.open[0].raw_ocr_ns"] == "205600000"


def test_an_environment_that_is_not_usable_is_told_once(folder):
    """The second plan that meets it refers to the first."""
    out = reporting_plugin.run(folder).stdout
    assert out.count("hint     Start a price feed") == 1
    assert "ENV  same as test_plans.py::test_plan[2]\n" in out
    assert "test_plan[3] - ENV no price of AAPL within 5 s" in out


@pytest.mark.parametrize("mode", [(), ("-n2",)], ids=["alone", "xdist"])
def test_failures_keep_their_colours(folder, mode):
    """Also those that come from another process; where nobody can see colours there are none, see above."""
    assert "\x1b[31m150.65" in reporting_plugin.run(folder, "--color=yes", *mode).stdout


def test_without_pytest_html_everything_else_is_there(folder):
    """`-p no:html` takes the page away, nothing else."""
    result = reporting_plugin.run(folder, "-p", "no:html")
    assert "stage latency" in result.stdout
    assert "INTERNALERROR" not in result.stdout + result.stderr
    assert (folder / "report.json").exists()


def test_a_killed_run_has_the_results_of_the_plans_that_ended(folder):
    """One line a plan, written when it ends; `report.json` of the run before stays whole."""
    (folder / "report.json").write_text('{"schema_version": 1, "of": "the run before"}')
    (folder / "test_plans.py").write_text(
        reporting_plugin.TEST_FILE.format(count=4)
        + "\ndef test_kill():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert reporting_plugin.run(folder).returncode == -signal.SIGKILL
    assert [row["verdict"] for row in results_of(folder)] == ["passed", "failed", "error", "error"]
    assert json.loads((folder / "report.json").read_text())["of"] == "the run before"


def test_report_json_is_replaced_whole_or_not_at_all(tmp_path):
    """What cannot be written leaves the old report, and no draft beside it."""
    report = JsonReport(tmp_path / "report.json")
    report.finish(rows.session(), [rows.value_failure()])
    with pytest.raises(ValueError, match="Out of range"):
        report.finish(rows.session(), [rows.plan(duration_ns=float("nan"))])
    assert json.loads(report.path.read_text())["plans"][0]["fault"] == "VALUE"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.jsonl"]


def test_a_terminal_without_unicode_gets_seven_bits(folder):
    """Marks and bars become letters; nothing is lost and nothing crashes."""
    command = [*PYTEST, "-p", "no:intellisense", "-p", "helpers.reporting_plugin"]
    tests = str(Path(__file__).parents[1])
    environment = {"PYTHONPATH": tests, "PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60)
    assert b"+ processed_image |" in result.stdout
    assert b"INTERNALERROR" not in result.stdout


def test_the_latency_table_fits_a_narrow_terminal():
    """80 columns are enough for the longest stage names of the older pipelines."""
    long = rows.stage("S5_BrokerAckOrchestratedTradeLog_ForRejectPath", "ACK", 12.0)
    plan = rows.plan(rows.step(pipeline=rows.pipeline([long], name="OCR_STIMULUS_TO_ENHANCED_OCR_LOG_AND_BACK_AGAIN")))
    lines = text_of(summary_lines([plan], [("json", Path("reports/report.json"))])).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "json    reports/report.json"


def test_the_head_names_what_is_under_test():
    """Version, Redis, application, durability in one line."""
    assert header_line(rows.session()) == "intellisense 0.1.0: embedded (fakeredis 2.40) | app reference app | capture strict"


def test_lost_events_and_runs_without_plans():
    """Loss is never silent; where no plan ran there is no section."""
    lossy = text_of(summary_lines([rows.plan(rows.step(), lost_events=3, loss_measurable=False)], []))
    assert "3 lost | loss not measurable in 1 plan" in lossy
    assert summary_lines([], []) == []
