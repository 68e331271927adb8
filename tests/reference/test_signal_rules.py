"""From a screen line to an action, its size and its price: every rule at its boundary."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.interpreter import Action, ShownPosition, interpret
from testrade_hooks.reference.positions import Position
from testrade_hooks.reference.quantities import InvalidQuantity, on_tick, pricing_for, quantity_for
from testrade_hooks.reference.signal_memory import SignalMemory

FLAT = Position(symbol="AAPL")
LONG = Position(symbol="AAPL", total_shares=100.0, total_avg_price=150.0)
SHORT = Position(symbol="AAPL", total_shares=-100.0, total_avg_price=150.0)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def line(hint: str = "Long", cost: float = 150.0, realized: float = 0.0) -> ShownPosition:
    return ShownPosition("AAPL", hint, cost, 0.1, realized)


@pytest.mark.parametrize(
    ("position", "seen", "action"),
    [
        (FLAT, line(), Action.OPEN_LONG),
        (FLAT, line("Closed"), None),
        (FLAT, line("Short"), None),
        (LONG, line("Short"), None),
        (LONG, line("Closed"), Action.CLOSE_POSITION),
        (LONG, line(cost=150.01), None),
        (LONG, line(cost=150.02), Action.ADD_LONG),
        (LONG, line(cost=149.98), Action.ADD_LONG),
        (LONG, line(realized=49.99), None),
        (LONG, line(realized=50.0), Action.REDUCE_PARTIAL),
        (LONG, line(cost=150.02, realized=50.0), Action.ADD_LONG),
        (SHORT, line(), None),
        (SHORT, line("Closed"), None),
    ],
)
def test_position_and_screen_decide_the_action(position: Position, seen: ShownPosition, action: Action | None) -> None:
    """The table of signals; a change of cost goes before a change of profit."""
    assert interpret(seen, position, Config()).action is action


def test_a_pending_open_is_not_opened_again() -> None:
    """An order on its way counts as held."""
    assert interpret(line(), FLAT, Config(), pending_open=True).action is None


@pytest.mark.parametrize(("seconds", "action"), [(2.9, None), (3.0, Action.CLOSE_POSITION), (None, Action.CLOSE_POSITION)])
def test_a_close_waits_for_the_grace_period_after_a_broker_sync(seconds: float | None, action: Action | None) -> None:
    """Three seconds, exclusive."""
    assert interpret(line("Closed"), LONG, Config(), seconds_since_sync=seconds).action is action


def test_the_thresholds_of_signals_are_configuration() -> None:
    """A change is in force at the next line."""
    config = Config()
    config.apply({"cost_basis_initial_add_abs_delta_threshold": 1.0, "rPnL_initial_reduce_increase_threshold": 5.0})
    assert interpret(line(cost=150.5), LONG, config).action is None
    assert interpret(line(realized=5.0), LONG, config).action is Action.REDUCE_PARTIAL


@pytest.mark.parametrize(
    ("action", "position", "config", "shares"),
    [
        (Action.OPEN_LONG, FLAT, {"initial_share_size": 70}, 70),
        (Action.ADD_LONG, LONG, {"manual_shares": 30}, 30),
        (Action.REDUCE_PARTIAL, LONG, {}, 50),
        (Action.REDUCE_PARTIAL, LONG, {"reduce_percentage": 33.4}, 33),
        (Action.REDUCE_PARTIAL, Position(symbol="AAPL", total_shares=1.0), {}, 1),
        (Action.CLOSE_POSITION, LONG, {}, 100),
        # 100 shares at 150.00 that cost 150.50 after an add at 151.00: as many again.
        (Action.ADD_LONG, LONG, {"add_type": "CostBasis"}, 100),
    ],
)
def test_each_action_has_its_size(action: Action, position: Position, config: dict[str, Any], shares: int) -> None:
    """Sizes come from configuration and from what is held."""
    assert quantity_for(action, position, new_cost=150.5, reference=151.0, config=Config(config)) == shares


@pytest.mark.parametrize("reference", [150.5, 150.0])
def test_an_add_by_cost_basis_that_makes_no_sense_has_no_size(reference: float) -> None:
    """No division by zero, no negative order."""
    with pytest.raises(InvalidQuantity):
        quantity_for(Action.ADD_LONG, LONG, new_cost=150.5, reference=reference, config=Config({"add_type": "CostBasis"}))


@pytest.mark.parametrize(
    ("side", "reference", "limit"),
    [("BUY", 150.0, 150.10), ("SELL", 150.0, 149.90), ("BUY", 2.0, 2.10), ("BUY", 1.99, 2.02), ("SELL", 0.5, 0.47)],
)
def test_outside_market_hours_a_limit_order_goes_a_little_beyond_the_market(side: str, reference: float, limit: float) -> None:
    """Ten cents from two dollars on, three cents below."""
    pricing = pricing_for(side, reference, "extended")
    assert (pricing.order_type, pricing.limit_price) == ("LMT", limit)


def test_prices_below_one_dollar_have_four_places() -> None:
    """Whole cents above, hundredths of a cent below."""
    assert (on_tick(1.23456), on_tick(0.98765)) == (1.23, 0.9877)


@pytest.mark.parametrize(
    ("utc", "order_type"),
    [
        ("2025-09-24T13:29:59", "LMT"),
        ("2025-09-24T13:30:00", "MKT"),
        ("2025-09-24T19:59:59", "MKT"),
        ("2025-09-24T20:00:00", "LMT"),
        ("2025-01-15T14:29:59", "LMT"),
        ("2025-01-15T14:30:00", "MKT"),
        ("2025-09-27T15:00:00", "LMT"),
    ],
)
def test_market_hours_are_those_of_new_york(utc: str, order_type: str) -> None:
    """09:30 to 16:00 on weekdays, summer and winter."""
    now = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert pricing_for("BUY", 150.0, "auto", now).order_type == order_type


def test_an_unchanged_line_is_recognised() -> None:
    """Strategy word, cost and realized profit count; the profit per share follows the price."""
    memory = SignalMemory(Config(), Clock())
    memory.remember(line())
    assert memory.is_unchanged(ShownPosition("AAPL", "Long", 150.0, 9.9, 0.0), 150.0)
    assert not memory.is_unchanged(line(cost=150.01), 150.0)


def test_a_request_on_its_way_is_not_made_twice_within_30_seconds() -> None:
    """Until it expires or the order is over."""
    clock = Clock()
    memory = SignalMemory(Config(), clock)
    memory.requested(line(), shares=0.0)
    clock.seconds += 29.9
    assert memory.is_duplicate(line(), 0.0)
    assert not memory.is_duplicate(line(), 100.0)
    clock.seconds += 0.1
    assert not memory.is_duplicate(line(), 0.0)


def test_a_settled_order_may_be_asked_for_again() -> None:
    """A fill or rejection ends the protection against doubles."""
    memory = SignalMemory(Config(), Clock())
    memory.requested(line(), shares=0.0)
    memory.order_settled("AAPL")
    assert not memory.is_duplicate(line(), 0.0)


@pytest.mark.parametrize(("seconds", "price", "retried"), [(10.0, 150.0, True), (10.1, 150.0, False), (1.0, 150.01, False)])
def test_a_refused_open_may_be_retried_soon_and_at_its_price(seconds: float, price: float, retried: bool) -> None:
    """Ten seconds, and within 0.05 cents."""
    clock = Clock()
    memory = SignalMemory(Config(), clock)
    memory.remember(line())
    memory.open_refused("AAPL", 150.0)
    clock.seconds += seconds
    assert memory.is_unchanged(line(), price) is not retried
