"""A run that is ended from outside leaves its reports and a readable recording."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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


def start(folder: Path) -> subprocess.Popen[str]:
    (folder / "a_quick.plan.json").write_text(json.dumps(QUICK))
    (folder / "b_waits.plan.json").write_text(json.dumps(WAITS))
    return subprocess.Popen([sys.executable, "-m", "pytest", "-v"], cwd=folder, stdout=subprocess.PIPE, text=True)


def until_the_first_verdict(run: subprocess.Popen[str]) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        if "PASSED" in line:
            return
    pytest.fail("the run ended before its first verdict")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_run_writes_its_reports(tmp_path: Path, ending: signal.Signals) -> None:
    """The plan that had finished is in report.json and in the page."""
    with start(tmp_path) as run:
        until_the_first_verdict(run)
        run.send_signal(ending)
        run.communicate(timeout=30)
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    assert [plan["plan_name"] for plan in report["plans"]] == ["quick"]
    assert (tmp_path / "reports" / "report.html").exists()
    (session,) = (tmp_path / "captures").iterdir()
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
