"""Fresh launches: the same pytest run in processes of its own, one after the other, only to be measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pytest_intellisense.analytics.measurements import Launch

_RAN = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
_TAIL_LINES = 15


def launch(config: pytest.Config, folder: Path) -> Launch:
    """One launch; its reports and recordings go to `folder`. Raises EnvironmentProblem if it came to no report."""
    import msgspec

    from pytest_intellisense.reporting.samples import launch_of

    params = config.invocation_params
    command = [sys.executable, "-m", "pytest", *map(str, params.args), *_only_measured(folder)]
    done = subprocess.run(command, cwd=params.dir, capture_output=True, text=True, errors="replace", check=False)
    report = folder / "reports" / "report.json"
    if done.returncode not in _RAN or not report.is_file():
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL_LINES:])
        raise EnvironmentProblem(f"a launch ended with exit code {done.returncode} and without a report", hint=tail)
    return launch_of(msgspec.json.decode(report.read_bytes())["plans"])


def _only_measured(folder: Path) -> Sequence[str]:
    """Options after those of the user: what is left to this process, and where nothing of ours is overwritten."""
    return (
        "--intellisense-launches=0",
        "--intellisense-save=",
        "--intellisense-compare=",
        f"--intellisense-report-dir={folder / 'reports'}",
        f"--intellisense-capture-dir={folder / 'captures'}",
    )
