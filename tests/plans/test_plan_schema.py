"""The shipped JSON Schema: made from the models, and of one mind with them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.plan_files import SOUND
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_intellisense.codec.schema import SCHEMA_FILE, plan_schema
from pytest_intellisense.engine.operators import OPERATORS
from pytest_intellisense.model.plan import InjectionPlan
from pytest_intellisense.model.validation import COMMON_FIELDS, VALIDATION_TYPES, ValidationPoint

SHIPPED = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(SHIPPED)


def test_the_shipped_schema_is_the_generated_one() -> None:
    """`python -m pytest_intellisense.codec.schema` writes it anew."""
    assert plan_schema() == SHIPPED


def test_the_schema_is_one_for_both_drafts() -> None:
    """Editors that know draft-07 only read it as well: no keyword in it came later."""
    jsonschema.Draft202012Validator.check_schema(SHIPPED)
    jsonschema.Draft7Validator.check_schema({**SHIPPED, "$schema": "http://json-schema.org/draft-07/schema#"})
    later = {"prefixItems", "unevaluatedProperties", "dependentRequired", "dependentSchemas", "minContains", "$dynamicRef"}
    assert not later & set(_keywords(SHIPPED))


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema
        for member in schema.values():
            yield from _keywords(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _keywords(member)


def test_every_field_says_what_it_is_and_shows_one() -> None:
    """Hovering over any key in an editor helps."""
    objects = {"InjectionPlan": SHIPPED, **SHIPPED["$defs"]}
    bare = [
        f"{name}.{field}"
        for name, part in objects.items()
        for field, about in part.get("properties", {}).items()
        if not about.get("description") or not about.get("examples")
    ]
    assert bare == []


def test_every_operator_is_offered() -> None:
    """All built-in operators are examples of the field; others come by hook, so the schema does not forbid them."""
    assert set(SHIPPED["$defs"]["ValidationPoint"]["properties"]["operator"]["examples"]) == set(OPERATORS)


PLANS = [
    json.loads(SOUND.replace('"matrix": {"symbol": ["AAPL", "MSFT"], "size": [100, 200]},', "").replace('"${size}"', "100")),
    {
        "plan_name": "everything",
        "tags": ["a"],
        "skip": "later",
        "xfail": {"reason": "BUG-12", "strict": True},
        "bootstrap": {"symbols": ["AAPL"], "verify_ocr": True, "reset": False},
        "pipelines": {
            "P": {
                "stages": [{"key": "a", "match": {"event_type": "FILL"}, "min_count": 2}],
                "diversions": [{"key": "b", "match": {"event_type": "REJECT"}}],
            }
        },
        "steps": [
            {
                "step_id": "ocr",
                "stimulus": {"type": "ocr_event", "raw_data": {"full_raw_text": "x"}, "frame_number_override": 3},
            },
            {"step_id": "one", "stimulus": {"type": "raw_image_sequence", "frames": [{"image": "a.png", "at_ms": 0}]}},
            {"step_id": "two", "stimulus": {"type": "raw_image_sequence", "images": ["a.png"], "interval_ms": 5}},
            {"step_id": "tick", "stimulus": {"type": "price_update", "symbol": "A", "price": 1.5, "size": 3}},
            {"step_id": "quote", "stimulus": {"type": "price_update", "symbol": "A", "bid_price": 1, "ask_price": 2}},
            {"step_id": "set", "stimulus": {"type": "config_change", "parameter": "x", "new_value": [1]}},
            {"step_id": "sets", "stimulus": {"type": "config_change", "parameters": {"x": 1}}},
            {
                "step_id": "off",
                "stimulus": {"type": "trading_state_change", "enabled": False},
                "position_manager_states_to_set": {"AAPL": {"total_shares": 5, "open": True}},
                "capture": {"a": "b.c"},
                "validation_points": [
                    {
                        "validation_id": "v",
                        "type": "latency_between",
                        "from_event": "a",
                        "to_event": {"x": 1},
                        "expected_value": 1,
                    },
                    {"validation_id": "w", "type": "no_extra_events", "within": 5},
                    {"validation_id": "x", "type": "custom_query", "custom_query_payload": "x", "tolerance": "1 %"},
                    {"validation_id": "y", "type": "correlation_log_event_count", "expected_event_count": 1},
                ],
            },
        ],
    },
]

LEAVES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        2.5,
        20_000,
        "",
        "x",
        "$ref",
        "BUY",
        "a b",
        "5 ms",
        "min",
        [],
        {},
        ["x"],
        [1],
        {"x": 1},
        [{}],
    ]
)


def places(plan: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members = plan.items() if isinstance(plan, dict) else enumerate(plan) if isinstance(plan, list) else ()
    return [path, *(inner for key, member in members for inner in places(member, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sound plan with one value replaced, one key removed or one key added."""
    plan = copy.deepcopy(draw(st.sampled_from(PLANS)))
    path = draw(st.sampled_from(places(plan)[1:]))
    target = plan
    for part in path[:-1]:
        target = target[part]
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "replace":
        target[path[-1]] = draw(LEAVES)
    elif how == "remove":
        del target[path[-1]]
    elif isinstance(target, dict):
        names = [
            *ValidationPoint.model_fields,
            *InjectionPlan.model_fields,
            "price",
            "images",
            "parameter",
            "absent",
            "until",
            "odd",
        ]
        target[draw(st.sampled_from(names))] = draw(LEAVES)
    return plan


