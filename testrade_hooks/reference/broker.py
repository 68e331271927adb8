"""A broker and its exchange: answers orders at the market's prices, as late, as partially or as rudely as configured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.orders import OrderStatus
from testrade_hooks.reference.prices import PriceBook
from testrade_hooks.reference.rounding import whole_shares


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """What the broker says about an order. A message with `fill_shares` is a fill at `fill_price` dollars."""

    local_id: int
    broker_id: str
    status: OrderStatus
    reason: str = ""
    fill_shares: float = 0.0
    fill_price: float = 0.0


@dataclass(slots=True)
class _BookedOrder:
    local_id: int
    broker_id: str
    symbol: str
    side: str
    order_type: str
    left: float
    limit: float | None
    stop: float | None
    sizes: list[float] = field(default_factory=list)
    working: bool = False
    filling: bool = False


class SimulatedBroker:
    """`after(seconds, work)` calls back later on the application's thread; nothing here waits.

    `send` returns at once; every answer goes to `on_message`, immediately when no delay is configured.
    """

    def __init__(
        self,
        config: Config,
        prices: PriceBook,
        after: Callable[[float, Callable[[], None]], None],
        on_message: Callable[[BrokerMessage], None],
    ) -> None:
        self._config = config
        self._prices = prices
        self._after = after
        self._on_message = on_message
        self._ids = itertools.count(90_001)
        self._book: dict[int, _BookedOrder] = {}

    def reset(self) -> None:
        """Forget every order; answers on their way are never given."""
        self._book = {}

    def next_id(self) -> str:
        return str(next(self._ids))

    def send(
        self,
        local_id: int,
        broker_id: str,
        *,
        symbol: str,
        side: str,
        quantity: float,
        order_type: str,
        limit: float | None = None,
        stop: float | None = None,
    ) -> None:
        order = _BookedOrder(local_id, broker_id, symbol, side, order_type, quantity, limit, stop)
        self._book[local_id] = order
        if not self._config.get("broker_silent"):
            self._later("broker_delay_ms", order, self._acknowledge)

    def cancel(self, local_id: int) -> None:
        self._book.pop(local_id, None)

    def market_moved(self, symbol: str) -> None:
        """Let resting orders of `symbol` meet the new price."""
        for order in [o for o in self._book.values() if o.symbol == symbol and o.working and not o.filling]:
            self._advance(order)

    def answer(
        self, local_id: int, status: OrderStatus, *, shares: float = 0.0, price: float | None = None, reason: str = ""
    ) -> None:
        """Say `status` about an open order whatever the simulation thinks. Raises ValueError for an order that is not open."""
        order = self._book.get(local_id)
        if order is None:
            raise ValueError(f"the broker has no open order {local_id}")
        if shares > order.left:
            raise ValueError(f"order {local_id} has {order.left:g} shares left, cannot fill {shares:g}")
        if shares:
            at = price or order.limit or self._market_price(order)
            if at is None:
                raise ValueError(f"no price known for {order.symbol}: give filled_price")
            self._fill(order, shares, at)
            return
        if status.terminal:
            self.cancel(local_id)
        order.working = order.working or status is OrderStatus.WORKING
        self._on_message(BrokerMessage(local_id, order.broker_id, status, reason))

    def left(self, local_id: int) -> float:
        order = self._book.get(local_id)
        return order.left if order else 0.0

    def _later(self, delay_name: str, order: _BookedOrder, step: Callable[[_BookedOrder], None]) -> None:
        delay_ms = self._config.get(delay_name)
        if delay_ms <= 0:
            step(order)
            return

        def due() -> None:
            if self._book.get(order.local_id) is order:
                step(order)

        self._after(delay_ms / 1000, due)

    def _acknowledge(self, order: _BookedOrder) -> None:
        refusal = self._refusal(order)
        if refusal:
            self._say(order, OrderStatus.LS_SUBMITTED)
            self._book.pop(order.local_id, None)
            self._say(order, OrderStatus.REJECTED, refusal)
            return
        self._say(order, OrderStatus.LS_ACCEPTED_BY_EXCHANGE)
        self._say(order, OrderStatus.WORKING)
        order.working = True
        order.sizes = _fill_sizes(order.left, self._config.get("broker_partial_fills"))
        self._advance(order)

    def _refusal(self, order: _BookedOrder) -> str:
        configured: str = self._config.get("broker_reject_reason")
        if configured:
            return configured
        if order.symbol not in self._config.get("broker_tradable_symbols"):
            return f"Unknown symbol {order.symbol}"
        if order.order_type == "MKT" and self._market_price(order) is None:
            return f"No market for {order.symbol}"
        return ""

    def _advance(self, order: _BookedOrder) -> None:
        if self._config.get("broker_ack_only") or not self._executable(order):
            return
        order.filling = True
        self._later("broker_fill_delay_ms", order, self._fill_next)

    def _fill_next(self, order: _BookedOrder) -> None:
        order.filling = False
        price = self._market_price(order)
        if price is None or not self._executable(order):
            return
        size = order.sizes.pop(0) if order.sizes else order.left
        self._fill(order, min(size, order.left), price)
        if order.left:
            self._advance(order)

    def _fill(self, order: _BookedOrder, shares: float, price: float) -> None:
        order.left = whole_shares(order.left - shares)
        if not order.left:
            self._book.pop(order.local_id, None)
        status = OrderStatus.PARTIALLY_FILLED if order.left else OrderStatus.FILLED
        self._on_message(BrokerMessage(order.local_id, order.broker_id, status, fill_shares=shares, fill_price=price))

    def _say(self, order: _BookedOrder, status: OrderStatus, reason: str = "") -> None:
        self._on_message(BrokerMessage(order.local_id, order.broker_id, status, reason))

    def _market_price(self, order: _BookedOrder) -> float | None:
        quote = self._prices.get(order.symbol)
        if quote is None:
            return None
        return quote.ask_price if order.side == "BUY" else quote.bid_price

    def _executable(self, order: _BookedOrder) -> bool:
        price = self._market_price(order)
        if price is None or not self._triggered(order):
            return False
        if order.limit is None or order.order_type in ("MKT", "STP"):
            return True
        return price <= order.limit if order.side == "BUY" else price >= order.limit

    def _triggered(self, order: _BookedOrder) -> bool:
        """A stop order sleeps until the last trade reaches its stop price, then stays awake."""
        if order.stop is None or not order.order_type.startswith("STP"):
            return True
        quote = self._prices.get(order.symbol)
        last = quote.last_trade_price if quote else None
        if last is None or (last < order.stop if order.side == "BUY" else last > order.stop):
            return False
        order.stop = None
        return True


def _fill_sizes(quantity: float, fills: int | tuple[int, ...]) -> list[float]:
    """The shares of each fill: so many equal ones, or the listed ones; what is left over comes last."""
    if isinstance(fills, tuple):
        return [float(size) for size in fills]
    size = max(1, math.floor(quantity / fills))
    count = min(fills, max(1, math.floor(quantity / size)))
    return [float(size)] * (count - 1)
