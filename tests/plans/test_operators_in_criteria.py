"""Operators in criteria: what the run could not work with is found before it; any other object is a value to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.plan_files import load_text, problems_of

CRITERIA: dict[str, str] = {
    "event_criteria": "steps[0].validation_points[0].event_criteria",
    "from_event": "steps[0].validation_points[1].from_event",
    "to_event": "steps[0].validation_points[1].to_event",
    "order": "steps[0].validation_points[2].expected_value[1]",
    "match": "pipelines.own.stages[1].match",
    "until": "pipelines.own.stages[1].until",
    "diversion": "pipelines.own.diversions[0].match",
}
BROKEN = {"matches_regex": "AA(PL"}


def pipeline(match: dict[str, Any] | None = None, **given: dict[str, Any]) -> dict[str, Any]:
    fill = {"key": "fill", "match": match or {"event_type": "FILL"}, "until": given.get("until", {"final": True})}
    stages = [{"key": "request", "match": {"event_type": "ORDER_REQUEST"}}, fill]
    rejected = {"key": "rejected", "match": given.get("diversion", {"event_type": "REJECT"})}
    return {"stages": stages, "diversions": [rejected]}


def plan(**given: dict[str, Any]) -> str:
    """One step that has criteria wherever a plan may have them."""
    between = {"from_event": given.get("from_event", {"a": 1}), "to_event": given.get("to_event", {"a": 2})}
    points = [
        {"type": "event_absence", "event_criteria": given.get("event_criteria", {"x": 1}), "within": "1 s"},
        {"type": "latency_between", **between, "operator": "<=", "expected_value": "5 ms"},
        {"type": "event_order", "expected_value": ["request", given.get("order", {"event_type": "FILL"})]},
    ]
    step = {
        "step_id": "s",
        "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 10},
        "pipeline": "own",
        "validation_points": [{"validation_id": f"v{number}", **point} for number, point in enumerate(points)],
    }
    return json.dumps({"plan_name": "p", "pipelines": {"own": pipeline(**given)}, "steps": [step]}, indent=1)


@pytest.mark.parametrize("place", CRITERIA)
def test_a_broken_pattern_is_found_where_it_is_written(tmp_path: Path, place: str) -> None:
    """Its neighbour that can be read is not."""
    assert load_text(tmp_path, plan(**{place: {"symbol": {"matches_regex": "^AA(PL)?$"}}}))
    text = plan(**{place: {"symbol": BROKEN}})
    (problem,) = problems_of(tmp_path, text)
    assert problem.json_path == f"{CRITERIA[place]}.symbol.matches_regex"
    assert problem.message.startswith("this is no regular expression: ")
    assert text.splitlines()[problem.line - 1][problem.column - 1 :] == '"AA(PL"'


@pytest.mark.parametrize("place", CRITERIA)
@pytest.mark.parametrize(("written", "meant"), [("match_regex", "matches_regex"), ("startswith", "starts_with"), ("=>", ">=")])
def test_a_misspelt_operator_is_found(tmp_path: Path, place: str, written: str, meant: str) -> None:
    """Taken for a value it would make the criteria meet nothing, and a check that something is absent pass for ever."""
    (problem,) = problems_of(tmp_path, plan(**{place: {"symbol": {written: 5 if meant == ">=" else "A"}}}))
    assert problem.json_path == f"{CRITERIA[place]}.symbol.{written}"
    assert (problem.message, problem.suggestion) == (f'"{written}" is no operator', meant)


UNUSABLE: list[tuple[dict[str, Any], str]] = [
    ({">": "5"}, "> needs a number to compare with"),
    ({"between": [5, 1]}, "between 5 and 1 there is nothing"),
    ({"starts_with": 5}, "starts_with needs a text"),
    ({"in": []}, "this is empty"),
]


@pytest.mark.parametrize(("wanted", "words"), UNUSABLE, ids=str)
def test_what_an_operator_cannot_work_with_is_found(tmp_path: Path, wanted: dict[str, Any], words: str) -> None:
    (problem,) = problems_of(tmp_path, plan(event_criteria={"quantity": wanted}))
    assert problem.message.startswith(words)


VALUES: list[Any] = [
    {"bid": 1},
    {"matches": 1},
    {"match_regex": "(", "other": 1},
    {"==": {"match_regex": "("}},
    {">": "$fill.fill_quantity"},
    {">": 5},
    {"in": ["AAPL", "MSFT"]},
]


@pytest.mark.parametrize("wanted", VALUES, ids=str)
def test_an_object_that_is_no_operator_is_a_value(tmp_path: Path, wanted: Any) -> None:
    """And what holds a reference is known in the run only."""
    assert load_text(tmp_path, plan(event_criteria={"book": wanted}))


def test_an_operator_in_a_file_of_pipelines_is_told_where_the_plan_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "pipes.json").write_text(json.dumps({"other": pipeline({"symbol": BROKEN})}))
    text = plan().replace('"plan_name": "p"', '"plan_name": "p", "pipeline_files": ["pipes.json"]')
    (problem,) = problems_of(tmp_path, text)
    assert problem.json_path == "pipeline_files[0]"
    assert problem.message.startswith("pipeline other, stages[1].match.symbol.matches_regex: this is no regular expression")
