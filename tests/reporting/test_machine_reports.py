"""One real run on two workers, every ending in it, and each report that a machine reads."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from helpers import ctrf_rules
from helpers.pytest_command import PYTEST

from pytest_intellisense.reporting.report_schema import SCHEMA_FILE

BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}
FILLED = {"validation_id": "filled", "type": "specific_log_event_field", "target_identifier": "T4_BrokerFillLog",
          "field_to_check": "fill_quantity", "operator": "==", "expected_value": 150}  # fmt: skip
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
STEP = {"step_id": "market", "stimulus": BUY, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "timeout_s": 2}
SCREEN = {"step_id": "read", "stimulus": {"type": "raw_image_injection", "image": "screen.png"}, "timeout_s": 2}
PLANS = {
    "passes": {"steps": [{**STEP, "repeat": 2, "validation_points": [DONE]}]},
    "wrong": {"steps": [{**STEP, "validation_points": [FILLED, DONE]}]},
    "skipped": {"skip": "market is closed", "steps": [{**STEP, "validation_points": [DONE]}]},
    "known": {"xfail": "BUG-12", "steps": [{**STEP, "validation_points": [FILLED]}]},
    "no_order": {"steps": [{**SCREEN, "validation_points": [{**DONE, "expected_value": False}]}]},
}
ENDINGS = {
    "passes": ("passed", "passed"),
    "wrong": ("failed", "failed"),
    "skipped": ("skipped", "skipped"),
    "known": ("failed", "xfailed"),
    "no_order": ("failed", "failed"),
    "broken": ("error", "failed"),
}
SCHEMA = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
FORMATS = "--intellisense-formats=ctrf,junit,markdown,text,trace"


def pytest_in(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    return subprocess.run(
        [*PYTEST, "-p", "no:cacheprovider", *arguments],
        cwd=folder, env={**given, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True, text=True, encoding="utf-8", timeout=90,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Below a repository, as on GitHub, and with a screen that holds an order."""
    folder = tmp_path_factory.mktemp("repository") / "desk"
    folder.mkdir()
    for name, plan in PLANS.items():
        (folder / f"{name}.plan.json").write_text(json.dumps({"plan_name": name, **plan}, indent=1))
    (folder / "broken.plan.json").write_text('{"plan_nam": 1}')
    screen = Path(__file__).parents[2] / "scenarios" / "screens" / "long_aapl.png"
    (folder / "screen.png").write_bytes(screen.read_bytes())
    (folder / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\njunit_logging = system-out\n")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> subprocess.CompletedProcess[str]:
    github = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder.parent)}
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    result = pytest_in(folder, "-n2", "--junitxml=junit.xml", FORMATS, DESK_API_TOKEN="canary-of-the-desk", **github, **summary)
    assert result.returncode == 1, result.stdout + result.stderr
    return result


@pytest.fixture(scope="module")
def reports(run, folder: Path) -> Path:
    return folder / "reports"


def test_report_json_follows_its_schema(reports: Path) -> None:
    """Passed, failed, skipped, xfailed, broken; and no key that the schema does not name."""
    document = json.loads((reports / "report.json").read_text())
    SCHEMA.validate(document)
    assert {row["plan_name"]: (row["verdict"], row["outcome"]) for row in document["plans"]} == ENDINGS
    assert unnamed(document, SCHEMA.schema["$defs"]["ReportDocument"]) == set()


def test_a_dry_run_follows_the_schema_and_elsewhere_github_gets_nothing(folder: Path, run) -> None:
    """Nothing is connected, the plans are `checked`; without GITHUB_ACTIONS no annotation and no summary is written."""
    summary = folder / "none.md"
    arguments = ("--intellisense-dry-run", "--intellisense-report-dir=dry")
    result = pytest_in(folder, *arguments, GITHUB_STEP_SUMMARY=str(summary))
    document = json.loads((folder / "dry" / "report.json").read_text())
    SCHEMA.validate(document)
    assert {"checked", "error"} <= {row["verdict"] for row in document["plans"]}, result.stdout
    assert "::error" not in result.stdout
    assert not summary.exists()


def test_ctrf_follows_its_rules(reports: Path) -> None:
    """Whole milliseconds, and nanoseconds in `extra`; each validation is a step."""
    report = json.loads((reports / "ctrf.json").read_text())
    jsonschema.Draft7Validator(ctrf_rules.REPORT).validate(report)
    tests = {test["name"]: test for test in report["results"]["tests"]}
    assert {name: (test["status"], test["rawStatus"]) for name, test in tests.items()} == {
        "passes": ("passed", "passed"),
        "wrong": ("failed", "failed"),
        "skipped": ("skipped", "skipped"),
        "known": ("skipped", "xfailed"),
        "no_order": ("failed", "failed"),
        "broken": ("failed", "failed"),
    }
    assert [step["status"] for step in tests["wrong"]["steps"]] == ["passed", "failed", "passed"]
    assert tests["wrong"]["steps"][0]["extra"]["intellisense"]["stages_ns"]["T4_BrokerFillLog"] > 0
    assert tests["wrong"]["duration"] == round(tests["wrong"]["extra"]["intellisense"]["duration_ns"] / 1e6)
    assert (reports.parent / tests["no_order"]["attachments"][0]["path"]).is_file()


def test_the_rules_of_ctrf_are_noticed(reports: Path) -> None:
    """The control: a fraction of a millisecond and an unknown key are wrong."""
    report = json.loads((reports / "ctrf.json").read_text())
    validator = jsonschema.Draft7Validator(ctrf_rules.REPORT)
    assert not validator.is_valid({**report, "ours": 1})
    report["results"]["tests"][0]["duration"] = 0.5
    assert not validator.is_valid(report)


