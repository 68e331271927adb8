"""The trading half, put together: from an order request to positions, with the market and the clocks around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from testrade_hooks import clock
from testrade_hooks.reference.account import Account
from testrade_hooks.reference.broker import SimulatedBroker
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.executor import Executor
from testrade_hooks.reference.lifecycle import TradeLifecycle
from testrade_hooks.reference.market_data import MarketData
from testrade_hooks.reference.order_events import Books, OrderEvents
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.orders import Order, OrderRepository, OrderStatus
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.positions import Position, PositionBook
from testrade_hooks.reference.prices import PriceBook
from testrade_hooks.reference.risk_service import RiskService
from testrade_hooks.reference.trading_state import TradingSwitch

_ANSWERS = {
    "ACCEPTED": OrderStatus.LS_ACCEPTED_BY_EXCHANGE,
    "WORKING": OrderStatus.WORKING,
    "REJECTED": OrderStatus.REJECTED,
    "CANCELLED": OrderStatus.CANCELLED,
}
BROKER_ANSWERS = (*_ANSWERS, "PARTIAL", "FILLED")


class TradingDesk:
    """Every method runs on the application's own thread. `after(seconds, work)` brings work back to it later."""

    def __init__(
        self,
        config: Config,
        outlet: Outlet,
        after: Callable[[float, Callable[[], None]], None],
        on_settled: Callable[[Order], None],
    ) -> None:
        self._config = config
        self._outlet = outlet
        self.prices = PriceBook()
        self.positions = PositionBook()
        self.orders = OrderRepository()
        self.lifecycle = TradeLifecycle()
        self.account = Account(config, self.prices, self.positions)
        self.trading = TradingSwitch(config, self.prices, self.positions, outlet)
        books = Books(self.orders, self.positions, self.lifecycle, self.account, self.trading)
        self._events = OrderEvents(books, outlet, on_settled)
        self._broker = SimulatedBroker(config, self.prices, after, self._events.on_message)
        self._executor = Executor(config, self.orders, self._broker, self._events, outlet)
        self._risk = RiskService(config, self.prices, self.positions, self.orders, outlet)
        self.market = MarketData(config, self.prices, self._broker, self._events, self.trading, outlet)

    def current_price(self, symbol: str) -> float | None:
        """The price to reckon with, None if the feed is silent about the symbol for too long."""
        quote = self.prices.fresh(symbol, self._config.get("price_cache_staleness_seconds_for_fallback"))
        return quote.reference if quote else None

    def price_age_s(self, symbol: str) -> float | None:
        """Seconds since the feed spoke of `symbol`, None if it never did. A feed that is on follows whoever is asked for."""
        if self._config.get("price_feed_enabled"):
            self.prices.get(symbol)
        return self.prices.age_s(symbol)

    def announce(self, request: OrderRequest, link: Link, *, source: str | None = None) -> Link:
        """Publish an order request; returns the link to carry it out with."""
        link = self._outlet.publish("TESTRADE_ORDER_REQUEST", request.payload(), link, source=source)
        body = {"request_id": request.request_id, "symbol": request.symbol}
        self._outlet.log("order_request_published", source or "OCRScalpingSignalOrchestratorService", body, link)
        return link

    def carry_out(self, request: OrderRequest, link: Link) -> bool:
        """Take an announced request as far as it goes; True if it reached the broker."""
        validated = self._risk.assess(request, self.trading.current, link)
        if validated is None:
            return False
        return self._executor.execute(request, validated)

    def broker_response(
        self, order_id: object, status: str, quantity: float | None, price: float | None, reason: str, link: Link
    ) -> Order:
        """Let the broker say `status` about an order. Raises ValueError for an unknown or finished order."""
        order = self.orders.find(order_id)
        if order is None:
            raise ValueError(f"unknown order {order_id!r}: no local id, broker id or request id of an order")
        if order.status.terminal:
            raise ValueError(f"order {order_id} is {order.status.name} already")
        shares = 0.0
        if status in ("PARTIAL", "FILLED"):
            if status == "PARTIAL" and quantity is None:
                raise ValueError("PARTIAL needs filled_quantity")
            shares = quantity or order.leftover_shares
            if status == "FILLED" and shares < order.leftover_shares:
                raise ValueError(
                    f"FILLED fills all {order.leftover_shares:.12g} shares that are left, filled_quantity is {shares:.12g}: "
                    "say PARTIAL, or leave filled_quantity out"
                )
        with self._events.caused_by(link, in_its_chain=True):
            self._broker.answer(
                order.local_id, _ANSWERS.get(status, OrderStatus.FILLED), shares=shares, price=price, reason=reason
            )
        return self.orders.get(order.local_id)

    def set_position(
        self, symbol: str, shares: float, avg_price: float, realized_pnl: float, source: str, link: Link
    ) -> Position:
        """Put a position, and its trade, into a known state."""
        position = self.positions.set(
            symbol,
            shares=shares,
            avg_price=avg_price,
            realized_pnl=realized_pnl,
            source=source,
            correlation_id=link.correlation_id,
        )
        trade = self.lifecycle.adopt(symbol, position.open, link.correlation_id)
        position = self.positions.store(replace(position, lcm_parent_trade_id=trade.trade_id if trade else None))
        update = {**position.update_payload(source), "correlation_id": link.correlation_id}
        link = self._outlet.publish("TESTRADE_POSITION_UPDATE", update, link)
        if trade:
            self._outlet.publish("TESTRADE_TRADE_LIFECYCLE_EVENT", trade.payload(shares, avg_price), link)
        self.trading.check_daily_loss(link)
        return position

    def cancel_stale_orders(self) -> None:
        """Give up on orders the broker has said nothing useful about for too long."""
        limit_s = self._config.get("stale_order_timeout_seconds")
        now_ns = clock.now().monotonic_ns
        for order in self.orders.open_orders():
            age_s = (now_ns - order.requested_ns) / 1e9
            if order.status.awaits_broker and age_s >= limit_s:
                self._broker.cancel(order.local_id)
                self._events.gave_up(order, f"stale: no working order after {age_s:.1f} s")

    def reset(self) -> None:
        """Forget orders, positions and trades; prices and trading state as at start."""
        self._broker.reset()
        self._events.reset()
        self._executor.reset()
        self.orders.reset()
        self.positions.reset()
        self.lifecycle.reset()
        self.prices.reset()
        self.trading.reset()

    def announce_account(self, *, is_bootstrap: bool, link: Link) -> None:
        self._outlet.publish("TESTRADE_ACCOUNT_SUMMARY_UPDATE", self.account.summary(is_bootstrap=is_bootstrap), link)


def request_id(action: str, symbol: str) -> str:
    """A request id as the strategies make it, of this process's microseconds."""
    return f"{action}_{symbol}_{time.perf_counter_ns() // 1000}"
