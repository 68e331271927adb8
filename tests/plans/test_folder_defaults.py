"""plan_defaults.json: what the plans of a folder have in common, merged, located and explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.plan_files import SOUND, load, png

from pytest_intellisense.codec.problems import PlanFileError, Problem
from pytest_intellisense.codec.schema import DEFAULTS_SCHEMA_FILE, defaults_schema

OUTER = {"bootstrap": {"symbols": ["MSFT"], "verify_ocr": True}, "tags": ["outer"], "step": {"timeout_s": 9, "repeat": 3}}
INNER = {"bootstrap": {"price_feed_timeout_s": 7}, "step": {"timeout_s": 8}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`root/inner/` with a plan that says little itself."""
    inner = tmp_path / "root" / "inner"
    (inner / "screens").mkdir(parents=True)
    (inner / "screens" / "long_aapl.png").write_bytes(png())
    plan = json.loads(SOUND)
    del plan["bootstrap"]["price_feed_timeout_s"], plan["tags"], plan["steps"][0]["timeout_s"]
    (inner / "it.plan.json").write_text(json.dumps(plan, indent=2))
    return inner


def write(folder: Path, defaults: Any, name: str = "plan_defaults.json") -> None:
    (folder / name).write_text(defaults if isinstance(defaults, str) else json.dumps(defaults))


def problems(folder: Path) -> tuple[Path, list[Problem]]:
    with pytest.raises(PlanFileError) as refused:
        load(folder / "it.plan.json", folder.parent)
    return refused.value.path, refused.value.problems


def test_the_nearest_wins_and_objects_are_merged(folder: Path) -> None:
    """The plan before its folder, its folder before the one above; what nobody says is built in."""
    write(folder.parent, OUTER)
    write(folder, "// inner\n" + json.dumps(INNER), "plan_defaults.jsonc")
    write(folder.parent.parent, {"tags": ["outside"], "step": {"timeout_s": 1}})
    plan = load(folder / "it.plan.json", folder.parent)[0].plan
    bootstrap = plan.bootstrap
    assert (bootstrap.symbols, bootstrap.verify_ocr, bootstrap.price_feed_timeout_s) == (("AAPL",), True, 7)
    assert plan.tags == ("outer",)
    assert [(step.timeout_s, step.repeat) for step in plan.steps] == [(8, 3), (8, 2), (8, 3)]


def test_mistakes_in_defaults_are_told_at_their_place(folder: Path) -> None:
    """All at once, in the file of the defaults, with where a key belongs."""
    write(folder, '{\n "tgs": [],\n "timeout_s": 5,\n "steps": [],\n "step": {"repeat": 0}\n}')
    path, found = problems(folder)
    assert path == folder / "plan_defaults.json"
    assert [(problem.line, problem.column, problem.message.split(":")[0]) for problem in found] == [
        (2, 2, 'unknown key "tgs"'),
        (3, 2, '"timeout_s" belongs to steps'),
        (4, 2, '"steps" belongs to a plan'),
        (5, 21, '"repeat" should be a whole number >= 1 and <= 10000, got 0'),
    ]
    assert found[0].suggestion == "tags"


@pytest.mark.parametrize(
    ("text", "says"),
    [("[]", "defaults are an object"), ('{"tags" []}', "a colon is missing"), ('{"tags": [], "tags": []}', "stands twice")],
)
def test_defaults_that_are_no_defaults(folder: Path, text: str, says: str) -> None:
    """Broken JSON is told as it is in plans."""
    write(folder, text)
    path, (problem,) = problems(folder)
    assert (path.name, says in problem.message) == ("plan_defaults.json", True)


def test_two_files_of_defaults_in_a_folder_are_refused(folder: Path) -> None:
    """Nobody could say which counts."""
    write(folder, "{}")
    write(folder, "{}", "plan_defaults.jsonc")
    path, (problem,) = problems(folder)
    assert (path.name, problem.message) == (
        "plan_defaults.jsonc",
        "stands beside plan_defaults.json: a folder has one file of defaults",
    )


def test_a_default_that_does_not_go_with_a_plan_is_told_in_both(folder: Path) -> None:
    """The plan is broken, and the place is the one in the defaults."""
    stage = {"key": "a", "match": {"event_type": "FILL"}}
    write(folder.parent, '{"pipelines":\n {"OCR_to_signal": ' + json.dumps({"stages": [stage]}) + "}}")
    path, (problem,) = problems(folder)
    assert path.name == "it.plan.json"
    assert (problem.file, problem.line, problem.column) == ("../plan_defaults.json", 2, 3)
    assert problem.message == 'the pipeline name "OCR_to_signal" is taken: ocr_to_signal exists'


def test_references_in_defaults_are_those_of_the_plan(folder: Path) -> None:
    """`${symbol}` is filled in from the matrix of each plan; a name that the plan does not have is told."""
    write(folder, {"step": {"position_manager_states_to_set": {"${symbol}": {"total_shares": 5}}}})
    case = load(folder / "it.plan.json", folder.parent)[-1]
    assert list(case.plan.steps[0].position_manager_states_to_set) == ["MSFT"]
    write(folder, {"step": {"position_manager_states_to_set": {"${symbl}": {"total_shares": 5}}}})
    _, found = problems(folder)
    assert found[0].message.startswith("${symbl} is neither in the matrix")
    assert (found[0].file, found[0].suggestion) == ("plan_defaults.json", "symbol")


def test_the_shipped_schema_of_defaults_is_the_generated_one() -> None:
    """And takes what the loader takes."""
    shipped = json.loads(DEFAULTS_SCHEMA_FILE.read_text(encoding="utf-8"))
    assert shipped == defaults_schema()
    validator = jsonschema.Draft202012Validator(shipped)
    for good in (OUTER, INNER, {}):
        validator.validate(good)
    for bad in ({"timeout_s": 5}, {"step": {"repeat": 0}}, {"plan_name": "x"}):
        assert not validator.is_valid(bad)
