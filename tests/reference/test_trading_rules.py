"""Risk, prices, orders, positions, trades: the rules of the trading half, at their boundaries."""

from __future__ import annotations

from typing import Any

import pytest

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.lifecycle import LifecycleState, TradeLifecycle
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.orders import FillRecord, OrderRepository, OrderStatus
from testrade_hooks.reference.positions import PositionBook
from testrade_hooks.reference.prices import PriceBook, Quote
from testrade_hooks.reference.risk import rejection_reason

QUOTE = Quote("AAPL", last_trade_price=10.0, bid_price=9.99, ask_price=10.01)


def request(**changes: Any) -> OrderRequest:
    settings: dict[str, Any] = {
        "request_id": "r1",
        "symbol": "AAPL",
        "side": "BUY",
        "quantity": 100.0,
        "order_type": "MKT",
        "correlation_id": "c1",
        "source_strategy": "TEST",
        "current_price": 10.0,
    }
    return OrderRequest(**{**settings, **changes})


@pytest.mark.parametrize(
    ("changes", "held", "quote", "reason"),
    [
        ({}, 0, QUOTE, None),
        ({"current_price": None}, 0, QUOTE, "LIVE_TRADING: Order rejected - No valid current_price provided. Price: None"),
        ({"current_price": 0.0}, 0, QUOTE, "LIVE_TRADING: Order rejected - No valid current_price provided. Price: 0.0"),
        ({"quantity": 1000.0}, 0, QUOTE, None),
        ({"quantity": 1001.0}, 0, QUOTE, "Order quantity 1001 exceeds max allowed 1000"),
        ({"current_price": 25.0, "quantity": 1000.0}, 0, QUOTE, None),
        (
            {"current_price": 25.01, "quantity": 1000.0},
            0,
            QUOTE,
            "Order notional value $25010.00 exceeds max allowed $25000.00",
        ),
        (
            {"order_type": "LMT", "limit_price": 300.0},
            0,
            QUOTE,
            "Order notional value $30000.00 exceeds max allowed $25000.00",
        ),
        ({}, 1900, QUOTE, None),
        ({}, 1901, QUOTE, "New position 2001 would exceed max position size 2000 (current: 1901)"),
        ({"side": "SELL"}, 2500, QUOTE, None),
        ({}, 0, None, "Market conditions unfavorable: HIGH (missing quote)"),
        ({}, 0, Quote("AAPL", 10.0), "Market conditions unfavorable: HIGH (missing quote)"),
        (
            {},
            0,
            Quote("AAPL", 10.0, bid_price=10.02, ask_price=10.01),
            "Market conditions unfavorable: CRITICAL (crossed quote, bid 10.02 above ask 10.01)",
        ),
        ({}, 0, Quote("AAPL", 10.0, bid_price=9.95, ask_price=10.05), None),
        (
            {},
            0,
            Quote("AAPL", 10.0, bid_price=9.94, ask_price=10.06),
            "Market conditions unfavorable: HIGH (spread 0.0120 above 0.0100)",
        ),
    ],
)
def test_each_risk_check_holds_up_to_its_limit(
    changes: dict[str, Any], held: float, quote: Quote | None, reason: str | None
) -> None:
    """Limits are inclusive, and each refusal says its numbers."""
    assert rejection_reason(request(**changes), held, quote, Config()) == reason


@pytest.mark.parametrize(
    ("side", "order_type", "prices", "value"),
    [
        ("BUY", "MKT", {"limit_price": 0.01, "stop_price": 0.01}, 10.0),
        ("BUY", "LMT", {"limit_price": 9.0}, 9.0),
        ("BUY", "LMT", {"limit_price": 11.0, "stop_price": 30.0}, 11.0),
        ("BUY", "LMT", {"limit_price": -1.0}, 10.0),
        ("BUY", "STP", {"stop_price": 12.0, "limit_price": 0.01}, 12.0),
        ("BUY", "STP", {"stop_price": 8.0}, 10.0),
        ("BUY", "STP LMT", {"stop_price": 12.0, "limit_price": 13.0}, 13.0),
        ("SELL", "MKT", {"limit_price": 0.01}, 10.0),
        ("SELL", "LMT", {"limit_price": 1.0}, 10.0),
        ("SELL", "LMT", {"limit_price": 15.0}, 15.0),
        ("SELL", "STP", {"stop_price": 9.0}, 10.0),
        ("SELL", "STP LMT", {"stop_price": 9.0, "limit_price": 1.0}, 10.0),
    ],
)
def test_an_order_is_valued_by_what_it_can_cost(side: str, order_type: str, prices: dict[str, float], value: float) -> None:
    """A buyer's limit is the most he pays; everybody else gets at least the live price of 10. Other prices do not count."""
    order = request(side=side, order_type=order_type, quantity=100.0, **prices)
    assert rejection_reason(order, 0, QUOTE, Config({"risk_max_notional_per_trade": 100 * value})) is None
    reason = rejection_reason(order, 0, QUOTE, Config({"risk_max_notional_per_trade": 100 * value - 0.01}))
    assert str(reason).startswith(f"Order notional value ${100 * value:.2f} exceeds")


