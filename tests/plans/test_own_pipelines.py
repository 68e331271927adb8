"""Pipelines that a plan brings along, in it or in files beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.plan_files import load_text, problems_of

STAGES = {
    "stages": [{"key": "request", "match": {"event_type": "ORDER_REQUEST"}}, {"key": "fill", "match": {"event_type": "FILL"}}]
}


def plan(pipeline: str, **more: Any) -> str:
    check = {
        "validation_id": "v",
        "type": "pipeline_latency",
        "field_to_check": "request_to_fill_ns",
        "operator": "<=",
        "expected_value": 5,
    }
    step = {
        "step_id": "s",
        "stimulus": {"type": "trading_state_change", "enabled": True},
        "pipeline": pipeline,
        "validation_points": [check],
    }
    return json.dumps({"plan_name": "p", **more, "steps": [step]}, indent=1)


def test_a_plan_names_its_own_pipeline_in_any_case(tmp_path: Path) -> None:
    (case,) = load_text(tmp_path, plan("mine", pipelines={"MINE": STAGES}))
    assert case.plan.steps[0].pipeline == "MINE"
    assert case.pipelines["MINE"].stage_keys == ("request", "fill")
    assert "TRADE_CMD_TO_BROKER_FILL" in case.pipelines


def test_a_file_beside_the_plan_holds_pipelines(tmp_path: Path) -> None:
    (tmp_path / "pipes.json").write_text(json.dumps({"FROM_FILE": STAGES}))
    (case,) = load_text(tmp_path, plan("from_file", pipeline_files=["pipes.json"]))
    assert case.pipelines["FROM_FILE"].name == "FROM_FILE"


def test_mistakes_in_a_pipeline_are_named(tmp_path: Path) -> None:
    """In the plan at their place, in a file at the place where the plan names the file."""
    wrong = {"stages": [{"key": "request", "match": {}, "optionl": True}]}
    first, *_ = problems_of(tmp_path, plan("TRADE_CMD_TO_BROKER_ACK", pipelines={"MINE": wrong}))
    assert (first.json_path, first.suggestion) == ("pipelines.MINE.stages[0].optionl", "optional")
    (tmp_path / "pipes.json").write_text(json.dumps({"MINE": wrong}))
    first, *_ = problems_of(tmp_path, plan("TRADE_CMD_TO_BROKER_ACK", pipeline_files=["pipes.json"]))
    assert first.json_path == "pipeline_files[0]"
    assert 'pipeline MINE, stages[0].optionl: unknown key "optionl"' in first.message


@pytest.mark.parametrize("where", ["pipelines", "pipeline_files"])
def test_a_step_may_name_a_pipeline_with_mistakes(tmp_path: Path, where: str) -> None:
    """They are told once, at the pipeline; a step that names one that there is not makes a mistake of its own."""
    wrong = {"MINE": {**STAGES, "optional": True}}
    (tmp_path / "pipes.json").write_text(json.dumps(wrong))
    written: Any = wrong if where == "pipelines" else ["pipes.json"]
    (problem,) = problems_of(tmp_path, plan("mine", **{where: written}))
    assert 'unknown key "optional"' in problem.message
    _, unknown = problems_of(tmp_path, plan("NIME", **{where: written}))
    assert (unknown.json_path, unknown.message) == ("steps[0].pipeline", '"NIME" is no pipeline')


def test_a_name_is_defined_once(tmp_path: Path) -> None:
    first, *_ = problems_of(tmp_path, plan("x", pipelines={"Trade_Cmd_To_Broker_Fill": STAGES}))
    assert "is taken: TRADE_CMD_TO_BROKER_FILL exists" in first.message


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pipes.json").write_text("{]")
    for name, says in (("pipe.json", "nearest: pipes.json"), ("pipes.json", "1:2"), ("../x.json", "leads out of")):
        messages = [problem.message for problem in problems_of(tmp_path, plan("MINE", pipeline_files=[name]))]
        assert says in messages[0]


def test_a_stage_that_must_not_arrive_has_no_deadline(tmp_path: Path) -> None:
    """It is watched as long as the step is; a window of its own is a check, and the mistake says which."""
    never = {"key": "rejected", "match": {"event_type": "RISK_REJECTION"}, "absent": True}
    assert load_text(tmp_path, plan("MINE", pipelines={"MINE": {"stages": [*STAGES["stages"], never]}}))
    text = plan("MINE", pipelines={"MINE": {"stages": [*STAGES["stages"], {**never, "deadline_ms": 250}]}})
    problem, *_ = problems_of(tmp_path, text)
    assert problem.json_path == "pipelines.MINE.stages[2]"
    assert problem.message == (
        'an absent stage takes no deadline_ms: for a window of its own use the check event_absence with "within"'
    )


REJECTED = {"key": "rejected", "match": {"event_type": "RISK_REJECTION"}}
OF_STAGES_ALONE: dict[str, Any] = {
    "deadline_ms": 250,
    "min_count": 2,
    "optional": True,
    "unordered": True,
    "absent": True,
    "whole_order": True,
    "until": {"final": True},
}


@pytest.mark.parametrize("field", OF_STAGES_ALONE)
def test_a_diversion_has_a_key_and_a_match_alone(tmp_path: Path, field: str) -> None:
    """Whatever else a stage may have would do nothing for it."""
    diverted = {**STAGES, "diversions": [REJECTED]}
    assert load_text(tmp_path, plan("MINE", pipelines={"MINE": diverted}))
    diverted["diversions"] = [{**REJECTED, field: OF_STAGES_ALONE[field]}]
    text = plan("MINE", pipelines={"MINE": diverted})
    (problem,) = problems_of(tmp_path, text)
    assert problem.message == f'unknown key "{field}"'
    assert problem.allowed == ("key", "match")
    assert problem.json_path == f"pipelines.MINE.diversions[0].{field}"
    assert text.splitlines()[(problem.line or 0) - 1].strip().startswith(f'"{field}"')


def test_a_diversion_in_a_file_has_nothing_else_either(tmp_path: Path) -> None:
    (tmp_path / "pipes.json").write_text(json.dumps({"MINE": {**STAGES, "diversions": [{**REJECTED, "optional": True}]}}))
    problem, *_ = problems_of(tmp_path, plan("MINE", pipeline_files=["pipes.json"]))
    assert (problem.json_path, problem.allowed) == ("pipeline_files[0]", ("key", "match"))
    assert problem.message == 'pipeline MINE, diversions[0].optional: unknown key "optional"'