def models_accept(plan: Any) -> bool:
    """The models, and the table of the fields that each validation type takes."""
    try:
        InjectionPlan.model_validate(plan)
    except ValidationError:
        return False
    return all(
        (known := VALIDATION_TYPES.get(point["type"])) is not None
        and known.needs <= point.keys() <= known.needs | known.takes | COMMON_FIELDS
        for step in plan["steps"]
        for point in step.get("validation_points", ())
    )


@pytest.mark.parametrize("plan", PLANS)
def test_sound_plans_please_both(plan: Any) -> None:
    """Control: what is mutated below is accepted by both."""
    validator().validate(plan)
    assert models_accept(plan)


@pytest.mark.parametrize("beside", [{"optional": True}, {"min_count": 2}, {"until": {"x": 1}}, {"deadline_ms": 250}], ids=str)
def test_what_an_absent_stage_does_not_take_neither_takes(beside: dict[str, Any]) -> None:
    """Of a stage that must not arrive nothing can be counted or awaited."""
    plan = copy.deepcopy(PLANS[1])
    never = {"key": "never", "match": {"event_type": "REJECT"}, "absent": True}
    plan["pipelines"]["P"]["stages"] = [never]
    assert (models_accept(plan), validator().is_valid(plan)) == (True, True)
    plan["pipelines"]["P"]["stages"] = [never | beside]
    assert (models_accept(plan), validator().is_valid(plan)) == (False, False)


@settings(max_examples=400, deadline=None)
@given(plan=mutated())
def test_schema_and_models_accept_the_same_plans(plan: Any) -> None:
    """Any value, missing key or odd key: both accept it or both refuse it."""
    assume(not (isinstance(plan.get("schema_uri"), str) or "schema_uri" in plan))
    assert validator().is_valid(plan) == models_accept(plan)


def test_a_matrix_value_may_stand_for_numbers_and_choices() -> None:
    """In an editor `${name}` is no error where a number is expected."""
    plan = json.loads(
        SOUND.replace('"timeout_s": 5,', '"timeout_s": "${timeout}",').replace('"side": "BUY"', '"side": "${side}"')
    )
    validator().validate(plan)


def test_the_schema_comes_with_the_package() -> None:
    assert Path(SCHEMA_FILE).name == "plan.schema.json"
    assert SHIPPED["$schema"] == "https://json-schema.org/draft/2020-12/schema"
