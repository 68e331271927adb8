"""A plan is run: injected, followed, judged."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_runs import COMPLETE, filling_app, moc, run
from helpers.memory_streams import BUY, MS, TO_FILL, MemoryTestrade, case, fills_orders, rejects_orders, step

from pytest_intellisense.engine.emitted import Emitted
from pytest_intellisense.model.results import Fault, PipelineResult, PlanResult, Verdict


@pytest.fixture
def app() -> MemoryTestrade:
    return filling_app()


def pipeline_of(result: PlanResult, step: int = 0) -> PipelineResult:
    pipeline = result.steps[step].pipeline
    assert pipeline is not None
    return pipeline


def test_a_trade_command_is_followed_to_its_fill(app: MemoryTestrade) -> None:
    """Three checks of a filled order: complete, the right side, fast enough."""
    side = {
        "type": "specific_log_event_field",
        "target_identifier": "T4_BrokerFillLog",
        "field_to_check": "side",
        "expected_value": "BUY",
    }
    fast = {
        "type": "pipeline_latency",
        "field_to_check": "total_observed_pipeline_ns",
        "operator": "<=",
        "expected_value": "25 ms",
    }
    result = run(app, step(BUY, COMPLETE, side, fast, pipeline=TO_FILL))
    assert (result.verdict, result.sentence) == (Verdict.PASSED, "")
    assert pipeline_of(result).stop_reason == "complete"
    assert pipeline_of(result).latencies_ns["T3_BrokerAckLog_to_T4_BrokerFillLog_ns"] == 10 * MS
    assert pipeline_of(result).latencies_ns["T4_BrokerFillLog_from_inject_ns"] == 20 * MS
    assert pipeline_of(result).latencies_ns["total_observed_pipeline_ns"] == 20 * MS


def test_without_a_pipeline_the_stimulus_decides(app: MemoryTestrade) -> None:
    """A trade command is followed to the acknowledgement of the broker."""
    assert pipeline_of(run(app, step(BUY, COMPLETE))).name == "TRADE_CMD_TO_BROKER_ACK"


def test_a_rejected_order_ends_the_wait_at_once(app: MemoryTestrade) -> None:
    """The fill cannot come any more, so nobody waits for the deadline."""
    app.reactions["trade_command"] = rejects_orders("Order quantity 100 exceeds max allowed 10")
    result = run(app, step(BUY, COMPLETE, pipeline=TO_FILL))
    assert (result.verdict, result.fault) == (Verdict.FAILED, Fault.MISSING)
    assert result.sentence == (
        'T1_RMSValidatedLog never arrived: risk_rejected came instead, "Order quantity 100 exceeds max allowed 10"'
    )
    assert pipeline_of(result).diverted_by == "risk_rejected"
    assert result.duration_ns < 100 * MS


def test_a_plan_that_asks_for_the_timeout_waits_for_it(app: MemoryTestrade) -> None:
    """Ending early would answer the question whether the deadline passed with a guess."""
    app.reactions["trade_command"] = rejects_orders("Order quantity 100 exceeds max allowed 10")
    timed_out = {"type": "pipeline_timeout_status", "expected_value": True}
    result = run(app, step(BUY, timed_out, pipeline=TO_FILL, timeout_s=0.4))
    assert result.verdict == Verdict.PASSED
    assert pipeline_of(result).stop_reason == "deadline"
    assert result.duration_ns >= 400 * MS


def test_partial_fills_are_awaited_until_the_order_is_whole(app: MemoryTestrade) -> None:
    """The fill stage holds all three fills, and the total counts to the last."""
    app.reactions["trade_command"] = fills_orders(fills=(0.5, 0.25, 0.25))
    pipeline = pipeline_of(run(app, step(BUY, COMPLETE, pipeline=TO_FILL)))
    stage = pipeline.stage("T4_BrokerFillLog")
    assert stage is not None
    assert [one.at_ns for one in stage.events] == [20 * MS, 40 * MS, 60 * MS]
    assert pipeline.completed
    assert pipeline.latencies_ns["total_observed_pipeline_ns"] == 60 * MS


def test_an_order_that_is_only_partly_filled_is_not_complete(app: MemoryTestrade) -> None:
    """The sentence says how much of it is filled."""
    app.reactions["trade_command"] = fills_orders(fills=(0.5, 0.25))
    result = run(app, step(BUY, COMPLETE, pipeline=TO_FILL, timeout_s=2))
    assert result.sentence == "T4_BrokerFillLog is not complete, 75 of 100 filled (waited 2.00 s of the step's 2.00 s)"
    assert pipeline_of(result).timed_out


def test_a_missing_stage_shows_what_nearly_was_it(app: MemoryTestrade) -> None:
    """The right event with the wrong id, and the one that came without any."""

    def lose_the_fill(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fills_orders(fills=())(app, command, receipt)
        app.emit("FILL", {"symbol": "AAPL", "fill_quantity": 100}, after_ms=30, correlation_id="someone-else")
        app.emit("FILL", {"symbol": "MSFT"}, after_ms=31)

    app.reactions["trade_command"] = lose_the_fill
    result = run(app, step(BUY, COMPLETE, pipeline=TO_FILL, timeout_s=1))
    assert result.sentence == "T4_BrokerFillLog never arrived (waited 1.00 s of the step's 1.00 s)"
    first, second = pipeline_of(result).near_misses
    assert (first.at_ns, first.summary) == (30 * MS, "FILL symbol=AAPL")
    assert first.differs == f'correlation_id is "someone-else", not "{result.steps[0].correlation_id}"'
    assert second.differs == "no correlation_id, and no order id or cause that leads to this injection"


def test_a_stage_out_of_order_is_no_success(app: MemoryTestrade) -> None:
    """Order is judged by the publisher's clock, whatever came to us first."""

    def acknowledge_first(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        ids: dict[str, Any] = {"correlation_id": command.correlation_id}
        app.emit("VALIDATED_ORDER", dict(command.parameters), after_ms=5, stamp_ms=5, **ids)
        app.emit("OrderProcessed", {}, after_ms=6, stamp_ms=6, **ids)
        app.emit("ACK", {}, after_ms=7, stamp_ms=4, **ids)

    app.reactions["trade_command"] = acknowledge_first
    result = run(app, step(BUY, COMPLETE))
    assert result.fault is Fault.VALUE
    assert result.sentence == ("TRADE_CMD_TO_BROKER_ACK completed: T3_BrokerAckLog arrived before the stage it should follow")


def test_streams_that_overtake_each_other_are_no_disorder(app: MemoryTestrade) -> None:
    """What was stamped in order may arrive in any."""

    def arrive_backwards(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        ids: dict[str, Any] = {"correlation_id": command.correlation_id}
        app.emit("ACK", {}, after_ms=5, stamp_ms=3, **ids)
        app.emit("OrderProcessed", {}, after_ms=6, stamp_ms=2, **ids)
        app.emit("VALIDATED_ORDER", dict(command.parameters), after_ms=7, stamp_ms=1, **ids)

    app.reactions["trade_command"] = arrive_backwards
    result = run(app, step(BUY, COMPLETE))
    assert result.verdict is Verdict.PASSED
    assert pipeline_of(result).latencies_ns["T3_BrokerAckLog_from_inject_ns"] == 3 * MS


def test_a_clock_that_cannot_be_compared_is_replaced_by_our_receipts(app: MemoryTestrade) -> None:
    """The stage is marked, and so is every latency that touches it."""

    def elsewhere(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        ids = {"correlation_id": command.correlation_id, "clock": "another/host", "time_ns": 77}
        app.emit("VALIDATED_ORDER", dict(command.parameters), after_ms=5, **ids)
        app.emit("OrderProcessed", {}, after_ms=6, **{**ids, "time_ns": 78})
        app.emit("ACK", {}, after_ms=7, **{**ids, "time_ns": 79, "clock": None})

    app.reactions["trade_command"] = elsewhere
    pipeline = pipeline_of(run(app, step(BUY, COMPLETE)))
    stage = pipeline.stage("T1_RMSValidatedLog")
    assert stage is not None
    assert (stage.at_ns, stage.time_source) == (5 * MS, "received")
    assert pipeline.latencies_ns["T1_RMSValidatedLog_to_T2_TMSForwardedLog_ns"] == 1
    assert pipeline.received_keys == {
        "T1_RMSValidatedLog_from_inject_ns",
        "T2_TMSForwardedLog_from_inject_ns",
        "T3_BrokerAckLog_from_inject_ns",
        "T0_CmdInjectLog_to_T1_RMSValidatedLog_ns",
        "T2_TMSForwardedLog_to_T3_BrokerAckLog_ns",
        "total_observed_pipeline_ns",
    }


def test_a_command_testrade_did_not_carry_out_breaks_the_plan(app: MemoryTestrade) -> None:
    """One clear error at once; the steps after it do not run."""
    app.reactions["config_change"] = lambda app, command, receipt: app.respond(receipt, "error", "unknown parameter 'x'")
    change = step({"type": "config_change", "parameter": "x", "new_value": 1}, COMPLETE, step_id="change")
    result = run(app, change, step(BUY, COMPLETE))
    assert (result.verdict, result.fault) == (Verdict.ERROR, Fault.ENV)
    assert result.sentence == "TESTRADE did not carry out the config_change: unknown parameter 'x'"
    assert [one.step_id for one in result.steps] == ["change"]
    assert result.duration_ns < 10 * MS


def test_a_plan_that_checks_nothing_fails(app: MemoryTestrade) -> None:
    """A set-up step is fine, a plan of nothing else is not."""
    result = run(app, step(BUY))
    assert (result.verdict, result.fault) == (Verdict.FAILED, Fault.PLAN)


def test_positions_and_mocks_are_set_before_the_injection(app: MemoryTestrade) -> None:
    """And the mocks are taken away after the step."""
    mocks = {"AAPL": {"strategy_hint": "Long", "cost_basis": 150.0}}
    positions = {"AAPL": {"total_shares": 100.0, "total_avg_price": 150.0}}
    run(app, step(BUY, COMPLETE, position_manager_states_to_set=positions, ocr_mocks_to_activate=mocks))
    asked = [(kind, parameters) for kind, parameters in app.requested if kind != "reset_state"]
    assert asked == [
        (
            "set_position_state",
            {
                "symbol": "AAPL",
                "open": True,
                "strategy": "long",
                "total_shares": 100.0,
                "total_avg_price": 150.0,
                "overall_realized_pnl": 0.0,
            },
        ),
        ("activate_ocr_mocks", {"profiles": mocks}),
        ("activate_ocr_mocks", {"profiles": {}}),
    ]


def test_observing_goes_on_as_long_as_the_step_says(app: MemoryTestrade) -> None:
    """A pipeline that is complete at once is still watched."""
    result = run(app, step(BUY, COMPLETE, wait_after_injection_s=0.5))
    assert (pipeline_of(result).stop_reason, pipeline_of(result).waited_ns) == ("window", 500 * MS)


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        ({"expected_event_count": 1}, Verdict.FAILED),
        ({"operator": "<=", "expected_value": 1}, Verdict.FAILED),
        ({"operator": ">=", "expected_value": 1}, Verdict.PASSED),
    ],
    ids=["equal", "at_most", "at_least"],
)
def test_a_count_is_not_judged_before_the_application_is_quiet(
    app: MemoryTestrade, check: dict[str, Any], verdict: Verdict
) -> None:
    """The second order comes 40 ms after the position, and the third 40 ms after the second."""
    fill = fills_orders()

    def orders_three_times(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fill(app, command, receipt)
        for after_ms in (65, 105):
            app.emit("ORDER_REQUEST", {}, after_ms=after_ms, correlation_id=command.correlation_id)

    app.reactions["trade_command"] = orders_three_times
    orders = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "ORDER_REQUEST"}, **check}
    assert run(app, step(BUY, COMPLETE, orders)).verdict is verdict


