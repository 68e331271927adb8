"""The matrix of a plan: rows, their ids, and values put in the places of `${name}`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.plan_files import load_text, problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_intellisense.codec import matrix
from pytest_intellisense.codec.problems import PlanFileError


def plan(values: dict[str, list[Any]], **stimulus: Any) -> str:
    order = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 1, **stimulus}
    check = {"validation_id": "v", "type": "pipeline_completion_status", "expected_value": True}
    return json.dumps(
        {"plan_name": "p", "matrix": values, "steps": [{"step_id": "s", "stimulus": order, "validation_points": [check]}]}
    )


def test_a_reference_takes_the_type_of_its_value(tmp_path: Path) -> None:
    """Alone it is the value, inside a longer text it is written out."""
    cases = load_text(tmp_path, plan({"n": [1, 2.5]}, quantity="${n}", source_strategy="lot ${matrix.n}"))
    orders = [case.plan.steps[0].stimulus for case in cases]
    assert [(order.quantity, order.source_strategy) for order in orders] == [(1.0, "lot 1"), (2.5, "lot 2.5")]


def test_keys_take_values_too(tmp_path: Path) -> None:
    text = json.loads(plan({"sym": ["AAPL", "MSFT"]}, symbol="${sym}"))
    text["steps"][0]["position_manager_states_to_set"] = {"${sym}": {"total_shares": 5}}
    cases = load_text(tmp_path, json.dumps(text))
    assert [list(case.plan.steps[0].position_manager_states_to_set) for case in cases] == [["AAPL"], ["MSFT"]]


def test_a_problem_below_a_replaced_key_is_found_in_the_text(tmp_path: Path) -> None:
    text = json.loads(plan({"sym": ["AAPL"]}, symbol="${sym}"))
    text["steps"][0]["position_manager_states_to_set"] = {"${sym}": {"total_share": 5}}
    (problem,) = problems_of(tmp_path, json.dumps(text, indent=1))
    assert problem.source_line.strip() == '"total_share": 5'
    assert problem.json_path == "steps[0].position_manager_states_to_set.${sym}.total_share"


@settings(max_examples=100, deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from("abc"), st.lists(st.text(max_size=4) | st.integers() | st.none(), min_size=1, max_size=4)
    )
)
def test_row_ids_are_safe_and_unique(values: dict[str, list[Any]]) -> None:
    """Whatever the values are: ids hold letters, digits and `_.-` only, and no two rows share one."""
    ids = [case_id for case_id, _ in matrix.rows(values)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", case_id) for case_id in ids if values)


@pytest.mark.parametrize(
    ("values", "says"), [({"a b": [1]}, "is no name"), ({"a": 1}, "should be a list"), ([], "should be an object")]
)
def test_a_matrix_that_gives_no_rows_is_named(tmp_path: Path, values: Any, says: str) -> None:
    (problem,) = problems_of(tmp_path, plan(values))
    assert says in problem.message


OBJECT = {"symbol": "AAPL", "n": 1}
WRONG_MEMBERS = [
    ([OBJECT], "${o.symbl}", "${o.symbl} is not in matrix.o[0]", "o.symbol"),
    ([OBJECT], "lot ${matrix.o.symbl}", "${matrix.o.symbl} is not in matrix.o[0]", "o.symbol"),
    ([OBJECT], "${o.symbol.name}", "${o.symbol.name} is not in matrix.o[0]", "o.symbol"),
    ([OBJECT, {"symbol": "MSFT"}], "lot ${o.n}", "${o.n} is not in matrix.o[1]", ""),
    ([OBJECT, "MSFT"], "${o.symbol}", '${o.symbol}: matrix.o[1] is "MSFT", no object', ""),
]


@pytest.mark.parametrize(("values", "written", "said", "meant"), WRONG_MEMBERS)
def test_a_member_that_an_object_of_the_matrix_has_not(
    tmp_path: Path, values: list[Any], written: str, said: str, meant: str
) -> None:
    """Found before a run, once, where it is written, with the value that lacks it."""
    text = plan({"o": values, "other": [1, 2]}, source_strategy=written)
    (problem,) = problems_of(tmp_path, text)
    assert (problem.message, problem.suggestion) == (said, meant)
    assert text[problem.column - 1 :].startswith(f'"{written}"')


def test_members_of_objects_are_no_captured_values(tmp_path: Path) -> None:
    """The control: a member that is there is put in, beside another reference that is unknown."""
    text = plan({"o": [OBJECT]}, source_strategy="${o.symbol} ${nope.symbol}")
    (problem,) = problems_of(tmp_path, text)
    assert problem.message == "${nope.symbol} is neither in the matrix nor captured by an earlier step"


def test_a_matrix_of_a_million_rows_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, plan({name: list(range(100)) for name in "abc"}))
    assert "1000000 rows" in problem.message


ODD = st.sampled_from([1, 0, -1, 2.5, True, None, "AAPL", "", "BUY", "x" * 70, "$stimulus_symbol", [], {"a": 1}])
PLACES = st.dictionaries(
    st.sampled_from(["symbol", "side", "quantity", "order_type", "limit_price"]), st.sampled_from(["${a}", "${b}", "x${a}"])
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(ODD, min_size=1, max_size=3), second=st.lists(ODD, min_size=1, max_size=3), places=PLACES)
def test_rows_are_judged_as_if_each_were_a_plan_of_its_own(
    tmp_path: Path, first: list[Any], second: list[Any], places: dict[str, str]
) -> None:
    """Judging parts once for many rows finds exactly what judging every row in full finds."""

    def is_good(values: dict[str, list[Any]]) -> bool:
        try:
            return bool(load_text(tmp_path, plan(values, **places)))
        except PlanFileError:
            return False

    singly = [is_good({"a": [a], "b": [b]}) for a in first for b in second]
    assert is_good({"a": first, "b": second}) == all(singly)