def test_the_first_check_that_fails_gives_the_reason() -> None:
    """Quantity before shares per trade, before notional, before position, before the market."""
    config = Config()
    bad = request(quantity=5000.0, current_price=100.0)
    reasons = []
    for name in ("RISK_MAX_ORDER_QTY", "risk_max_shares_per_trade", "risk_max_notional_per_trade", "risk_max_position_size"):
        reasons.append(rejection_reason(bad, 0, None, config))
        config.apply({name: 1_000_000})
    reasons.append(rejection_reason(bad, 0, None, config))
    assert [str(reason).split(" 5000 ")[-1][:22] for reason in reasons] == [
        "exceeds max allowed 10",
        "exceeds max shares per",
        "Order notional value $",
        "would exceed max posit",
        "Market conditions unfa",
    ]


def test_prices_start_known_and_grow_stale() -> None:
    """The book answers for its symbols as long as the feed lives."""
    seconds = 0.0
    book = PriceBook(lambda: seconds)
    quote = book.fresh("AAPL", 5.0)
    assert quote is not None
    assert (quote.last_trade_price, quote.bid_price, quote.ask_price) == (150.0, 150.0, 150.0)
    assert book.fresh("UNKNOWN", 5.0) is None
    seconds = 5.0
    assert book.fresh("AAPL", 5.0) is not None
    seconds = 5.1
    assert book.fresh("AAPL", 5.0) is None
    book.refresh()
    assert book.age_s("AAPL") == 0.0


def test_a_quote_leaves_the_last_trade_and_a_trade_moves_the_quote() -> None:
    """After a trade bid and ask are its price, however small that is."""
    book = PriceBook()
    quote = book.quote("AAPL", 151.0, 151.2)
    assert (quote.last_trade_price, quote.bid_price, quote.ask_price) == (150.0, 151.0, 151.2)
    quote = book.trade("AAPL", 152.0)
    assert (quote.bid_price, quote.ask_price) == (152.0, 152.0)
    penny = book.trade("PENNY", 0.005)
    assert (penny.bid_price, penny.ask_price) == (0.005, 0.005)
    assert book.quote("NEW", 9.0, 10.0).reference == 9.5


def test_an_order_is_a_series_of_versions() -> None:
    """An older version never changes, and the history tells the way."""
    first = OrderRepository().create(request())
    sent = first.moved_to(OrderStatus.SENT_TO_LIGHTSPEED, broker_id="B1")
    half = sent.filled(FillRecord(40.0, 10.0, 0.0, "BUY"))
    full = half.filled(FillRecord(60.0, 11.0, 0.0, "BUY"))
    assert (first.version, first.status, first.ls_order_id) == (1, OrderStatus.PENDING, None)
    assert (half.status, half.leftover_shares) == (OrderStatus.PARTIALLY_FILLED, 60.0)
    assert (full.version, full.status, full.leftover_shares, full.avg_fill_price) == (4, OrderStatus.FILLED, 0.0, 10.6)
    assert [step["status"] for step in full.status_history] == ["Pending", "SentToLightspeed", "PartiallyFilled", "Filled"]
    with pytest.raises(ValueError, match="60 shares left, cannot fill 61"):
        half.filled(FillRecord(61.0, 10.0, 0.0, "BUY"))


