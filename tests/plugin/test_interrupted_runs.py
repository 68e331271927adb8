"""A run that is ended from outside leaves its reports and a readable recording."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from helpers.capture_command import eventually
from helpers.pytest_command import PYTEST

from pytest_intellisense.cli.main import main

WAITS = {
    "plan_name": "waits",
    "steps": [
        {
            "step_id": "long_watch",
            "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1},
            "wait_after_injection_s": 60,
            "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}],
        }
    ],
}
QUICK = json.loads(
    json.dumps(WAITS).replace('"wait_after_injection_s": 60', '"wait_after_injection_s": 0').replace("waits", "quick")
)
UNHANDLED = """
import signal

def pytest_collection_finish():
    signal.signal({number}, signal.SIG_DFL)
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "a_quick.plan.json").write_text(json.dumps(QUICK))
    (folder / "b_waits.plan.json").write_text(json.dumps(WAITS))
    command = [*PYTEST, "-v", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)


def until_the_first_verdict(run: subprocess.Popen[str]) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        if "PASSED" in line:
            return
    pytest.fail("the run ended before its first verdict")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_run_writes_its_reports(tmp_path: Path, ending: signal.Signals) -> None:
    """The plan that had finished is in report.json and in the page."""
    writes_its_reports(tmp_path, ending)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_without_handling_the_signal_there_would_be_none(tmp_path: Path, ending: signal.Signals) -> None:
    """The control: the same run, in which the signal ends the process as it does by default."""
    (tmp_path / "conftest.py").write_text(UNHANDLED.format(number=int(ending)))
    with pytest.raises(AssertionError):
        writes_its_reports(tmp_path, ending)
    assert not (tmp_path / "reports" / "report.json").exists()


def writes_its_reports(folder: Path, ending: signal.Signals) -> None:
    with start(folder) as run:
        until_the_first_verdict(run)
        run.send_signal(ending)
        run.communicate(timeout=30)
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    report = json.loads((folder / "reports" / "report.json").read_text())
    assert [plan["plan_name"] for plan in report["plans"]] == ["quick"]
    assert (folder / "reports" / "report.html").exists()
    (session,) = (folder / "captures").iterdir()
    assert json.loads((session / "session.json").read_text())["state"] == "complete"


def test_a_killed_run_leaves_lines_and_a_recording(tmp_path: Path) -> None:
    """kill -9: the finished plan is in report.jsonl, and every event that was judged is in the recording."""
    with start(tmp_path) as run:
        until_the_first_verdict(run)
        run.kill()
        run.communicate(timeout=30)
    lines = [json.loads(line) for line in (tmp_path / "reports" / "report.jsonl").read_text().splitlines()]
    rows = [line["plan"] for line in lines if line["kind"] == "plan"]
    assert [row["plan_name"] for row in rows] == ["quick"]
    (session,) = (tmp_path / "captures").iterdir()
    assert rows[0]["steps"][0]["correlation_id"] in (session / "broker.jsonl").read_text()
    assert not (tmp_path / "reports" / "report.json").exists()


NEXT = json.loads(json.dumps(QUICK).replace("quick", "next"))


def reported(folder: Path, source: str) -> tuple[int, dict[str, str]]:
    """The exit code of `intellisense report`, and the verdict of each plan in what it made."""
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(["report", "--from", source, "--format", "json"])
    return code, {row["plan_name"]: row["verdict"] for row in json.loads(said.getvalue())["plans"]}


def test_a_killed_run_has_a_report_of_all_its_plans(tmp_path: Path) -> None:
    """By session, capture folder and report folder: what had finished, and the others as interrupted."""
    (tmp_path / "c_next.plan.json").write_text(json.dumps(NEXT))
    with start(tmp_path) as run:
        until_the_first_verdict(run)
        run.kill()
        run.communicate(timeout=30)
    (session,) = (tmp_path / "captures").iterdir()
    for source in (session.name, f"captures/{session.name}", "reports"):
        assert reported(tmp_path, source) == (3, {"quick": "passed", "waits": "interrupted", "next": "interrupted"}), source


def test_a_finished_run_has_nothing_interrupted(tmp_path: Path) -> None:
    """The control: one plan was deselected, the other ended."""
    with start(tmp_path, "-k", "quick") as run:
        run.communicate(timeout=30)
    assert run.returncode == 0
    (session,) = (tmp_path / "captures").iterdir()
    for source in (session.name, "reports"):
        assert reported(tmp_path, source) == (0, {"quick": "passed"}), source


def begun_logs(folder: Path) -> list[Path]:
    """Results of workers that have begun a plan."""
    return [path for path in folder.glob("captures/*/results.jsonl") if '"kind":"begun"' in path.read_text()]


@pytest.mark.long
def test_a_run_on_two_workers_that_is_killed_has_a_report(tmp_path: Path) -> None:
    """Each worker left its results beside its capture, and together they are the run.

    The line of a verdict may end where the next one begins: one or two plans have ended by then.
    """
    (tmp_path / "c_next.plan.json").write_text(json.dumps(NEXT))
    with start(tmp_path, "-n2") as run:
        until_the_first_verdict(run)
        eventually(lambda: len(begun_logs(tmp_path)) == 2, "both workers have begun")
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=30)
    session = next((tmp_path / "captures").iterdir()).name.rpartition("-gw")[0]
    for source in (session, "reports"):
        code, verdicts = reported(tmp_path, source)
        assert (code, verdicts.keys()) == (3, {"quick", "next", "waits"})
        assert verdicts["waits"] == "interrupted"
        assert "passed" in verdicts.values()
