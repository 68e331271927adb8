"""A run of plans whose faults are seeded into the reference application, and how many of them were named right."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.pytest_command import PYTEST

ROOT = Path(__file__).parents[2]
SCREEN = ROOT / "scenarios" / "screens" / "long_aapl.png"
CONFTEST = """
import pytest
from attribution import {module}
from helpers.faulty_reference import armed, install

install()


@pytest.fixture(autouse=True)
def fault(request):
    case = {module}.BY_NAME.get(request.node.name)
    with armed(case.fault if case else None):
        yield
"""

Rows = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """Names of cases: the broken stage named alone; named among others or not at all; another one accused."""

    named: list[str]
    undecided: list[str]
    accused: list[str]


def run_cases(folder: Path, module: str, cases: Sequence[Any], *extra: tuple[str, dict[str, Any]]) -> tuple[Rows, str]:
    """One pytest process for all of them: the rows of its report by plan name, and what the terminal said."""
    for name, plan in [(case.name, case.plan()) for case in cases] + list(extra):
        (folder / f"{name}.plan.json").write_text(json.dumps(plan, indent=1))
    (folder / SCREEN.name).write_bytes(SCREEN.read_bytes())
    (folder / "conftest.py").write_text(CONFTEST.format(module=module))
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    command = [*PYTEST, "-q", "-p", "no:cacheprovider", "-p", "no:html"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300)
    report = folder / "reports" / "report.json"
    assert report.exists(), done.stdout + done.stderr
    return {row["plan_name"]: row for row in json.loads(report.read_text())["plans"]}, done.stdout


def scored(cases: Sequence[Any], rows: Rows) -> Score:
    score = Score([], [], [])
    for case in cases:
        row = rows[case.name]
        assert row["fault"] == case.kind, f"{case.name}: {row['fault']} {row['sentence']}"
        candidates = row.get("attribution", {}).get("candidates", [])
        fits = score.named if candidates == [case.truth] else score.undecided
        (score.accused if candidates and case.truth not in candidates else fits).append(case.name)
    return score
