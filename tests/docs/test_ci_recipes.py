"""The recipes of docs/ci.md do what they say: their steps are run, one after the other, in a real repository.

Run as they stand are all steps with commands of ours, git and bash. In place of the steps that install there is the
environment of this test; steps that only the service itself can take (checkout, artefacts) are left out; `gh` is a
recorder, since there is nobody to comment to.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from helpers.pytest_command import PYTEST

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECIPES = {name: yaml.safe_load(text) for name, text in BLOCK.findall((ROOT / "docs" / "ci.md").read_text())}
GITHUB, GITLAB = RECIPES[".github/workflows/intellisense.yml"], RECIPES[".gitlab-ci.yml"]
ONLY_SERVICE = {"actions/checkout@v4", "actions/setup-python@v5", "actions/upload-artifact@v4"}
PLAN = """{
  "plan_name": "buy",
  "steps": [{
    "step_id": "buy",
    "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10},
    "pipeline": "TRADE_CMD_TO_BROKER_FILL",
    "validation_points": [{"validation_id": "done", "type": "pipeline_completion_status", "expected_value": true}]
  }]
}
"""
OTHERWISE = PLAN.replace('"quantity": 10', '"quantity": 20')


@dataclass
class Checkout:
    """A repository with a base commit and a change, as a service checks it out, and what a job runs with."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.home / "repository"

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.path, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, plan: str, name: str = "buy") -> str:
        file = self.path / "scenarios" / f"{name}.plan.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(plan)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def run(self, shell: list[str], script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shell, script],
            cwd=self.path,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, line in (
        ("pytest", f'exec {shlex.join(PYTEST)} -p no:cacheprovider "$@"'),
        ("intellisense", f'exec {shlex.quote(sys.executable)} -m pytest_intellisense.cli "$@"'),
        ("gh", f'printf "%s\\n" "$*" >> {shlex.quote(str(tmp_path))}/gh.log'),
    ):
        (commands / name).write_text(f"#!/bin/sh\n{line}\n")
        (commands / name).chmod(0o755)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
    who = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    found = Checkout(tmp_path, kept | who | {"PATH": f"{commands}:{kept['PATH']}", "GIT_CONFIG_GLOBAL": os.devnull})
    found.path.mkdir()
    found.git("init", "--quiet")
    return found


@dataclass
class Job:
    """What came of a job: the code of its first step that failed, or 0; its summary as Markdown and as JSON."""

    code: int
    said: str
    markdown: str
    gate: dict


def read(file: Path) -> dict:
    """Empty where there was nothing to compare with."""
    return json.loads(file.read_text() or "{}")


def github(checkout: Checkout, base: str, launches: int) -> Job:
    temp = checkout.home / "temp"
    temp.mkdir()
    job = GITHUB["jobs"]["gate"]
    values = {
        "github.event.pull_request.base.sha": base,
        "runner.temp": str(temp),
        "github.token": "none",
        "github.event.pull_request.number": "7",
    }

    def filled(variables: dict) -> dict[str, str]:
        return {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], str(text)) for name, text in variables.items()
        }

    environment = {"RUNNER_TEMP": str(temp), "GITHUB_STEP_SUMMARY": str(temp / "summary.md"), **filled(job["env"])}
    environment["LAUNCHES"] = str(launches)
    code, said = 0, ""
    for step in job["steps"]:
        if step.get("name") == "Install" or step.get("uses") in ONLY_SERVICE:
            continue
        done = checkout.run(["bash", "-e", "-c"], step["run"], **environment, **filled(step.get("env", {})))
        said += done.stdout + done.stderr
        code = done.returncode
        if code:
            break
    return Job(code, said, (temp / "summary.md").read_text(), read(temp / "gate.json"))


def gitlab(checkout: Checkout, base: str, launches: int) -> Job:
    job = GITLAB["intellisense"]
    project = str(checkout.path)
    environment = {name: str(text).replace("$CI_PROJECT_DIR", project) for name, text in job["variables"].items()}
    environment |= {"CI_PROJECT_DIR": project, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "LAUNCHES": str(launches)}
    done = checkout.run(["bash", "-eo", "pipefail", "-c"], "\n".join(job["script"]), **environment)
    folder = checkout.path / "gate"
    said = done.stdout + done.stderr
    return Job(done.returncode, said, (folder / "gate.md").read_text(), read(folder / "gate.json"))


def test_a_change_that_orders_otherwise_is_stopped(checkout: Checkout) -> None:
    """On GitHub, with one launch: the job fails at its last step, the summary says why, and the change is commented on."""
    base = checkout.commit(PLAN)
    checkout.commit(OTHERWISE)
    job = github(checkout, base, launches=1)
    assert job.code == 1, job.said
    assert "### ❌ IntelliSense gate: regression" in job.markdown
    assert "ordered BUY 20 AAPL MKT, was BUY 10 AAPL MKT" in job.markdown
    assert [change["kind"] for change in job.gate["behaviour"]] == ["orders"]
    assert (checkout.home / "gh.log").read_text() == (
        f"pr comment 7 --body-file {checkout.home}/temp/gate.md --edit-last --create-if-none\n"
    )


@pytest.mark.long
@pytest.mark.parametrize("service", [github, gitlab])
@pytest.mark.parametrize(("change", "code"), [(PLAN, 0), (OTHERWISE, 1)], ids=["alike", "otherwise"])
def test_both_sides_are_measured_in_turn(checkout: Checkout, service, change: str, code: int) -> None:
    """Two launches a side are put together; another plan beside makes the change a commit of its own."""
    base = checkout.commit(PLAN)
    checkout.commit(change) if change != PLAN else checkout.commit(PLAN.replace('"buy",', '"other",', 1), "other")
    job = service(checkout, base, launches=2)
    assert job.code == code, job.said
    assert job.gate["baseline"]["label"] == f"base@{base[:7]}"
    assert job.gate["baseline"]["launches"] == 2
    assert {one["now_launches"] for one in job.gate["comparisons"] if one["base_launches"]} == {2}


@pytest.mark.long
@pytest.mark.parametrize("service", [github, gitlab])
def test_the_first_change_with_scenarios_is_not_stopped(checkout: Checkout, service) -> None:
    """The base has none, so there is nothing to compare with."""
    (checkout.path / "README").write_text("no scenarios yet")
    checkout.git("add", ".")
    checkout.git("commit", "--quiet", "--message", "before")
    base = checkout.git("rev-parse", "HEAD")
    checkout.commit(PLAN)
    job = service(checkout, base, launches=1)
    assert job.code == 0, job.said


def test_every_script_of_the_recipes_is_bash() -> None:
    """Also those that are not run here."""
    steps = [step["run"] for step in GITHUB["jobs"]["gate"]["steps"] if "run" in step]
    job = GITLAB["intellisense"]
    for script in (*steps, "\n".join(job["before_script"]), "\n".join(job["script"])):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert {step["uses"] for step in GITHUB["jobs"]["gate"]["steps"] if "uses" in step} == ONLY_SERVICE