def test_orders_are_found_by_any_of_their_ids_which_never_come_again() -> None:
    """Local id, broker id or request id; a reset does not start counting anew."""
    orders = OrderRepository()
    order = orders.store(orders.create(request()).moved_to(OrderStatus.SENT_TO_LIGHTSPEED, broker_id="90001"))
    assert [orders.find(key) for key in (1, "1", "90001", "r1")] == [order] * 4
    assert orders.find("2") is None
    orders.reset()
    assert orders.create(request()).local_id == 2


@pytest.mark.parametrize(
    ("fills", "shares", "average", "realized"),
    [
        ([("BUY", 100, 10.0)], 100, 10.0, 0.0),
        ([("BUY", 100, 10.0), ("BUY", 100, 11.0)], 200, 10.5, 0.0),
        ([("BUY", 100, 10.0), ("SELL", 40, 12.0)], 60, 10.0, 80.0),
        ([("BUY", 100, 10.0), ("SELL", 100, 9.0)], 0, 0.0, -100.0),
        ([("BUY", 100, 10.0), ("SELL", 150, 12.0)], -50, 12.0, 200.0),
        ([("SELL", 100, 10.0)], -100, 10.0, 0.0),
        ([("SELL", 100, 10.0), ("BUY", 40, 8.0)], -60, 10.0, 80.0),
        ([("BUY", 3, 0.1), ("BUY", 3, 0.2)], 6, 0.15, 0.0),
        ([("BUY", 1, 100.0), ("BUY", 2, 100.01), ("BUY", 4, 100.03), ("SELL", 7, 200.0)], 0, 0.0, 699.86),
        (
            [("BUY", 100, 100.01), ("BUY", 200, 100.02), ("BUY", 11, 100.07), ("SELL", 311, 200.0)],
            0,
            0.0,
            31094.23,
        ),
    ],
)
def test_fills_make_the_position_and_its_profit(
    fills: list[tuple[str, float, float]], shares: float, average: float, realized: float
) -> None:
    """Closing realizes, adding averages, crossing zero starts anew."""
    book = PositionBook()
    for side, quantity, price in fills:
        book.apply_fill("AAPL", side, quantity, price, "c1")
    position = book.get("AAPL")
    record = position.record()
    assert (record["shares"], record["total_avg_price"], record["overall_realized_pnl"]) == (shares, average, realized)
    assert position.strategy == ("long" if shares > 0 else "short" if shares < 0 else "closed")
    assert position.total_fills_count == len(fills)


def test_a_trade_lives_from_its_first_order_to_its_last_fill() -> None:
    """Created, opened, closing, closed; a partial sale changes nothing."""
    trades = TradeLifecycle()

    def sent(before: float, after: float) -> LifecycleState | None:
        trade = trades.order_sent("AAPL", 1, shares_before=before, shares_after=after, origin="TEST", correlation_id="c")
        return trade.state if trade else None

    def filled(before: float, after: float) -> list[LifecycleState]:
        changes = trades.filled("AAPL", 1, shares_before=before, shares_after=after, origin="TEST", correlation_id="c")
        return [trade.state for trade in changes]

    assert sent(0, 100) is LifecycleState.OPEN_PENDING
    assert filled(0, 40) == [LifecycleState.OPEN_ACTIVE]
    assert filled(40, 100) == []
    assert sent(100, 50) is None
    assert filled(100, 50) == []
    assert sent(50, 0) is LifecycleState.CLOSE_PENDING
    assert filled(50, 0) == [LifecycleState.CLOSED]
    assert sent(0, 10) is LifecycleState.OPEN_PENDING
    trade = trades.get("AAPL")
    assert trade is not None
    assert trade.trade_id == 2


@pytest.mark.parametrize(
    ("shares", "rejected", "state"),
    [(0.0, True, LifecycleState.ERROR), (0.0, False, LifecycleState.CLOSED), (50.0, True, LifecycleState.OPEN_ACTIVE)],
)
def test_an_order_that_fails_puts_its_trade_where_it_belongs(shares: float, rejected: bool, state: LifecycleState) -> None:
    """An opening trade is over; a closing one is simply open again."""
    trades = TradeLifecycle()
    trades.adopt("AAPL", shares > 0, "c")
    trades.order_sent("AAPL", 1, shares_before=shares, shares_after=0.0 if shares else 10.0, origin="TEST", correlation_id="c")
    trade = trades.order_failed("AAPL", 1, shares, "no", rejected=rejected, working={})
    assert trade is not None
    assert trade.state is state
