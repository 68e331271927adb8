"""Real gates over one build: two sides of fresh pytest processes in turn, then `intellisense gate`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from support.projects import project, pytest_run

LAUNCHES = 4
REPEATS = 5

_BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}
_DONE = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
_PLAN = {
    "plan_name": "buy",
    "bootstrap": {"symbols": ["AAPL"]},
    "steps": [
        {
            "step_id": "market",
            "stimulus": _BUY,
            "pipeline": "TRADE_CMD_TO_BROKER_FILL",
            "repeat": 4,
            "validation_points": [_DONE],
        }
    ],
}
_COMMIT = ["-c", "user.name=gate", "-c", "user.email=gate@localhost", "commit", "-qm", "one build"]


def real_alarms(gates: int) -> int:
    """How many of so many gates called the same build slower."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = project(Path(scratch) / "project")
        (folder / "buy.plan.json").write_text(json.dumps(_PLAN), encoding="utf-8")
        # saved runs of one known commit are put together as launches of one build
        for words in (["init", "-q"], ["add", "pytest.ini", "buy.plan.json"], _COMMIT):
            subprocess.run(["git", *words], cwd=folder, check=True)
        return sum(_alarm(folder, number) for number in range(gates))


def _alarm(folder: Path, number: int) -> bool:
    sides = [f"base{number}", f"now{number}"]
    for launch in range(LAUNCHES):
        for side in sides if launch % 2 == 0 else reversed(sides):
            pytest_run(folder, f"--intellisense-save={side}", f"--intellisense-repeat={REPEATS}")()
    command = [sys.executable, "-m", "pytest_intellisense.cli", "gate", sides[1], "--against", sides[0]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 1
