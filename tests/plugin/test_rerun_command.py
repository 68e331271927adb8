"""The command that a failed plan shows runs that plan again, and nothing else."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest
from helpers.pytest_command import AS_ADDOPTS, PYTEST
from helpers.redis_server import RedisServer

STIMULUS = {"type": "price_update", "symbol": "AAPL", "price": 151.0}
WRONG = {"validation_id": "price", "type": "price_state", "target_identifier": "AAPL",
         "field_to_check": "last_trade_price", "expected_value": 150}  # fmt: skip
STEP = {"step_id": "tick", "stimulus": STIMULUS, "validation_points": [WRONG]}


def write_plan(path: Path, **more: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"plan_name": "wrong", **more, "steps": [STEP]}))


def run(folder: Path, *options: str) -> str:
    """What the terminal says to pytest in `folder`."""
    done = subprocess.run([*PYTEST, *options], cwd=folder, capture_output=True, text=True, timeout=90)
    assert "INTERNALERROR" not in done.stdout, done.stdout
    return done.stdout


def commands(said: str) -> list[str]:
    return [line.removeprefix("  rerun    ") for line in said.splitlines() if line.startswith("  rerun ")]


def run_again(command: str, folder: Path) -> str:
    """Given to a shell as it stands."""
    in_path = os.pathsep.join([str(Path(PYTEST[0]).parent), os.environ["PATH"]])
    environment = {**os.environ, **AS_ADDOPTS, "PATH": in_path}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=90).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").touch()
    write_plan(folder / "scenarios" / "deep" / "wrong.plan.json")
    return folder


@pytest.mark.parametrize(
    ("called_in", "workers"),
    [
        ("scenarios", ()),
        pytest.param("", (), marks=pytest.mark.long),
        pytest.param("scenarios", ("-n1",), marks=pytest.mark.long),
    ],
)
def test_it_works_where_pytest_was_called(project: Path, called_in: str, workers: tuple[str, ...]) -> None:
    """Paths are those of that folder, not of the rootdir; what needs no quotes has none."""
    folder = project / called_in
    (command,) = commands(run(folder, *workers))
    assert command == f"pytest {(project / 'scenarios/deep/wrong.plan.json').relative_to(folder)}::wrong"
    assert "1 failed" in run_again(command, folder)


def test_a_plan_outside_of_the_rootdir_has_its_path(project: Path, tmp_path: Path) -> None:
    """Its node id has none."""
    elsewhere = tmp_path / "elsewhere" / "wrong.plan.json"
    write_plan(elsewhere)
    said = run(project, f"--rootdir={project}", str(elsewhere), "scenarios")
    command = next(one for one in commands(said) if "elsewhere" in one)
    assert command == f"pytest {elsewhere}::wrong --rootdir={project}"
    assert "1 failed" in run_again(command, project)


@pytest.mark.parametrize("name", [pytest.param("a b", marks=pytest.mark.long), """a'b"$HOME`id`;c&"""])
def test_names_are_quoted_for_a_shell(project: Path, name: str) -> None:
    """A folder may be called anything."""
    write_plan(project / "odd" / name / "wrong.plan.json", matrix={"n": [1]})
    (command,) = commands(run(project, "odd"))
    assert shlex.split(command) == ["pytest", f"odd/{name}/wrong.plan.json::wrong[1]"]
    assert "1 failed" in run_again(command, project)


def test_the_options_of_the_run_are_given_again(project: Path) -> None:
    """Those that decide what is tested or how it is judged, and no others."""
    (project / "other.ini").write_text("[pytest]\n")
    given = ["-c", "other.ini", "--intellisense-redis", "embedded", "-o", "intellisense_allow_hosts=a",
             "--intellisense-compare-fail", "total.p95:10%", "--intellisense-compare-fail=*.median:5 %"]  # fmt: skip
    (command,) = commands(run(project, *given, "--intellisense-formats=text", "-q", "--intellisense-report-dir=elsewhere"))
    assert shlex.split(command)[2:] == [
        "-c", "other.ini", "-o", "intellisense_allow_hosts=a", "--intellisense-redis=embedded",
        "--intellisense-compare-fail=total.p95:10%", "--intellisense-compare-fail=*.median:5 %",
    ]  # fmt: skip
    assert "1 failed" in run_again(command, project)


def test_every_report_has_it_and_none_a_password(project: Path) -> None:
    """The URL is there without what is secret in it."""
    with RedisServer("--requirepass", "s3cret") as server:
        url = f"redis://:s3cret@127.0.0.1:{server.port}/0"
        options = ["--intellisense-redis", url, "--intellisense-run-id=desk-42", "--intellisense-formats=markdown,ctrf"]
        said = run(project, *options, "-o", f"intellisense_redis={url}")
    reports = project / "reports"
    (plan,) = json.loads((reports / "report.json").read_text())["plans"]
    shown = f"redis://***@127.0.0.1:{server.port}/0"
    assert shlex.split(plan["rerun"]) == [
        "pytest", "scenarios/deep/wrong.plan.json::wrong", "-o", f"intellisense_redis={shown}",
        f"--intellisense-redis={shown}", "--intellisense-run-id=desk-42",
    ]  # fmt: skip
    assert plan["rerun"] in (reports / "report.md").read_text()
    assert "s3cret" not in said + "".join(path.read_text() for path in reports.iterdir())
