"""Plans of the older form run as they are: a bare list of steps, or steps without a plan name."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.plan_files import load_text, problems_of

RISK_BREACH = """\
[{"step_id": "risk_breach",
  "step_description": "Breaches the size limit.",
  "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1001, "order_type": "LMT",
    "limit_price": 150.0, "correlation_id": "moc_risk_001",
    "target_pipeline_key": "trade_cmd_rejected_by_risk", "pipeline_timeout_s": 3},
  "validation_points": [
    {"validation_id": "v1", "type": "pipeline_completion_status", "target_identifier": null, "expected_value": true},
    {"validation_id": "v2", "type": "specific_log_event_field", "target_identifier": "T1_RMSRejectedLog",
     "field_to_check": "reason", "operator": "matches_regex", "expected_value": "exceeds max"},
    {"validation_id": "v3", "type": "pipeline_latency", "field_to_check": "T1_RMSRejectedLog_from_inject_ns",
     "operator": "<=", "expected_value": 50}],
  "wait_after_injection_s": 0.5}]
"""


def test_a_bare_list_of_steps_is_a_plan(tmp_path: Path) -> None:
    """Its name is the file's; pipeline and timeout are taken out of the stimulus."""
    (case,) = load_text(tmp_path, RISK_BREACH, "IP_RISK_001.plan.json")
    (step,) = case.plan.steps
    assert case.plan.plan_name == "IP_RISK_001"
    assert (step.pipeline, step.timeout_s, step.wait_after_injection_s) == ("TRADE_CMD_REJECTED_BY_RISK", 3, 0.5)
    assert step.description == "Breaches the size limit."
    assert step.stimulus.correlation_id == "moc_risk_001"


def test_places_of_moved_values_are_those_in_the_file(tmp_path: Path) -> None:
    """Reports point at the line the developer wrote, although the value has moved."""
    (case,) = load_text(tmp_path, RISK_BREACH)
    assert case.source.at("steps", 0, "pipeline") == (5, 28)
    assert case.source.at("steps", 0, "validation_points", 1) == (8, 5)
    assert case.source.at("plan_name") == (1, 1)


def test_steps_without_a_plan_name_or_ids_are_a_plan(tmp_path: Path) -> None:
    plan = {"steps": json.loads(RISK_BREACH)}
    del plan["steps"][0]["step_id"]
    (case,) = load_text(tmp_path, json.dumps(plan), "nightly.plan.json")
    assert (case.plan.plan_name, case.plan.steps[0].step_id) == ("nightly", "step_1")


def test_fields_that_a_check_never_looked_at_are_still_ignored(tmp_path: Path) -> None:
    text = RISK_BREACH.replace('"target_identifier": null', '"field_to_check": "x", "tolerance": null')
    assert load_text(tmp_path, text)


def test_mistakes_in_older_plans_are_named_at_their_place(tmp_path: Path) -> None:
    """Control: the older form is checked like today's."""
    text = RISK_BREACH.replace("trade_cmd_rejected_by_risk", "trade_cmd_rejected").replace('"side": "BUY"', '"side": "HOLD"')
    side, pipeline = problems_of(tmp_path, text)
    assert (side.line, side.json_path) == (3, "[0].stimulus.side")
    assert (pipeline.line, pipeline.column, pipeline.json_path) == (5, 28, "[0].stimulus.target_pipeline_key")


def test_a_named_plan_takes_todays_keys_only(tmp_path: Path) -> None:
    """With a plan name the form is today's; the message says where the value goes."""
    plan = {"plan_name": "x", "steps": json.loads(RISK_BREACH)}
    messages = [problem.message for problem in problems_of(tmp_path, json.dumps(plan))]
    assert any('write "pipeline" beside "stimulus"' in message for message in messages)
