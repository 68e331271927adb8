"""What happens to an order, and through it to positions, trades and the account, told on the streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from testrade_hooks import clock
from testrade_hooks.reference.account import Account
from testrade_hooks.reference.broker import BrokerMessage
from testrade_hooks.reference.lifecycle import LifecycleState, Trade, TradeLifecycle
from testrade_hooks.reference.orders import FillRecord, Order, OrderRepository, OrderStatus
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.positions import Position, PositionBook
from testrade_hooks.reference.trading_state import TradingSwitch

_BROKER = "LightspeedBroker"
_PROCESSOR = "OrderEventProcessor"
_ACKNOWLEDGEMENTS = frozenset({OrderStatus.LS_SUBMITTED, OrderStatus.LS_ACCEPTED_BY_EXCHANGE, OrderStatus.WORKING})


@dataclass(frozen=True, slots=True)
class Books:
    """Everything an order's fate is entered into."""

    orders: OrderRepository
    positions: PositionBook
    lifecycle: TradeLifecycle
    account: Account
    trading: TradingSwitch


class OrderEvents:
    """Books what the broker says. Each event follows from the last one of its order, unless `caused_by` says otherwise."""

    def __init__(self, books: Books, outlet: Outlet, on_settled: Callable[[Order], None]) -> None:
        self._books = books
        self._outlet = outlet
        self._on_settled = on_settled
        self._links: dict[int, Link] = {}
        self._cause: Link | None = None
        self._cause_owns_the_chain = False

    def reset(self) -> None:
        self._links = {}

    @contextmanager
    def caused_by(self, cause: Link, *, in_its_chain: bool) -> Iterator[None]:
        """What the broker says meanwhile follows from `cause`, in its chain or still in the order's own."""
        self._cause, self._cause_owns_the_chain = cause, in_its_chain
        try:
            yield
        finally:
            self._cause = None

    def sent(self, order: Order, broker_id: str, link: Link) -> None:
        """The order has left for the broker."""
        order = self._books.orders.store(order.moved_to(OrderStatus.SENT_TO_LIGHTSPEED, broker_id=broker_id))
        link = self._links[order.local_id] = self._publish_status(order, link)
        shares = self._books.positions.get(order.request.symbol).total_shares
        trade = self._books.lifecycle.order_sent(
            order.request.symbol,
            order.local_id,
            shares_before=shares,
            shares_after=shares + order.leftover_change,
            origin=order.request.source_strategy,
            correlation_id=link.correlation_id,
        )
        self._publish_trades([trade] if trade else [], self._books.positions.get(order.request.symbol), link)

    def refused(self, order: Order, reason: str, link: Link) -> None:
        """The order never left: a gate before the broker stopped it."""
        self._finish(order, OrderStatus.REJECTED, reason, link)

    def gave_up(self, order: Order, reason: str) -> None:
        """We cancelled the order because the broker did not work on it."""
        body = {**_identity(order), "reason": reason, "status": order.status.word}
        link = self._outlet.log("StaleOrderCancel", "StaleOrderService", body, self._links[order.local_id])
        self._finish(order, OrderStatus.CANCELLED, reason, link)

    def on_message(self, message: BrokerMessage) -> None:
        """Book one message of the broker. Its receipt is always told; a status that the order has left changes nothing."""
        order = self._books.orders.get(message.local_id)
        link = self._link_for(order)
        if message.fill_shares:
            link = self._fill(order, message, link)
        elif message.status.terminal:
            link = self._received("BrokerMessageReceived", order, message, link)
            if message.status is OrderStatus.REJECTED:
                self._outlet.log("order_rejected_by_broker", _BROKER, {**_identity(order), "reason": message.reason}, link)
            link = self._finish(order, message.status, message.reason, link)
        else:
            link = self._received("BrokerMessageReceived", order, message, link)
            if message.status in _ACKNOWLEDGEMENTS and not _acknowledged(order):
                self._outlet.log("broker_ack_received", _BROKER, _identity(order), link)
            if not message.status.comes_before(order.status):
                order = self._books.orders.store(order.moved_to(message.status, message.reason))
                link = self._publish_status(order, link)
        if self._cause is None:
            self._links[order.local_id] = link

    def _link_for(self, order: Order) -> Link:
        own = self._links[order.local_id]
        if self._cause is None:
            return own
        return self._cause if self._cause_owns_the_chain else replace(own, event_id=self._cause.event_id)

    def _fill(self, order: Order, message: BrokerMessage, link: Link) -> Link:
        link = self._received("BrokerFillReceived", order, message, link)
        self._outlet.log("order_fill_received", _BROKER, {**_identity(order), "fill_quantity": message.fill_shares}, link)
        now = time.time()
        order = self._books.orders.store(
            order.filled(FillRecord(message.fill_shares, message.fill_price, now, order.request.side))
        )
        fill = {
            "order_id": order.ls_order_id,
            "broker_order_id": order.ls_order_id,
            "local_order_id": str(order.local_id),
            "request_id": order.request.request_id,
            "symbol": order.request.symbol,
            "side": order.request.side,
            "fill_quantity": message.fill_shares,
            "fill_price": message.fill_price,
            "fill_timestamp": now,
            "execution_id": f"E{order.ls_order_id}-{len(order.fills)}",
            "remaining_quantity": order.leftover_shares,
            "correlation_id": link.correlation_id,
            "order_correlation_id": order.request.correlation_id,
        }
        link = self._outlet.publish("TESTRADE_ORDER_FILL", fill, link)
        status = self._publish_status(order, link)
        self._book_position(order, message, link)
        if order.status.terminal:
            self._on_settled(order)
        return status

    def _book_position(self, order: Order, message: BrokerMessage, link: Link) -> None:
        books, symbol = self._books, order.request.symbol
        before = books.positions.get(symbol)
        position = books.positions.apply_fill(
            symbol, order.request.side, message.fill_shares, message.fill_price, order.request.correlation_id
        )
        trades = books.lifecycle.filled(
            symbol,
            order.local_id,
            shares_before=before.total_shares,
            shares_after=position.total_shares,
            origin=order.request.source_strategy,
            correlation_id=link.correlation_id,
        )
        trade = books.lifecycle.get(symbol)
        position = books.positions.store(replace(position, lcm_parent_trade_id=trade.trade_id if trade else None))
        latency_ms = (clock.now().monotonic_ns - order.requested_ns) / 1e6
        update = {
            **position.update_payload("FILL"),
            "causing_correlation_id": link.correlation_id,
            "order_to_fill_latency_ms": latency_ms,
            "correlation_id": link.correlation_id,
        }
        link = self._outlet.publish("TESTRADE_POSITION_UPDATE", update, link)
        self._publish_trades(trades, before, link)
        self._outlet.publish("TESTRADE_ACCOUNT_SUMMARY_UPDATE", books.account.summary(), link)
        books.trading.check_daily_loss(link)

    def _finish(self, order: Order, status: OrderStatus, reason: str, link: Link) -> Link:
        order = self._books.orders.store(order.moved_to(status, reason))
        if status is OrderStatus.REJECTED:
            rejection = {
                **_identity(order),
                "reason": reason,
                "rejection_reason": reason,
                "side": order.request.side,
                "quantity": order.request.quantity,
                "timestamp": time.time(),
                "correlation_id": link.correlation_id,
                "order_correlation_id": order.request.correlation_id,
            }
            link = self._outlet.publish("TESTRADE_ORDER_REJECTION", rejection, link)
        link = self._publish_status(order, link, reason)
        symbol, position = order.request.symbol, self._books.positions.get(order.request.symbol)
        trade = self._books.lifecycle.order_failed(
            symbol,
            order.local_id,
            position.total_shares,
            reason,
            rejected=status is OrderStatus.REJECTED,
            working={other.local_id: other.leftover_change for other in self._books.orders.open_orders(symbol)},
        )
        self._publish_trades([trade] if trade else [], position, link)
        self._on_settled(order)
        return link

    def _received(self, name: str, order: Order, message: BrokerMessage, link: Link) -> Link:
        body = {
            **_identity(order),
            "T19_BrokerMessageReceived_ns": clock.now().monotonic_ns,
            "status": message.status.word,
            "fill_quantity": message.fill_shares,
            "fill_price": message.fill_price,
            "reason": message.reason,
        }
        return self._outlet.log(name, _BROKER, body, link)

    def _publish_status(self, order: Order, link: Link, message: str = "") -> Link:
        body = {
            **_identity(order),
            "status": order.status.word,
            "generic_status": order.status.generic,
            "filled_quantity": order.filled_quantity,
            "average_fill_price": order.avg_fill_price,
            "remaining_quantity": order.leftover_shares,
            "message": message,
            "version": order.version,
            "timestamp": time.time(),
            "correlation_id": link.correlation_id,
            "order_correlation_id": order.request.correlation_id,
        }
        return self._outlet.publish("TESTRADE_ORDER_STATUS_UPDATE", body, link)

    def _publish_trades(self, trades: list[Trade], before: Position, link: Link) -> None:
        """A trade that has ended tells what it held `before`, any other what is held now."""
        for trade in trades:
            position = before if trade.state is LifecycleState.CLOSED else self._books.positions.get(trade.symbol)
            payload = trade.payload(position.total_shares, position.total_avg_price)
            link = self._outlet.publish("TESTRADE_TRADE_LIFECYCLE_EVENT", payload, link)


def _identity(order: Order) -> dict[str, Any]:
    return {
        "local_order_id": str(order.local_id),
        "broker_order_id": order.ls_order_id,
        "request_id": order.request.request_id,
        "symbol": order.request.symbol,
    }


def _acknowledged(order: Order) -> bool:
    return not order.status.awaits_broker or order.status in _ACKNOWLEDGEMENTS
