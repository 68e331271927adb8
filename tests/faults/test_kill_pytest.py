"""pytest is interrupted twice, loses a worker, or repeats a test: recordings stay whole, and each attempt counts alone."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from helpers.pytest_command import PYTEST

from pytest_intellisense.capture.reader import SessionLog, read_session

pytestmark = pytest.mark.timeout(60)


def plan(name: str, *points: dict[str, Any], wait_s: float = 0) -> dict[str, Any]:
    step = {
        "step_id": "buy",
        "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1},
        "wait_after_injection_s": wait_s,
        "validation_points": [*points],
    }
    return {"plan_name": name, "steps": [step]}


DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
NEVER = {"validation_id": "never", "type": "pipeline_completion_status", "expected_value": False}
ONE_ORDER = {
    "validation_id": "one_order",
    "type": "correlation_log_event_count",
    "event_criteria": {"event_type": "ORDER_REQUEST"},
    "operator": "==",
    "expected_value": 1,
}

DIES = """
import os, signal
from pytest_intellisense import TradeCommand

def test_dies(intellisense_trace, intellisense_capture):
    buy = TradeCommand(type="trade_command", symbol="AAPL", side="BUY", quantity=3)
    step = intellisense_trace(buy, pipeline="TRADE_CMD_TO_BROKER_FILL")
    assert step.pipeline.completed
    intellisense_capture.flush()
    with open("died_in", "w") as note:
        note.write(str(intellisense_capture.directory))
    os.kill(os.getpid(), signal.SIGKILL)

def test_lives(intellisense_capture):
    intellisense_capture.loss()
"""
DEAF = """
import signal

def pytest_collection_finish():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
"""


def write(folder: Path, *plans: dict[str, Any]) -> None:
    for number, content in enumerate(plans):
        (folder / f"{number}_{content['plan_name']}.plan.json").write_text(json.dumps(content))


def sessions(folder: Path) -> dict[str, SessionLog]:
    return {path.name: read_session(path) for path in (folder / "captures").iterdir()}


def whole(session: SessionLog) -> bool:
    """Read to its end; whether every line is sound, a torn last one apart."""
    events = list(session)
    return bool(events) and not (session.damage.damaged_lines or session.damage.missing_lines)


def test_interrupted_twice(tmp_path: Path) -> None:
    """The second ^C ends the run, long before its plan would; what was recorded before is whole."""
    ends_when_interrupted_twice(tmp_path, within_s=30)


def test_a_run_that_does_not_listen_would_be_found(tmp_path: Path) -> None:
    """The control: the same run, deaf to ^C, goes on."""
    (tmp_path / "conftest.py").write_text(DEAF)
    with pytest.raises(subprocess.TimeoutExpired):
        ends_when_interrupted_twice(tmp_path, within_s=1)


def ends_when_interrupted_twice(folder: Path, *, within_s: float) -> None:
    write(folder, plan("quick", DONE), plan("waits", DONE, wait_s=60))
    with subprocess.Popen([*PYTEST, "-v"], cwd=folder, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert any("PASSED" in line for line in run.stdout), "the run ended before its first verdict"
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGINT)
        try:
            run.communicate(timeout=within_s)
        finally:
            run.kill()
    assert run.returncode != pytest.ExitCode.OK
    ((_, session),) = sessions(folder).items()
    assert whole(session)


@pytest.mark.long
def test_a_worker_is_killed(pytester: pytest.Pytester) -> None:
    """Its test fails and says so, the others run, and what it had recorded is there."""
    write(pytester.path, plan("quick", DONE), plan("quick_too", DONE))
    pytester.makepyfile(test_own=DIES)
    result = pytester.runpytest_subprocess("-n2", "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*worker 'gw*' crashed while running 'test_own.py::test_dies'*"])
    dead = Path((pytester.path / "died_in").read_text()).name
    states = {name: session.facts()["state"] for name, session in sessions(pytester.path).items()}
    assert states.pop(dead) == "recording"
    assert set(states.values()) == {"complete"}
    killed = sessions(pytester.path)[dead]
    assert whole(killed)
    assert [event.payload["fill_quantity"] for event in killed if event.event_type == "FILL"][-1] == 3


def test_a_rerun_sees_its_own_events_only(pytester: pytest.Pytester) -> None:
    """The second attempt finds one order and is the row of the report; the recording (the control) has the orders of both."""
    write(pytester.path, plan("again", ONE_ORDER, NEVER))
    result = pytester.runpytest_subprocess("--reruns", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*2 validations: 1 passed, 1 failed*", "*1 failed, 1 rerun*"])
    report = json.loads((pytester.path / "reports" / "report.json").read_text())
    assert [row["plan_name"] for row in report["plans"]] == ["again"]
    ((_, session),) = sessions(pytester.path).items()
    assert sum(1 for event in session if event.event_type == "ORDER_REQUEST") == 2
