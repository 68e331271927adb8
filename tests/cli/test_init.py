"""`intellisense init`: from nothing to a green and a red plan, without touching what is there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest
from helpers.commands import intellisense
from helpers.pytest_command import PYTEST

from pytest_intellisense.cli.main import main


def files_in(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_new_project_has_a_green_and_a_red_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without Redis or an application at hand: two rows pass, one plan fails as it says; `check` finds both sound."""
    folder = tmp_path / "desk"
    assert main(["init", str(folder)]) == 0
    assert f"next: cd {folder} && pytest scenarios/" in capsys.readouterr().out
    done = subprocess.run(PYTEST, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "1 failed, 2 passed" in done.stdout
    assert "VALUE  " in done.stdout
    assert re.search(r"fails_on_purpose\.plan\.json:\d+:\d+ +side ", done.stdout)
    checked = intellisense(folder, "check")
    assert (checked.returncode, checked.stdout) == (0, "2 plan files, 3 sound cases: no problems\n")


def test_the_editor_finds_the_schema_of_every_file(tmp_path: Path) -> None:
    """By `$schema` and by VS Code's settings; the files that are made keep to it."""
    main(["init", str(tmp_path)])
    settings = json.loads((tmp_path / ".vscode" / "settings.json").read_text())
    by_name = {pattern: each["url"] for each in settings["json.schemas"] for pattern in each["fileMatch"]}
    for pattern, files in {
        "*.plan.json": ["market_order.plan.json", "fails_on_purpose.plan.json"],
        "plan_defaults.json": ["plan_defaults.json"],
    }.items():
        schema = json.loads((tmp_path / by_name[pattern]).read_text())
        for name in files:
            written = json.loads((tmp_path / "scenarios" / name).read_text())
            jsonschema.Draft202012Validator(schema).validate(written)
            assert (tmp_path / "scenarios" / written["$schema"]).resolve() == (tmp_path / by_name[pattern]).resolve()
    assert {"*.plan.jsonc", "plan_defaults.jsonc"} <= by_name.keys()


def test_nothing_that_is_there_is_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second time, and beside files of one's own; what a settings file lacks is told."""
    (tmp_path / ".vscode").mkdir()
    own = {".vscode/settings.json": '{"editor.tabSize": 2}', "pyproject.toml": "[project]\n"}
    for name, text in own.items():
        (tmp_path / name).write_text(text)
    main(["init", str(tmp_path)])
    said = capsys.readouterr().out
    assert "kept      your pytest configuration" in said
    assert 'for completion in VS Code, add to it: "json.schemas": [' in said
    before = files_in(tmp_path)
    assert own.items() <= before.items()
    assert "pytest.toml" not in before
    main(["init", str(tmp_path)])
    assert "created" not in capsys.readouterr().out
    assert files_in(tmp_path) == before


def test_where_no_folder_can_be_made_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the way is named, and left alone."""
    (tmp_path / "scenarios").write_text("a file")
    assert main(["init", str(tmp_path)]) == 2
    assert f"{tmp_path / 'scenarios'} is a file" in capsys.readouterr().err
    assert (tmp_path / "scenarios").read_text() == "a file"
