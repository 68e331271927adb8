"""The simulated broker: what it answers, when, and at which price."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testrade_hooks.reference.broker import BrokerMessage, SimulatedBroker
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.orders import OrderStatus
from testrade_hooks.reference.prices import PriceBook


class Exchange:
    """A broker whose delays pass when the test says so, and everything it said."""

    def __init__(self, **config: Any) -> None:
        self.config = Config(config)
        self.prices = PriceBook()
        self.prices.quote("AAPL", 149.99, 150.01)
        self.said: list[BrokerMessage] = []
        self._delayed: list[tuple[float, Callable[[], None]]] = []
        self.broker = SimulatedBroker(
            self.config, self.prices, lambda s, work: self._delayed.append((s, work)), self.said.append
        )

    def send(
        self, quantity: float = 100.0, side: str = "BUY", order_type: str = "MKT", symbol: str = "AAPL", **prices: float
    ) -> None:
        self.broker.send(1, "B1", symbol=symbol, side=side, quantity=quantity, order_type=order_type, **prices)

    def trade_at(self, price: float) -> None:
        """A trade, and quotes one cent to either side of it."""
        self.prices.trade("AAPL", price)
        self.prices.quote("AAPL", round(price - 0.01, 2), round(price + 0.01, 2))
        self.broker.market_moved("AAPL")

    def pass_delay(self) -> float:
        """The next delay is over; its length in seconds."""
        seconds, work = self._delayed.pop(0)
        work()
        return seconds

    @property
    def pending(self) -> int:
        return len(self._delayed)

    def words(self) -> list[str]:
        return [message.status.word for message in self.said]

    def fills(self) -> list[tuple[float, float]]:
        return [(message.fill_shares, message.fill_price) for message in self.said if message.fill_shares]


@pytest.mark.parametrize(("side", "price"), [("BUY", 150.01), ("SELL", 149.99)])
def test_a_market_order_is_filled_at_the_far_side(side: str, price: float) -> None:
    """Accepted, worked on, filled: at the ask for a buyer, at the bid for a seller."""
    exchange = Exchange()
    exchange.send(side=side)
    assert exchange.words() == ["Accepted", "Working", "Filled"]
    assert exchange.fills() == [(100.0, price)]


@pytest.mark.parametrize(
    ("setting", "quantity", "sizes"),
    [
        (1, 100, [100]),
        (3, 100, [33, 33, 34]),
        (3, 90, [30, 30, 30]),
        (5, 3, [1, 1, 1]),
        ([60, 30], 100, [60, 30, 10]),
        ([60, 60, 60], 100, [60, 40]),
    ],
)
def test_fills_come_in_as_many_parts_as_configured(setting: Any, quantity: float, sizes: list[float]) -> None:
    """Equal parts by number or the listed sizes; the rest comes last."""
    exchange = Exchange(broker_partial_fills=setting)
    exchange.send(quantity)
    assert [size for size, _ in exchange.fills()] == sizes
    assert exchange.words()[2:] == ["PartiallyFilled"] * (len(sizes) - 1) + ["Filled"]


def test_delays_come_before_the_answer_and_before_each_fill() -> None:
    """Nothing is said until the configured milliseconds are over."""
    exchange = Exchange(broker_delay_ms=50.0, broker_fill_delay_ms=20.0, broker_partial_fills=2)
    exchange.send()
    assert exchange.words() == []
    assert exchange.pass_delay() == 0.05
    assert exchange.words() == ["Accepted", "Working"]
    assert [exchange.pass_delay(), exchange.pass_delay()] == [0.02, 0.02]
    assert exchange.words() == ["Accepted", "Working", "PartiallyFilled", "Filled"]


@pytest.mark.parametrize(
    ("config", "symbol", "reason"),
    [
        ({"broker_reject_reason": "no shares to borrow"}, "AAPL", "no shares to borrow"),
        ({}, "XYZ", "Unknown symbol XYZ"),
        ({"broker_tradable_symbols": ["XYZ"]}, "XYZ", "No market for XYZ"),
    ],
)
def test_a_refused_order_is_taken_in_and_then_rejected(config: dict[str, Any], symbol: str, reason: str) -> None:
    """The reason is configured, or that the broker does not know the symbol or its market."""
    exchange = Exchange(**config)
    exchange.send(symbol=symbol)
    assert exchange.words() == ["Submitted", "Rejected"]
    assert exchange.said[-1].reason == reason


def test_a_silent_broker_says_nothing_and_one_that_only_acknowledges_never_fills() -> None:
    """Two ways of leaving an order hanging."""
    silent, lazy = Exchange(broker_silent=True), Exchange(broker_ack_only=True)
    for exchange in (silent, lazy):
        exchange.send()
        exchange.trade_at(150.0)
    assert silent.words() == []
    assert lazy.words() == ["Accepted", "Working"]


@pytest.mark.parametrize(
    ("side", "order_type", "prices", "too_early", "enough", "fill_price"),
    [
        ("BUY", "LMT", {"limit": 149.0}, 149.0, 148.99, 149.0),
        ("SELL", "LMT", {"limit": 151.0}, 151.0, 151.01, 151.0),
        ("BUY", "STP", {"stop": 151.0}, 150.99, 151.0, 151.01),
        ("SELL", "STP", {"stop": 149.0}, 149.01, 149.0, 148.99),
        ("BUY", "STP LMT", {"stop": 151.0, "limit": 151.5}, 150.99, 151.2, 151.21),
    ],
)
def test_an_order_away_from_the_market_rests_until_the_price_comes(
    side: str, order_type: str, prices: dict[str, float], too_early: float, enough: float, fill_price: float
) -> None:
    """Limit orders wait for the ask or bid, stop orders for the last trade."""
    exchange = Exchange()
    exchange.send(side=side, order_type=order_type, **prices)
    exchange.trade_at(too_early)
    assert exchange.words() == ["Accepted", "Working"]
    exchange.trade_at(enough)
    assert exchange.fills() == [(100.0, fill_price)]


def test_a_triggered_stop_limit_order_stays_triggered() -> None:
    """Beyond its limit it rests, and fills when the price comes back."""
    exchange = Exchange()
    exchange.send(side="BUY", order_type="STP LMT", stop=151.0, limit=151.5)
    exchange.trade_at(152.0)
    assert exchange.fills() == []
    exchange.trade_at(150.0)
    assert exchange.fills() == [(100.0, 150.01)]


def test_a_limit_that_the_market_meets_is_filled_at_the_better_price() -> None:
    """Never beyond the limit, and not at it when the market is better."""
    exchange = Exchange()
    exchange.send(order_type="LMT", limit=155.0)
    assert exchange.fills() == [(100.0, 150.01)]


def test_a_dictated_answer_goes_before_what_the_simulation_would_do() -> None:
    """Partial fills at a given price, the rest at the market's when none is given."""
    exchange = Exchange(broker_silent=True)
    exchange.send()
    exchange.broker.answer(1, OrderStatus.WORKING)
    exchange.broker.answer(1, OrderStatus.PARTIALLY_FILLED, shares=30.0, price=149.0)
    exchange.broker.answer(1, OrderStatus.FILLED, shares=70.0)
    assert exchange.words() == ["Working", "PartiallyFilled", "Filled"]
    assert exchange.fills() == [(30.0, 149.0), (70.0, 150.01)]
    with pytest.raises(ValueError, match="no open order 1"):
        exchange.broker.answer(1, OrderStatus.CANCELLED)


def test_more_shares_than_are_left_cannot_be_filled() -> None:
    """An impossible answer is a mistake of whoever dictates it."""
    exchange = Exchange(broker_silent=True)
    exchange.send(quantity=10.0)
    with pytest.raises(ValueError, match="10 shares left, cannot fill 11"):
        exchange.broker.answer(1, OrderStatus.FILLED, shares=11.0)


def test_answers_on_their_way_are_lost_with_a_cancelled_order_or_a_reset() -> None:
    """What was forgotten is not heard of again."""
    for forget in ("cancel", "reset"):
        exchange = Exchange(broker_delay_ms=50.0)
        exchange.send()
        exchange.broker.cancel(1) if forget == "cancel" else exchange.broker.reset()
        exchange.pass_delay()
        assert (exchange.words(), exchange.pending) == ([], 0)
