"""Checks that can never hold, or hold whatever happens, are found before the run; neighbours that can hold are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.plan_files import load_text, problems_of

LATENCY = {"type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns", "operator": "<="}
COUNT = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "ORDER_REQUEST"}}
FIELD = {"type": "specific_log_event_field", "target_identifier": "T4_BrokerFillLog", "field_to_check": "side"}
DONE = {"type": "pipeline_completion_status"}
TIMED_OUT = {"type": "pipeline_timeout_status"}
BETWEEN = {"type": "latency_between", "from_event": "T0_OrderRequestLog", "to_event": "T4_BrokerFillLog", "operator": "<="}
ABSENT = {"type": "event_absence", "event_criteria": {"event_type": "ORDER_REQUEST"}, "within": "1 ms"}
QUERY = {"type": "custom_query", "operator": "==", "expected_value": 1}


def plan(*points: dict[str, Any], **step: Any) -> str:
    numbered = [{"validation_id": f"v{number}", **point} for number, point in enumerate(points)]
    stimulus = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10}
    first = {"step_id": "s", "stimulus": stimulus, "pipeline": "TRADE_CMD_TO_BROKER_FILL", "timeout_s": 5}
    return json.dumps({"plan_name": "p", "steps": [{**first, "validation_points": numbered, **step}]}, indent=1)


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "250 ns for a fill": ({**LATENCY, "expected_value": "250 ns"}, "no event comes within 250 ns", "250 ms"),
    "nanoseconds as a bare number": ({**LATENCY, "expected_value": 400_000_000}, "no step is observed that long", "400 ms"),
    "negative latency": ({**LATENCY, "expected_value": "-5 ms"}, "a latency is never negative: this can never hold", ""),
    "at least a negative latency": ({**LATENCY, "operator": ">=", "expected_value": -1}, "this holds whatever happens", ""),
    "slower than the timeout": ({**LATENCY, "operator": ">", "expected_value": "9 s"}, "the step is over after 5.00 s", ""),
    "latencies the wrong way round": (
        {**LATENCY, "operator": "between", "expected_value": ["9 ms", "2 ms"]},
        "write the shorter time first",
        "",
    ),
    "from a stage to itself": (
        {**BETWEEN, "from_event": "T4_BrokerFillLog", "expected_value": "1 ms"},
        "from_event and to_event are the same",
        "",
    ),
    "a ratio of nothing": (
        {
            "type": "latency_comparison",
            "field_to_check": "total_observed_pipeline_ns",
            "compare_with_step": "s",
            "operator": "<",
        }
        | {"expected_value": 0},
        "a ratio of two latencies is above 0",
        "",
    ),
    "count of at least 0": ({**COUNT, "operator": ">=", "expected_value": 0}, "this holds whatever happens", ""),
    "count below 0": ({**COUNT, "operator": "<", "expected_value": 0}, "this can never hold", ""),
    "half an event": ({**COUNT, "operator": "==", "expected_value": 1.5}, "a count is a whole number", ""),
    "done is a text": ({**DONE, "expected_value": "True"}, "compared with true or false", "true"),
    "done is a number": ({**DONE, "expected_value": 1}, "compared with true or false", ""),
    "greater than a text": ({**FIELD, "operator": ">", "expected_value": "10"}, "> needs a number", ""),
    "in a number": ({**FIELD, "operator": "in", "expected_value": 5}, "in needs a list of values", ""),
    "in nothing": ({**FIELD, "operator": "in", "expected_value": []}, "nothing is in it", ""),
    "outside of nothing": ({**FIELD, "operator": "not_in", "expected_value": []}, "everything is outside of it", ""),
    "between the wrong way round": (
        {**FIELD, "operator": "between", "expected_value": [2, 1]},
        "write the lower bound first",
        "",
    ),
    "between three": ({**FIELD, "operator": "between", "expected_value": [1, 2, 3]}, "between needs [lowest, highest]", ""),
    "starts with nothing": ({**FIELD, "operator": "starts_with", "expected_value": ""}, "every text passes", ""),
    "contains nothing": ({**FIELD, "operator": "contains", "expected_value": ""}, "every text contains an empty text", ""),
    "contains all of a text": ({**FIELD, "operator": "contains_all", "expected_value": "BUY"}, "needs a list", ""),
    "length of a text": ({**FIELD, "operator": "length", "expected_value": "3"}, "length needs a whole number", ""),
    "type that is none": ({**FIELD, "operator": "type", "expected_value": "strng"}, "is no type", "string"),
    "exists and does not": ({**FIELD, "operator": "exists", "expected_value": False}, "contradicts itself", ""),
    "negative tolerance": ({**FIELD, "expected_value": 1, "tolerance": -0.1}, "a tolerance is never negative", ""),
    "tolerance in words": ({**FIELD, "expected_value": 1, "tolerance": "a bit"}, "this is no tolerance", ""),
    "order of one": ({"type": "event_order", "expected_value": ["FILL"]}, "at least two stage keys or event types", ""),
    "figure that is none": (
        {"type": "portfolio_risk_metric", "field_to_check": "net_share", "expected_value": 1},
        "is no figure over all positions",
        "net_shares",
    ),
    "broken query": ({**QUERY, "custom_query_payload": "length(events"}, "this is no JMESPath query", ""),
    "sense that is none": (
        {**COUNT, "event_criteria": {"source_sense": "BROKR"}, "expected_event_count": 1},
        "is no sense",
        "BROKER",
    ),
    "field of the stimulus": (
        {**FIELD, "expected_value": "$stimulus_quantiy"},
        '"quantiy" is no field of trade_command',
        "$stimulus_quantity",
    ),
    "stage of a reference": (
        {**FIELD, "expected_value": "$pipeline_event_payload_T4_BrokerFilLog.side"},
        '"T4_BrokerFilLog" is no stage of TRADE_CMD_TO_BROKER_FILL',
        "T4_BrokerFillLog.side",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_check_that_cannot_be_meant_is_found(tmp_path: Path, name: str) -> None:
    """One problem, on the line of the value, with what was meant where that is clear."""
    point, says, suggests = WRONG[name]
    found = problems_of(tmp_path, plan(point))
    problem = next(each for each in found if says in each.message)
    assert problem.suggestion == suggests
    assert len(found) == 1 or name == "a ratio of nothing"


SOUND_POINTS: list[dict[str, Any]] = [
    {**LATENCY, "expected_value": "20 us"},
    {**LATENCY, "operator": ">", "expected_value": "4 s"},
    {**LATENCY, "expected_value": 400},
    {**LATENCY, "field_to_check": "T4_BrokerFillLog_component_internal_ns", "expected_value": "900 ns"},
    {**LATENCY, "operator": "between", "expected_value": ["1 ms", "2 s"]},
    {**COUNT, "operator": ">=", "expected_value": 1},
    {**COUNT, "operator": "<", "expected_value": 1},
    {**COUNT, "operator": "in", "expected_value": [1, 2]},
    {**COUNT, "expected_value": 1, "expected_event_count": 1},
    {**COUNT, "expected_value": "$stimulus_quantity", "expected_event_count": 1},
    {**DONE, "operator": "in", "expected_value": [True]},
    {**FIELD, "operator": "in", "expected_value": "BUY, SELL"},
    {**FIELD, "operator": "contains", "expected_value": "B"},
    {**FIELD, "operator": ">", "expected_value": "$stimulus_quantity"},
    {**FIELD, "operator": "type", "expected_value": "string"},
    {**FIELD, "expected_value": 1, "tolerance": "0.5 %"},
    {**FIELD, "expected_value": "$pipeline_event_payload_T4_BrokerFillLog.side"},
    {**QUERY, "custom_query_payload": "length(events)"},
]


@pytest.mark.parametrize("point", SOUND_POINTS, ids=str)
def test_a_check_that_can_hold_is_left_alone(tmp_path: Path, point: dict[str, Any]) -> None:
    """Control: what is next to the limits loads."""
    load_text(tmp_path, plan(point))


PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "two values": ({**FIELD, "expected_value": "BUY"}, {**FIELD, "expected_value": "SELL"}),
    "a text and a number": ({**FIELD, "expected_value": "BUY"}, {**FIELD, "expected_value": 1}),
    "above and below": ({**FIELD, "operator": ">", "expected_value": 5}, {**FIELD, "operator": "<", "expected_value": 3}),
    "touching, one open": ({**FIELD, "operator": ">=", "expected_value": 5}, {**FIELD, "operator": "<", "expected_value": 5}),
    "there and not there": ({**FIELD, "operator": "not_exists"}, {**FIELD, "expected_value": "BUY"}),
    "one and none": ({**COUNT, "expected_event_count": 1}, {**COUNT, "expected_event_count": 0}),
    "faster and slower": ({**LATENCY, "expected_value": "4 ms"}, {**LATENCY, "operator": ">=", "expected_value": "1 s"}),
    "done and timed out": ({**DONE, "expected_value": True}, {**TIMED_OUT, "expected_value": True}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_checks_that_contradict_are_both_shown(tmp_path: Path, name: str) -> None:
    """The later one is the problem and shows the place of the first."""
    (problem,) = problems_of(tmp_path, plan(*PAIRS[name]))
    assert "cannot both hold" in problem.message
    assert problem.json_path == "steps[0].validation_points[1].validation_id"
    assert problem.first is not None
    assert problem.first.line < problem.line


@pytest.mark.parametrize(("operator", "expected"), [("==", 0), (">=", 2), ("in", [0, 1]), ("==", True), ("==", "1")], ids=str)
def test_two_counts_of_one_check_that_contradict_are_both_shown(tmp_path: Path, operator: str, expected: Any) -> None:
    """`expected_value` beside `expected_event_count`: only one of them can be meant."""
    point = {**COUNT, "operator": operator, "expected_value": expected, "expected_event_count": 1}
    (problem,) = problems_of(tmp_path, plan(point))
    assert problem.message.startswith('write this or "expected_value": they contradict each other')
    assert problem.json_path == "steps[0].validation_points[0].expected_event_count"
    assert problem.first is not None


TOGETHER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({**FIELD, "operator": ">=", "expected_value": 5}, {**FIELD, "operator": "<=", "expected_value": 5}),
    ({**FIELD, "expected_value": "BUY"}, {**FIELD, "field_to_check": "symbol", "expected_value": "AAPL"}),
    ({**DONE, "expected_value": False}, {**TIMED_OUT, "expected_value": True}),
    ({**COUNT, "expected_event_count": 2}, ABSENT),
    ({**FIELD, "expected_value": 1, "tolerance": 5}, {**FIELD, "expected_value": 2, "tolerance": 5}),
]


@pytest.mark.parametrize("points", TOGETHER, ids=str)
def test_two_checks_that_can_both_hold_are_left_alone(tmp_path: Path, points: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Control."""
    load_text(tmp_path, plan(*points))


