"""Values travel from step to step; one that never came is missing, and a reference to nothing is a mistake of the plan."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_runs import COMPLETE, filling_app, run
from helpers.memory_streams import BUY, TO_FILL, MemoryTestrade, fills_orders, step

from pytest_intellisense.model.results import Fault, LossReport, Verdict


@pytest.fixture
def app() -> MemoryTestrade:
    return filling_app()


def test_values_travel_from_step_to_step(app: MemoryTestrade) -> None:
    """What one step captured, a later one injects and expects, with its type."""
    app.reactions["broker_response"] = lambda app, command, receipt: app.emit(
        "FILL", {"local_order_id": command.parameters["order_id"], "fill_quantity": 40}, after_ms=1
    )
    buy = step(BUY, step_id="buy", capture={"order": "T3_BrokerAckLog.local_order_id", "shares": "$stimulus_quantity"})
    answer = step(
        {"type": "broker_response", "order_id": "${order}", "status": "PARTIAL", "filled_quantity": "${shares}"},
        {"type": "stimulus_field_validation", "target_identifier": "$stimulus_filled_quantity", "expected_value": 100},
        {
            "type": "specific_log_event_field",
            "target_identifier": "order_event",
            "field_to_check": "local_order_id",
            "expected_value": "${order}",
        },
        step_id="answer",
    )
    result = run(app, buy, answer)
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    assert app.sent[1].parameters["order_id"] == "1"


NEVER_FILLED = "T4_BrokerFillLog never arrived (waited 300 ms of the step's 300 ms)"


def test_a_captured_stage_that_never_arrives_is_a_failure_of_the_application(app: MemoryTestrade) -> None:
    """Told by the first stage that is missing; the plan goes no further, and the hint says what was to be captured."""
    app.reactions["trade_command"] = fills_orders(fills=())
    buy = step(BUY, pipeline=TO_FILL, timeout_s=0.3, step_id="buy", capture={"q": "T4_BrokerFillLog.symbol"})
    result = run(app, buy, step({**BUY, "symbol": "${q}"}, COMPLETE, step_id="again"))
    assert (result.verdict, result.fault, result.sentence) == (Verdict.FAILED, Fault.MISSING, NEVER_FILLED)
    assert result.hint == '"q" is captured from T4_BrokerFillLog.symbol'
    assert len(result.steps) == 1


def test_a_diversion_that_is_captured_has_to_happen(app: MemoryTestrade) -> None:
    """The order was filled instead of being rejected."""
    result = run(app, step(BUY, pipeline=TO_FILL, capture={"why": "risk_rejected.reason"}))
    assert (result.verdict, result.fault, result.sentence) == (Verdict.FAILED, Fault.MISSING, "risk_rejected never arrived")


def test_what_refers_to_a_stage_that_never_arrived_is_missing_too(app: MemoryTestrade) -> None:
    """In a check, and in the stimulus of the next step."""
    app.reactions["trade_command"] = fills_orders(fills=())
    side = {"type": "stimulus_field_validation", "target_identifier": "$stimulus_side"}
    point = {**side, "expected_value": "$pipeline_event_payload_T4_BrokerFillLog.side"}
    result = run(app, step(BUY, point, pipeline=TO_FILL, timeout_s=0.3))
    (outcome,) = result.steps[0].outcomes
    assert (result.verdict, result.fault, result.sentence) == (Verdict.FAILED, Fault.MISSING, NEVER_FILLED)
    assert (outcome.stage_key, outcome.rests_on_absence) == ("T4_BrokerFillLog", True)
    buy = step(BUY, pipeline=TO_FILL, timeout_s=0.3, step_id="buy")
    sell = step({**BUY, "symbol": "$pipeline_event_payload_T4_BrokerFillLog.symbol"}, COMPLETE, step_id="sell")
    result = run(app, buy, sell)
    assert (result.verdict, result.fault) == (Verdict.FAILED, Fault.MISSING)
    assert result.sentence == f"step sell: {NEVER_FILLED}"
    assert result.hint == '"T4_BrokerFillLog.symbol" has no value without it'


def test_after_a_loss_nobody_knows_whether_a_captured_stage_arrived(app: MemoryTestrade) -> None:
    """It may be among what was lost."""

    def lose_the_fill(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fills_orders(fills=())(app, command, receipt)
        app.lost = LossReport(lost=1)

    app.reactions["trade_command"] = lose_the_fill
    result = run(app, step(BUY, pipeline=TO_FILL, timeout_s=0.3, capture={"q": "T4_BrokerFillLog.symbol"}))
    assert (result.verdict, result.fault) == (Verdict.INCONCLUSIVE, Fault.LOSS)
    assert result.sentence == f"events were lost, so this cannot be told ({NEVER_FILLED})"


def test_a_reference_to_nothing_says_what_there_is(app: MemoryTestrade) -> None:
    """The plan is wrong, not TESTRADE."""
    result = run(app, step({**BUY, "quantity": "${shares}"}, COMPLETE))
    assert (result.verdict, result.fault) == (Verdict.ERROR, Fault.PLAN)
    assert (result.sentence, result.hint) == ("${shares} refers to nothing", "captured values: none")


def test_a_reference_of_the_wrong_type_is_refused_before_the_injection(app: MemoryTestrade) -> None:
    """The stimulus is checked again once its references are filled in."""
    result = run(app, step({**BUY, "quantity": "$stimulus_symbol"}, COMPLETE))
    assert result.sentence.startswith("the stimulus is not valid once its references are filled in: quantity")
    assert app.sent == []
