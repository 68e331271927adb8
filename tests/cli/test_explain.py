"""`intellisense explain`: the plan as it runs, and where each value stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.commands import intellisense
from helpers.plan_files import SOUND, load, scenario


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scenario(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "sound.plan.json").write_text(SOUND)
    (tmp_path / "plan_defaults.json").write_text('{\n  "bootstrap": {\n    "verify_ocr": true},\n  "step": {"timeout_s": 9}\n}')
    return tmp_path


def test_every_value_has_its_file_and_line(project: Path) -> None:
    """Of the plan, of the defaults, of the matrix, or built in; and the whole is a plan again."""
    done = intellisense(project, "explain", "sound.plan.json::sound[MSFT-200]")
    assert (done.returncode, done.stderr) == (0, "")
    beside = {line.partition("  // ")[0].strip(): line.partition("  // ")[2] for line in done.stdout.splitlines()}
    for value, origin in {
        '"plan_name": "sound",': "sound.plan.json:2",
        '"verify_ocr": true,': "plan_defaults.json:3",
        '"reset": true': "built in",
        '"symbol": "MSFT",': 'sound.plan.json:10  "${symbol}", matrix line 5',
        '"quantity": 200,': 'sound.plan.json:10  "${size}", matrix line 5',
        '"repeat": 2,': "sound.plan.json:25",
        '"timeout_s": 9,': "plan_defaults.json:4",
        '"pipeline": "BROKER_RESPONSE_TO_ORDER_EVENT"': "built in, for broker_response",
    }.items():
        assert {key.rstrip(","): told for key, told in beside.items()}[value.rstrip(",")] == origin
    again = project / "again.plan.jsonc"
    again.write_text(done.stdout)
    (whole,), rows = load(again), load(project / "sound.plan.json")
    assert whole.plan.model_dump(exclude={"matrix"})["steps"][0]["stimulus"] == rows[-1].plan.steps[0].stimulus.model_dump()


def test_the_older_form_is_shown_in_todays(project: Path) -> None:
    """Moved values keep the line that they were written on."""
    stimulus = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 5, "target_pipeline_key": "ocr_to_signal"}
    point = {"validation_id": "v", "type": "pipeline_completion_status", "expected_value": True}
    steps = [{"step_description": "buys", "stimulus": stimulus, "validation_points": [point]}]
    (project / "old.plan.json").write_text(json.dumps(steps, indent=1))
    done = intellisense(project, "explain", "old.plan.json")
    assert re.search(r'"pipeline": "ocr_to_signal", +// old\.plan\.json:9$', done.stdout, re.MULTILINE)
    assert re.search(r'"description": "buys", +// old\.plan\.json:3$', done.stdout, re.MULTILINE)
    assert re.search(r'"plan_name": "old".* +// old\.plan\.json:1  by its place', done.stdout)


def test_a_broken_plan_is_diagnosed_and_two_are_too_many(project: Path) -> None:
    """1 with the mistakes; 2 where it is not clear which plan is meant."""
    (project / "sound.plan.json").write_text(SOUND.replace('"repeat": 2', '"repeat": 0'))
    done = intellisense(project, "explain", "sound.plan.json")
    assert (done.returncode, "sound.plan.json:25:17" in done.stdout) == (1, True)
    (project / "sound.plan.json").write_text(SOUND)
    (project / "other.plan.json").write_text(SOUND)
    done = intellisense(project, "explain", ".")
    assert (done.returncode, done.stderr) == (2, "error: . holds 2 plans\nhint: name one of them\n")
