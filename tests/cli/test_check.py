"""`intellisense check`: what a developer sees of plan files before anything runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.commands import intellisense
from helpers.plan_files import SOUND, scenario

from pytest_intellisense.cli.main import main

PLAN_OF_HOOK = SOUND.replace('"operator": "<="', '"operator": "about"', 1)
HOOK = "def pytest_intellisense_operators():\n    return {'about': lambda actual, expected, tolerance: None}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scenario(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -ra -q --junitxml=junit.xml\nfilterwarnings = error\n")
    (tmp_path / "sound.plan.json").write_text(SOUND)
    return tmp_path


def test_sound_plans_end_with_0_and_leave_nothing_behind(project: Path) -> None:
    """Nothing is run or written: no report, no capture, no JUnit file."""
    before = sorted(path.name for path in project.iterdir())
    done = intellisense(project, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 plan file, 4 sound cases: no problems\n", "")
    assert sorted(path.name for path in project.iterdir()) == before


def test_every_problem_of_every_file_is_shown_and_ends_with_1(project: Path) -> None:
    """All problems of all files in one go, each with place, caret and suggestion; sound files stay silent."""
    (project / "a.plan.json").write_text(SOUND.replace('"quantity"', '"quantty"').replace('"repeat": 2', '"repeat": 0'))
    (project / "b.plan.jsonc").write_text("// mine\n" + SOUND.replace('"tags": [', '"tags" ['))
    done = intellisense(project, "check", ".")
    assert done.returncode == 1
    assert done.stderr == ""
    for text in (
        "PLAN  a.plan.json has 2 problems",
        'E  a.plan.json:10:83  unknown key "quantty"',
        '    = did you mean "quantity"?',
        'E  a.plan.json:25:17  "repeat" should be a whole number >= 1 and <= 10000, got 0',
        'E  b.plan.jsonc:5:10  a colon is missing after the key "tags"',
    ):
        assert text in done.stdout
    assert done.stdout.endswith("3 plan files, 4 sound cases: 3 problems in 2 files\n")


def test_only_the_files_that_are_named_are_checked(project: Path) -> None:
    """As a pre-commit hook gives them."""
    (project / "a.plan.json").write_text("{}")
    assert intellisense(project, "check", "sound.plan.json").returncode == 0
    assert intellisense(project, "check", "sound.plan.json", "a.plan.json").returncode == 1


def test_names_of_the_projects_own_hooks_are_known(project: Path) -> None:
    """What conftest.py adds is allowed where it counts, and nowhere else."""
    (project / "own").mkdir()
    scenario(project / "own")
    (project / "own" / "conftest.py").write_text(HOOK)
    (project / "own" / "it.plan.json").write_text(PLAN_OF_HOOK)
    assert intellisense(project, "check").returncode == 0
    (project / "it.plan.json").write_text(PLAN_OF_HOOK)
    done = intellisense(project, "check")
    assert (done.returncode, '"about" is no operator' in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("word", "told"),
    [("nowhere", "error: there is no nowhere"), ("pytest.ini", "error: pytest.ini is no plan file")],
)
def test_what_cannot_be_checked_ends_with_2(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, word: str, told: str
) -> None:
    """A misspelt name must not look like a sound plan."""
    monkeypatch.chdir(project)
    assert main(["check", "sound.plan.json", word]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(told)


def test_a_folder_without_plans_ends_with_2(project: Path) -> None:
    """Nor must a misspelt folder."""
    done = intellisense(project, "check", "screens")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: no plan is in screens")


def test_a_broken_conftest_is_named_without_a_traceback(project: Path) -> None:
    """The plans cannot be judged without the names it adds."""
    (project / "own").mkdir()
    (project / "own" / "conftest.py").write_text("import nothing_there\n")
    (project / "own" / "it.plan.json").write_text(SOUND)
    done = intellisense(project, "check")
    assert done.returncode == 2
    assert "conftest.py:1: ModuleNotFoundError: No module named 'nothing_there'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_pre_commit_hook_runs_as_it_is_written(project: Path) -> None:
    """The entry of .pre-commit-hooks.yaml, with the files that its pattern picks."""
    hook = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    entry = re.search(r"entry: (.+)", hook)
    pattern = re.search(r"files: (.+)", hook)
    assert entry and pattern
    files = ["sound.plan.json", "deep/a.plan.jsonc", "plan_defaults.json", "x/plan_defaults.jsonc"]
    assert all(re.search(pattern[1], name) for name in files)
    assert not any(
        re.search(pattern[1], name) for name in ("plan.json", "report.json", "a.plan.json5", "my_plan_defaults.json")
    )
    command = [str(Path(sys.executable).parent / entry[1].split()[0]), *entry[1].split()[1:], "sound.plan.json"]
    assert subprocess.run(command, cwd=project, capture_output=True, timeout=60).returncode == 0
