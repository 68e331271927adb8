"""Plans that end outside of their steps, and reports that cannot be written: nothing is lost, and no traceback of ours."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from helpers.small_disks import small_disk

STEP = {"step_id": "buy", "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1}}
DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
DRY = "--intellisense-dry-run"


@pytest.fixture(autouse=True)
def plans(pytester: pytest.Pytester) -> None:
    for name in ("sound", "unlucky"):
        plan = {"plan_name": name, "steps": [{**STEP, "validation_points": [DONE]}]}
        (pytester.path / f"{name}.plan.json").write_text(json.dumps(plan))


def outcomes(pytester: pytest.Pytester, file: str = "report.json") -> dict[str, tuple[str, str]]:
    document = json.loads((pytester.path / "reports" / file).read_text())
    return {row["plan_name"]: (row["outcome"], row["sentence"]) for row in document["plans"]}


def test_a_plan_whose_worker_died_is_in_the_report(pytester: pytest.Pytester) -> None:
    """With what is known of it; the other plans are as they are."""
    pytester.makeconftest("""
        import os, signal
        def pytest_runtest_setup(item):
            if "unlucky" in item.name:
                os.kill(os.getpid(), signal.SIGKILL)
    """)
    result = pytester.runpytest_subprocess(DRY, "-n2")
    assert result.ret == 1
    found = outcomes(pytester)
    assert found["sound"][0] == "passed"
    assert found["unlucky"][0] == "error"
    assert "crashed while running 'unlucky.plan.json::unlucky'" in found["unlucky"][1]


def test_a_plan_that_cannot_be_torn_down_is_an_error(pytester: pytest.Pytester) -> None:
    """As pytest says."""
    pytester.makeconftest("""
        import pytest
        @pytest.fixture(autouse=True)
        def unlucky(request):
            yield
            assert "unlucky" not in request.node.name
    """)
    pytester.runpytest_subprocess(DRY).assert_outcomes(passed=2, errors=1)
    assert {name: outcome for name, (outcome, _) in outcomes(pytester).items()} == {"sound": "passed", "unlucky": "error"}


HIDDEN = ["report.html", "report.json", "report.jsonl", "report.md", "history.jsonl"]
BLOCK = f"""
import pathlib
def pytest_runtest_teardown(item):
    if "unlucky" in item.name:
        for name in {HIDDEN}:
            path = pathlib.Path("reports", name)
            path.unlink(missing_ok=True)
            path.mkdir(parents=True, exist_ok=True)
"""


@pytest.mark.parametrize("plugins", [(), ("-p", "no:html"), ("--html", "reports/mine.html"), ("-n1",)], ids=str)
def test_a_report_folder_that_is_a_file_is_told_once(pytester: pytest.Pytester, plugins: tuple[str, ...]) -> None:
    """The verdicts stay; no report that is not there is listed."""
    (pytester.path / "reports").write_text("a file where the folder should be")
    result = pytester.runpytest_subprocess(DRY, *plugins)
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    output = result.stdout.str() + result.stderr.str()
    assert output.count("reports cannot be written: it is a file, and should be a folder") == 1
    assert "\njson " not in output and "\nreport " not in output
    assert "Traceback" not in output and "INTERNALERROR" not in output


@pytest.mark.parametrize("when", ["before", "during"])
def test_each_report_that_cannot_be_written_is_told(pytester: pytest.Pytester, when: str) -> None:
    """Whether it was impossible from the start or became so; what can be written is written."""
    pytester.makeconftest(BLOCK if when == "during" else "")
    for name in HIDDEN if when == "before" else ():
        (pytester.path / "reports" / name).mkdir(parents=True)
    result = pytester.runpytest_subprocess(DRY, "--intellisense-formats", "markdown,text")
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    for name in ("report.html", "report.json", "report.md"):
        result.stdout.fnmatch_lines([f"*reports/{name} cannot be written: Is a directory"])
    result.stdout.fnmatch_lines(["text *reports/report.txt"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_the_page_is_whole_without_the_last_runs_of_each_plan(pytester: pytest.Pytester) -> None:
    """Their file is a convenience of the page."""
    (pytester.path / "reports" / "history.jsonl").mkdir(parents=True)
    result = pytester.runpytest_subprocess(DRY)
    result.stdout.fnmatch_lines(["report *report.html", "*history.jsonl cannot be written: Is a directory"])
    assert 'id="is-index"' in (pytester.path / "reports" / "report.html").read_text()


def test_a_disk_that_takes_nothing_changes_no_verdict(pytester: pytest.Pytester) -> None:
    """A run on a read-only file system."""
    plans = list(pytester.path.glob("*.plan.json"))
    with small_disk(pytester.path / "disk", size="1m") as disk:
        for plan in plans:
            shutil.copy(plan, disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        result = pytester.runpytest_subprocess(DRY, "--rootdir=disk", "-p", "no:cacheprovider", "disk")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*disk/reports/report.html cannot be written: Read-only file system"])