def test_a_contradiction_in_one_row_of_the_matrix_is_found(tmp_path: Path) -> None:
    """Rows are judged in parts; what two checks of a row say together is not lost by that."""
    text = plan({**FIELD, "expected_value": "BUY"}, {**FIELD, "expected_value": "${side}"})
    with_matrix = text.replace('"plan_name": "p"', '"plan_name": "p", "matrix": {"side": ["BUY", "SELL"]}')
    (problem,) = problems_of(tmp_path, with_matrix)
    assert problem.message.startswith('this and "v0" cannot both hold (matrix row SELL)')


def test_a_misspelt_capture_is_found_where_it_is_written(tmp_path: Path) -> None:
    """And not steps later, when nothing was captured."""
    (problem,) = problems_of(tmp_path, plan({**DONE, "expected_value": True}, capture={"order": "T4_BrokerFilLog.order_id"}))
    assert problem.message == '"T4_BrokerFilLog" is no stage of TRADE_CMD_TO_BROKER_FILL'
    assert problem.suggestion == "T4_BrokerFillLog.order_id"


def test_a_misspelt_event_in_a_pipeline_of_the_plan_is_found(tmp_path: Path) -> None:
    """A stage that no event can reach would time out, or hold for ever where it must be absent."""
    stage = {"key": "a", "match": {"event_type": "ORDER_REQEUST"}}
    text = plan({**DONE, "expected_value": True}, pipeline="own")
    own = json.dumps({"own": {"stages": [stage]}})
    (problem,) = problems_of(tmp_path, text.replace('"plan_name": "p"', f'"plan_name": "p", "pipelines": {own}'))
    assert (problem.message, problem.suggestion) == ('"ORDER_REQEUST" is no declared event type', "ORDER_REQUEST")


def test_a_misspelt_name_in_an_order_of_events_is_found(tmp_path: Path) -> None:
    """A stage, or an event type; an event that only the application knows is left alone."""
    order = {"validation_id": "o", "type": "event_order"}
    wanted = ["T1_RMSValidatdLog", "OWN_EVENT", {"event_type": "ORDER_FIL"}, "T4_BrokerFillLog"]
    stage, event = problems_of(tmp_path, plan({**order, "expected_value": wanted}))
    assert stage.message == '"T1_RMSValidatdLog" is no stage of TRADE_CMD_TO_BROKER_FILL and no declared event type'
    assert stage.suggestion == "T1_RMSValidatedLog"
    assert event.suggestion == "ORDER_FILL"