def test_only_checks_that_an_event_can_break_wait_for_the_quiet(app: MemoryTestrade) -> None:
    """The acknowledgement, the last stage, comes after 10 ms, the fill after 20 ms, the position after 25 ms."""
    fills: dict[str, Any] = {"type": "correlation_log_event_count", "event_criteria": {"event_type": "FILL"}}
    events = {"type": "custom_query", "custom_query_payload": "length(events) < `99`"}
    stages = {"type": "custom_query", "custom_query_payload": "length(stages) > `0`"}
    for check, waited_ms in [
        ({**fills, "expected_event_count": 1}, 75),
        (events, 75),
        ({**fills, "operator": ">", "expected_value": 0}, 20),
        (stages, 10),
    ]:
        result = run(app, step(BUY, COMPLETE, check))
        assert (result.verdict, pipeline_of(result).waited_ns) == (Verdict.PASSED, waited_ms * MS), check


def test_a_pipeline_of_ones_own_with_a_reference(app: MemoryTestrade) -> None:
    """Criteria of a stage may refer to the stimulus."""
    own = {"stages": [{"key": "mine", "match": {"event_type": "FILL", "symbol": "$stimulus_symbol"}}]}
    plan = case(step(BUY, COMPLETE, pipeline="own"))
    from pytest_intellisense.model.pipeline import PipelineSignature

    pipelines = {"OWN": PipelineSignature.model_validate({"name": "OWN", **own})}
    assert moc(app, pipelines=pipelines).run(plan).verdict is Verdict.PASSED


def test_listeners_hear_what_happens(app: MemoryTestrade) -> None:
    """In order, each with its result."""
    heard: list[Emitted] = []
    moc(app, emit=heard.append).run(case(step(BUY, COMPLETE)))
    assert [type(one).__name__ for one in heard] == ["PlanStarted", "StimulusInjected", "StepFinished", "PlanFinished"]


def test_a_single_stimulus_is_traced_without_a_plan(app: MemoryTestrade) -> None:
    """For tests written in Python."""
    from pytest_intellisense.model.stimulus import TradeCommand

    result = moc(app).trace(TradeCommand.model_validate(BUY), pipeline=TO_FILL)
    assert result.error == ""
    assert result.pipeline is not None
    assert result.pipeline.completed
