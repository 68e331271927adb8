"""The filter that lets numbers on the screen settle before they are acted on again."""

from __future__ import annotations

import pytest

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.interpreter import Action, ShownPosition
from testrade_hooks.reference.master_action_filter import MasterActionFilter


class Desk:
    """A filter with a clock that the test moves."""

    def __init__(self, **config: object) -> None:
        self.seconds = 100.0
        self.filter = MasterActionFilter(Config(config), lambda: self.seconds)

    def took(self, action: Action, *, cost: float = 150.5, profit: float = 60.0, price: float = 150.0) -> None:
        self.filter.record(action, ShownPosition("AAPL", "Long", cost, 0.0, profit), price)

    def asks(self, action: Action, *, cost: float = 150.5, profit: float = 60.0, price: float = 150.0) -> tuple[str, str]:
        decision = self.filter.decide(action, ShownPosition("AAPL", "Long", cost, 0.0, profit), price)
        return decision.decision_type, decision.reason


@pytest.mark.parametrize(
    ("after_s", "cost", "verdict"),
    [
        (4.9, 150.75, ("SIGNAL_SUPPRESSED", "In settling period")),
        (4.9, 151.49, ("SIGNAL_SUPPRESSED", "In settling period")),
        (4.9, 151.5, ("SETTLING_OVERRIDE", "Large cost basis change")),
        (4.9, 149.5, ("SETTLING_OVERRIDE", "Large cost basis change")),
        (5.0, 150.75, ("SIGNAL_PASSED", "Cost ADD settling period ended naturally")),
    ],
)
def test_a_second_add_waits_five_seconds_or_for_a_dollar(after_s: float, cost: float, verdict: tuple[str, str]) -> None:
    """The change is measured from the cost at the first add."""
    desk = Desk()
    assert desk.asks(Action.ADD_LONG) == ("SIGNAL_PASSED", "Not in cost ADD settling period")
    desk.took(Action.ADD_LONG, cost=150.5)
    desk.seconds += after_s
    assert desk.asks(Action.ADD_LONG, cost=cost) == verdict


@pytest.mark.parametrize(
    ("after_s", "profit", "price", "verdict"),
    [
        (44.9, 159.99, 150.0, ("SIGNAL_SUPPRESSED", "In settling period")),
        (44.9, 160.0, 150.0, ("SETTLING_OVERRIDE", "Large rPnL increase")),
        (44.9, 110.0, 149.51, ("SIGNAL_SUPPRESSED", "In settling period")),
        (44.9, 110.0, 149.5, ("SETTLING_OVERRIDE", "Moderate rPnL increase with unfavorable price movement")),
        (44.9, 109.99, 149.5, ("SIGNAL_SUPPRESSED", "In settling period")),
        (44.9, 110.0, 150.5, ("SIGNAL_SUPPRESSED", "In settling period")),
        (45.0, 61.0, 150.0, ("SIGNAL_PASSED", "rPnL REDUCE settling period ended naturally")),
    ],
)
def test_a_second_reduce_waits_45_seconds_or_for_profit(
    after_s: float, profit: float, price: float, verdict: tuple[str, str]
) -> None:
    """A hundred dollars more, or fifty while the price falls by half a dollar."""
    desk = Desk()
    desk.took(Action.REDUCE_PARTIAL, profit=60.0, price=150.0)
    desk.seconds += after_s
    assert desk.asks(Action.REDUCE_PARTIAL, profit=profit, price=price) == verdict


def test_five_percent_against_us_is_enough_for_a_cheap_share() -> None:
    """The percentage counts where the dollars do not reach."""
    desk = Desk()
    desk.took(Action.REDUCE_PARTIAL, profit=0.0, price=2.0)
    assert desk.asks(Action.REDUCE_PARTIAL, profit=50.0, price=1.91)[0] == "SIGNAL_SUPPRESSED"
    assert desk.asks(Action.REDUCE_PARTIAL, profit=50.0, price=1.90)[0] == "SETTLING_OVERRIDE"


@pytest.mark.parametrize("action", [Action.OPEN_LONG, Action.CLOSE_POSITION])
def test_open_and_close_pass_and_end_the_settling(action: Action) -> None:
    """A new position starts with a clean slate."""
    desk = Desk()
    desk.took(Action.ADD_LONG)
    assert desk.asks(action) == ("PASSTHROUGH", "OPEN/CLOSE signal - state reset and passed through")
    assert desk.asks(Action.ADD_LONG) == ("SIGNAL_PASSED", "Not in cost ADD settling period")


def test_adds_and_reduces_settle_apart_and_by_symbol() -> None:
    """An add does not hold up a reduce, nor another symbol's add."""
    desk = Desk()
    desk.took(Action.ADD_LONG)
    assert desk.asks(Action.REDUCE_PARTIAL)[0] == "SIGNAL_PASSED"
    assert desk.filter.decide(Action.ADD_LONG, ShownPosition("MSFT", "Long", 1.0, 0.0, 0.0), 1.0).passes


def test_settling_times_and_thresholds_are_configuration() -> None:
    """Also for an action that settles already."""
    desk = Desk(cost_basis_settling_duration_seconds=60.0)
    desk.took(Action.ADD_LONG)
    desk.seconds += 30
    decision = desk.filter.decide(Action.ADD_LONG, ShownPosition("AAPL", "Long", 150.75, 0.0, 0.0), 150.0)
    assert not decision.passes
    assert decision.details["time_remaining"] == 30.0
