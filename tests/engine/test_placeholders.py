"""References in plans are replaced by what they refer to, with its type."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import timeline_event

from pytest_intellisense.engine.placeholders import Scope, has_references
from pytest_intellisense.errors import PlanError, StageNeverArrived
from pytest_intellisense.model.results import PipelineResult, StageResult, TracedEvent


def _stage(key: str, **payload: Any) -> StageResult:
    event = timeline_event("FILL", payload, correlation_id="c-1")
    traced = TracedEvent(event=event, joined_by="correlation_id", at_ns=0, time_source="app")
    return StageResult(key=key, event_type="FILL", arrived=True, at_ns=0, events=(traced,))


PIPELINE = PipelineResult(
    name="p",
    completed=True,
    timed_out=False,
    stop_reason="complete",
    stages=(
        _stage("order", id=1),
        _stage("order_fill", id=2, price=150.5, lots=[{"n": 7}]),
        StageResult(key="never", event_type="", arrived=False, at_ns=None),
    ),
    latencies_ns={},
    events=(),
    waited_ns=0,
    timeout_ns=0,
)
SCOPE = Scope({"symbol": "AAPL", "quantity": 100.0, "raw_data": {"text": "Long"}}, PIPELINE, {"id": 17, "rate": 0.5})


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$stimulus_quantity", 100.0),
        ("$stimulus_raw_data.text", "Long"),
        ("$pipeline_event_payload_order_fill.price", 150.5),
        ("$pipeline_event_payload_order_fill.lots[0].n", 7),
        ("$pipeline_event_payload_order.id", 1),
        ("$pipeline_event_payload_order_fill.correlation_id", "c-1"),
        ("${id}", 17),
        ("${matrix.rate}", 0.5),
        ("order ${id} of $stimulus_symbol at $pipeline_event_payload_order_fill.price.", "order 17 of AAPL at 150.5."),
        ({"a": ["${id}", {"b": "$stimulus_symbol"}]}, {"a": [17, {"b": "AAPL"}]}),
        ("costs $5, ^x$", "costs $5, ^x$"),
        (5, 5),
    ],
)
def test_a_reference_becomes_its_value(written: Any, value: Any) -> None:
    """Alone it keeps its type, inside a text it is written out, and other dollars stay."""
    assert SCOPE.resolved(written) == value


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("$stimulus_symbl", "$stimulus_symbl refers to nothing", 'did you mean "symbol"?'),
        ("${ids}", "${ids} refers to nothing", 'did you mean "id"? captured values: id, rate'),
        ("$pipeline_event_payload_fill.price", 'stage reference "fill.price" refers to nothing', "stages: order"),
        ("$pipeline_event_payload_order_fill.prise", 'order_fill has no "prise" (did you mean "price"?)', ""),
    ],
)
def test_a_reference_to_nothing_is_a_mistake_of_the_plan(written: str, message: str, hint: str) -> None:
    """It says what could have been meant."""
    with pytest.raises(PlanError) as refused:
        SCOPE.resolved(written)
    assert str(refused.value).startswith(message)
    assert hint in refused.value.hint


def test_a_reference_to_a_stage_that_never_arrived_is_no_mistake_of_the_plan() -> None:
    """The application did not bring it about."""
    with pytest.raises(StageNeverArrived, match="never never arrived") as refused:
        SCOPE.resolved("$pipeline_event_payload_never.x")
    assert (refused.value.stage_key, refused.value.hint) == ("never", '"never.x" has no value without it')


def test_a_value_is_captured_by_path_or_reference() -> None:
    """The longest stage key that fits is meant."""
    assert SCOPE.captured("order_fill.id") == 2
    assert SCOPE.captured("$stimulus_symbol") == "AAPL"


@pytest.mark.parametrize(("value", "has"), [("a ${b}", True), ({"a": ["$stimulus_x"]}, True), ("$5", False), (5, False)])
def test_whether_there_is_a_reference(value: Any, has: bool) -> None:
    """Values without one are used as they are."""
    assert has_references(value) is has
