"""Latencies over the repetitions of a step, and against those of an earlier step."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.memory_streams import BUY, TO_FILL, MemoryTestrade, case, fills_orders, step
from helpers.validation_points import FILL_STAGE, TOTAL, latency, trading_app

from pytest_intellisense.engine.moc import MillisecondOptimizationCapture


@pytest.fixture
def app() -> MemoryTestrade:
    return trading_app()


def fills_after(*delays_ms: float) -> Any:
    """An app that fills one order after the other so long after it acknowledged it."""
    delays = iter(delays_ms)

    def react(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fills_orders(fills=())(app, command, receipt)
        app.emit("FILL", {"fill_quantity": 100}, after_ms=10 + next(delays), correlation_id=command.correlation_id)

    return react


def test_statistics_over_repetitions_are_judged_after_the_last(app: MemoryTestrade) -> None:
    """One outcome for all of them; a percentile is a time that was measured."""
    app.reactions["trade_command"] = fills_after(10, 50, 20, 30)
    points = [
        latency(TOTAL, "==", expected, statistic=name)
        for name, expected in {"min": 20, "median": 35, "mean": 37.5, "p90": 60, "max": 60}.items()
    ]
    points.append(
        {"type": "latency_between", "from_event": "ACK", "to_event": FILL_STAGE, "statistic": "median", "expected_value": 25}
    )
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    steps = capture.run(case(step(BUY, *points, pipeline=TO_FILL, repeat=4))).steps
    assert [len(one.outcomes) for one in steps] == [0, 0, 0, 6]
    assert [outcome.details for outcome in steps[-1].outcomes] == [""] * 6


STATISTICS_TOO_LONG: list[tuple[str, str, str]] = [
    ("min", "each of them alone is more than the 5.00 ms that are too much", "10.0 ms"),
    ("median", "no other stage took the 20.0 ms that are too much", "30.0 ms"),
    ("mean", "no other stage took the 22.5 ms that are too much", "30.0 ms"),
    ("max", "no other stage took the 45.0 ms that are too much", "50.0 ms"),
]


@pytest.mark.parametrize(("statistic", "words", "fill_took"), STATISTICS_TOO_LONG)
def test_a_statistic_that_is_too_long_is_explained_by_a_repetition_like_it(
    app: MemoryTestrade, statistic: str, words: str, fill_took: str
) -> None:
    """What is too much is what the statistic has too much, not what the slowest repetition has."""
    app.reactions["trade_command"] = fills_after(10, 50, 20, 30)
    total = latency(TOTAL, "<=", "15 ms", statistic=statistic)
    ends = {"from_event": "T3_BrokerAckLog", "to_event": FILL_STAGE, "operator": "<=", "expected_value": "5 ms"}
    between = {"type": "latency_between", "statistic": statistic, **ends}
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    of_total, of_between = capture.run(case(step(BUY, total, between, pipeline=TO_FILL, repeat=4))).steps[-1].outcomes
    assert of_total.attribution is not None
    assert of_total.attribution.reason.endswith(words)
    assert of_total.attribution.forms[-1].value == fill_took
    assert of_between.attribution is not None
    assert of_between.attribution.forms[-1].value == fill_took
    excess = words.split(" the ")[-1]
    assert excess in of_between.attribution.reason


def test_a_step_is_compared_with_an_earlier_one(app: MemoryTestrade) -> None:
    """As a ratio; an unknown step is a mistake of the plan."""

    def compared(other: str, limit: float) -> dict[str, Any]:
        return {
            "type": "latency_comparison",
            "field_to_check": TOTAL,
            "compare_with_step": other,
            "operator": "<=",
            "expected_value": limit,
        }

    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    points = compared("first", 1.0), compared("first", 0.5), compared("nobody", 1.0)
    plan = case(step(BUY, pipeline=TO_FILL, step_id="first"), step(BUY, *points, pipeline=TO_FILL))
    outcomes = capture.run(plan).steps[1].outcomes
    assert [(outcome.passed, outcome.actual) for outcome in outcomes] == [(True, 1.0), (False, 1.0), (False, None)]
    assert outcomes[1].details == "1.0 is not at most 0.5: 20.000 ms here, 20.000 ms in step first (median)"
    assert outcomes[2].details == '"nobody" is no earlier step of this plan (earlier steps: first)'
