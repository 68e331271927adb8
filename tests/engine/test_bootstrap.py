"""Before the first injection everything is made sure of; what is missing is named once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.memory_streams import BUY, MS, MemoryTestrade, case, step

from pytest_intellisense.engine.bootstrap import PrecisionBootstrap
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.model.plan import Bootstrap
from pytest_intellisense.model.results import Fault, Verdict


@pytest.fixture
def app() -> MemoryTestrade:
    return MemoryTestrade()


def bootstrap(app: MemoryTestrade) -> PrecisionBootstrap:
    return PrecisionBootstrap(app, app, now_ns=app.clock)


def test_a_ready_application(app: MemoryTestrade) -> None:
    """It is reset, its prices are fresh, and its dialect is known."""
    report = bootstrap(app).run(Bootstrap(symbols=("AAPL", "MSFT")))
    assert (report.contract_generation, report.state_reset, report.fresh_symbols) == ("G1", True, ("AAPL", "MSFT"))
    assert app.requested == [
        ("reset_state", {"keep_config": False}),
        ("is_price_feed_active", {"symbol": "AAPL", "staleness_s": 5.0}),
        ("is_price_feed_active", {"symbol": "MSFT", "staleness_s": 5.0}),
    ]


def test_a_silent_application_is_one_clear_problem_within_five_seconds(app: MemoryTestrade) -> None:
    """Not one timeout per step."""
    app.silent = True
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    result = capture.run(case(step(BUY), step(BUY, step_id="second")))
    assert (result.verdict, result.fault, result.steps) == (Verdict.ERROR, Fault.ENV, ())
    assert result.sentence == "the application does not answer reset_state"
    assert 4_000 * MS <= result.duration_ns < 5_000 * MS


def test_every_further_plan_asks_the_silent_application_briefly(app: MemoryTestrade) -> None:
    """A hundred plans do not wait a hundred times as long; and an application that comes back is found."""
    app.silent = True
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    capture.run(case(step(BUY)))
    second = capture.run(case(step(BUY)))
    assert (second.verdict, second.sentence) == (Verdict.ERROR, "the application does not answer reset_state")
    assert second.duration_ns < 1_000 * MS
    app.silent = False
    assert capture.run(case(step(BUY))).verdict != Verdict.ERROR


def test_an_application_that_cannot_be_reset_is_used_as_it_is(app: MemoryTestrade) -> None:
    """The report says so."""
    app.answers["reset_state"] = lambda parameters: "unknown command_type reset_state; registered: trade_command"
    assert not bootstrap(app).run(Bootstrap()).state_reset


def test_a_reset_that_fails_is_a_problem(app: MemoryTestrade) -> None:
    """Going on would test an unknown state."""
    app.answers["reset_state"] = lambda parameters: "ValueError: orders are open"
    with pytest.raises(EnvironmentProblem, match="TESTRADE could not be reset: ValueError: orders are open"):
        bootstrap(app).run(Bootstrap())


def test_a_plan_may_do_without_the_reset_but_not_without_an_answer(app: MemoryTestrade) -> None:
    """One question shows whether anybody is there."""
    bootstrap(app).run(Bootstrap(reset=False))
    assert [kind for kind, _ in app.requested] == ["query_state"]


def test_prices_are_awaited(app: MemoryTestrade) -> None:
    """A feed that starts a little later is fresh in time."""
    started_ns = app.now_ns
    app.answers["is_price_feed_active"] = lambda parameters: {"active": app.now_ns - started_ns > 300 * MS, "age_s": 99.0}
    bootstrap(app).run(Bootstrap(symbols=("AAPL",)))
    assert 300 * MS < app.now_ns - started_ns < 400 * MS


def test_prices_that_stay_old_are_named(app: MemoryTestrade) -> None:
    """With their age and what to do."""
    app.answers["is_price_feed_active"] = lambda parameters: {"active": False, "age_s": 99.0}
    with pytest.raises(EnvironmentProblem) as problem:
        bootstrap(app).run(Bootstrap(symbols=("AAPL",), price_feed_timeout_s=2.0))
    assert str(problem.value) == "the price feed of AAPL is not fresh: its last price is 99.0 s old, waited 2 s"
    assert problem.value.hint == "start the feed for AAPL, or leave it out of bootstrap.symbols"


def replies(event_type: str, payload: dict[str, Any]) -> Callable[..., None]:
    def react(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        app.emit(event_type, payload, after_ms=5, correlation_id=command.correlation_id)

    return react


def test_round_trips_are_seen_on_the_streams(app: MemoryTestrade) -> None:
    """An OCR line comes back cleaned and a trade is filled; then the state is reset again."""
    app.reactions["ocr_event"] = replies("OCR_SNAPSHOT_CLEANED", {"snapshots": {}})
    app.reactions["bootstrap_trade"] = replies("FILL", {"fill_quantity": 1})
    bootstrap(app).run(Bootstrap(symbols=("MSFT",), verify_ocr=True, verify_trade=True))
    assert [command.command_type for command in app.sent] == ["ocr_event", "bootstrap_trade"]
    assert [kind for kind, _ in app.requested] == ["reset_state", "reset_state", "is_price_feed_active"]


@pytest.mark.parametrize(
    ("wanted", "reply", "words"),
    [
        (
            {"verify_ocr": True},
            ("NO_TRADE_DATA", {"reason": "no valid lines"}),
            "an OCR line for AAPL did not come back cleaned: NO_TRADE_DATA no valid lines",
        ),
        (
            {"verify_trade": True},
            ("RISK_REJECTION", {"reason": "no price"}),
            "the bootstrap trade of 1 AAPL was not filled: RISK_REJECTION no price",
        ),
        ({"verify_trade": True}, ("ACK", {}), "the bootstrap trade of 1 AAPL was not filled within 5 s"),
    ],
)
def test_a_round_trip_that_ends_elsewhere_is_named(
    app: MemoryTestrade, wanted: dict[str, Any], reply: tuple[str, dict[str, Any]], words: str
) -> None:
    """With what came instead."""
    app.reactions["ocr_event"] = app.reactions["bootstrap_trade"] = replies(*reply)
    with pytest.raises(EnvironmentProblem) as problem:
        bootstrap(app).run(Bootstrap(**wanted))
    assert str(problem.value) == words