@pytest.mark.parametrize("written", ["junit.xml", "reports/junit.xml"], ids=["pytest", "ours"])
def test_junit_has_place_properties_and_attachments(reports: Path, written: str) -> None:
    """pytest's own file and the one that is made of rows say the same."""
    cases = {case.get("name"): case for case in ElementTree.parse(reports.parent / written).iter("testcase")}
    assert set(cases) == set(ENDINGS)
    wrong = cases["wrong"]
    assert wrong.get("file") == "wrong.plan.json"
    assert int(wrong.get("line")) in (1, 2), "pytest counts from 0, we from 1"
    properties = {one.get("name"): one.get("value") for one in wrong.iter("property")}
    assert properties["intellisense.fault"] == "VALUE"
    assert "VALUE" in wrong.find("failure").get("message")
    assert cases["known"].find("skipped") is not None
    (attached, *_) = [line for line in cases["no_order"].findtext("system-out").splitlines() if "ATTACHMENT" in line]
    assert (reports.parent / attached.removeprefix("[[ATTACHMENT|").removesuffix("]]")).is_file()
    assert wrong.findtext("system-out") in (None, "") or "ATTACHMENT" not in wrong.findtext("system-out")


def test_attachments_stay_out_of_the_terminal(run) -> None:
    """They are for JUnit alone."""
    assert "ATTACHMENT" not in run.stdout


def test_the_trace_nests(reports: Path) -> None:
    """A track a step; its slices lie side by side inside the slice of the step, and none is longer than that."""
    trace = json.loads((reports / "trace.json").read_text())
    tracks: dict[tuple[int, int], list[dict]] = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
    named = {
        (event["pid"], event["tid"]): event["args"]["name"] for event in trace["traceEvents"] if event["name"] == "thread_name"
    }
    assert set(named) == set(tracks)
    assert sorted(named.values()) == ["market[0]"] * 3 + ["market[1]", "read[0]"]
    for step, *stages in tracks.values():
        assert len(stages) >= 3
        end = step["ts"]
        for stage in stages:
            assert stage["ts"] >= end - 0.0005 and stage["dur"] >= 0
            end = stage["ts"] + stage["dur"]
        assert end <= step["ts"] + step["dur"] + 0.0005


def test_steps_of_a_plan_follow_each_other_in_the_trace(reports: Path) -> None:
    """Their times are those of the injections, not a layout."""
    events = json.loads((reports / "trace.json").read_text())["traceEvents"]
    (plan,) = {
        event["pid"] for event in events if event["name"] == "process_name" and event["args"]["name"].endswith("::passes")
    }
    first, second = [event for event in events if event["pid"] == plan and event.get("cat") == "step"]
    assert second["ts"] >= first["ts"] + first["dur"] > 0


def test_github_gets_annotations_on_plan_lines(run, folder: Path) -> None:
    """File, line and column of the repository; one a cause; the expected failure has none."""
    errors = [line for line in run.stdout.splitlines() if line.startswith("::")]
    lines = (folder / "wrong.plan.json").read_text().splitlines()
    at = next(number for number, text in enumerate(lines, 1) if '"filled"' in text)
    assert len(errors) == 3
    assert any(line.startswith(f"::error file=desk/wrong.plan.json,line={at - 1},col=") for line in errors)
    assert any(line.startswith("::error file=desk/broken.plan.json,line=1,title=PLAN broken::") for line in errors)
    assert all("%0Arerun: pytest " in line for line in errors)


def test_github_gets_a_step_summary(run, folder: Path) -> None:
    """The Markdown of the run, the failures first."""
    summary = (folder / "summary.md").read_text()
    assert summary.startswith("### IntelliSense: 3 failed, 1 passed, 1 skipped, 1 xfailed\n")
    assert "rerun: `pytest wrong.plan.json::wrong`" in summary
    assert "| expected | `150` |" in summary


def test_no_secret_is_written(folder: Path, run) -> None:
    """Neither the password of the Redis nor what the environment holds, in no report and not on the terminal."""
    url = "redis://desk:canary-of-redis@127.0.0.1:1/0"
    arguments = ("wrong.plan.json", f"--intellisense-redis={url}", "--intellisense-report-dir=secret", FORMATS)
    result = pytest_in(folder, *arguments, "--junitxml=secret/junit.xml", DESK_API_TOKEN="canary-of-the-desk")
    assert "ENV" in result.stdout
    written = [*(folder / "secret").iterdir(), *(folder / "reports").iterdir()]
    assert len(written) > 12
    assert "canary" not in result.stdout + result.stderr + run.stdout + run.stderr
    assert [path for path in written if b"canary" in path.read_bytes()] == []


def test_an_unknown_format_is_refused(folder: Path) -> None:
    """With those that exist."""
    result = pytest_in(folder, "--intellisense-formats=ctrf,pdf")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "--intellisense-formats names 'pdf'; allowed, separated by commas: ctrf, junit, markdown, text, trace" in result.stderr
    )


def unnamed(value: object, schema: dict) -> set[str]:
    """The keys in `value` that `schema` does not name."""
    if "$ref" in schema:
        schema = SCHEMA.schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return min((unnamed(value, each) for each in schema["anyOf"]), key=len)
    if isinstance(value, list) and "items" in schema:
        return {key for each in value for key in unnamed(each, schema["items"])}
    if not isinstance(value, dict) or "properties" not in schema:
        return set()
    known = schema["properties"]
    return {key for key in value if key not in known}.union(
        *(unnamed(each, known[key]) for key, each in value.items() if key in known)
    )
