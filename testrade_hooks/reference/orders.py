"""Orders as records that never change: every update is a new version beside its history."""

from __future__ import annotations

import itertools
import time
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

from testrade_hooks import clock
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.rounding import shown, whole_shares


class OrderStatus(Enum):
    """Each status with the broker's word for it and the generic status it stands for, in the order an order goes through."""

    PENDING = ("Pending", "PENDING_SUBMISSION")
    SEND_ATTEMPTED_TO_BRIDGE = ("SendAttemptedToBridge", "PENDING_SUBMISSION")
    SENT_TO_LIGHTSPEED = ("SentToLightspeed", "PENDING_SUBMISSION")
    LS_SUBMITTED = ("Submitted", "SUBMITTED")
    LS_ACCEPTED_BY_EXCHANGE = ("Accepted", "SUBMITTED")
    WORKING = ("Working", "WORKING")
    PARTIALLY_FILLED = ("PartiallyFilled", "PARTIALLY_FILLED")
    FILLED = ("Filled", "FILLED")
    CANCELLED = ("Cancelled", "CANCELLED")
    REJECTED = ("Rejected", "REJECTED")

    @property
    def word(self) -> str:
        return self.value[0]

    @property
    def generic(self) -> str:
        return self.value[1]

    def comes_before(self, other: OrderStatus) -> bool:
        """An order that is `other` has been this already."""
        order = list(OrderStatus)
        return order.index(self) < order.index(other)

    @property
    def terminal(self) -> bool:
        return self in (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED)

    @property
    def awaits_broker(self) -> bool:
        """The broker has not yet said that it works on the order."""
        return self.generic in ("PENDING_SUBMISSION", "SUBMITTED")


@dataclass(frozen=True, slots=True)
class FillRecord:
    """Price in dollars, time in epoch seconds."""

    shares_filled: float
    fill_price: float
    fill_time: float
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One version of an order. `timestamp_requested` is epoch seconds, `requested_ns` this process's monotonic clock."""

    local_id: int
    ls_order_id: str | None
    request: OrderRequest
    status: OrderStatus
    timestamp_requested: float
    requested_ns: int
    fills: tuple[FillRecord, ...] = ()
    status_history: tuple[dict[str, Any], ...] = ()
    version: int = 1

    @property
    def filled_quantity(self) -> float:
        return whole_shares(sum(fill.shares_filled for fill in self.fills))

    @property
    def leftover_shares(self) -> float:
        return whole_shares(self.request.quantity - self.filled_quantity)

    @property
    def leftover_change(self) -> float:
        """What the order would still do to its position."""
        return self.leftover_shares if self.request.side == "BUY" else -self.leftover_shares

    @property
    def avg_fill_price(self) -> float | None:
        filled = self.filled_quantity
        return shown(sum(fill.shares_filled * fill.fill_price for fill in self.fills) / filled) if filled else None

    def moved_to(self, status: OrderStatus, reason: str = "", *, broker_id: str | None = None) -> Order:
        step = {"status": status.word, "generic_status": status.generic, "timestamp": time.time(), "reason": reason}
        return replace(
            self,
            status=status,
            ls_order_id=broker_id or self.ls_order_id,
            status_history=(*self.status_history, step),
            version=self.version + 1,
        )

    def filled(self, fill: FillRecord) -> Order:
        """The order after `fill`. Raises ValueError if that is more than is left."""
        if fill.shares_filled > self.leftover_shares:
            raise ValueError(
                f"order {self.local_id} has {self.leftover_shares:g} shares left, cannot fill {fill.shares_filled:g}"
            )
        after = replace(self, fills=(*self.fills, fill))
        return after.moved_to(OrderStatus.PARTIALLY_FILLED if after.leftover_shares else OrderStatus.FILLED)

    def record(self) -> dict[str, Any]:
        request = self.request
        return {
            "local_id": self.local_id,
            "broker_order_id": self.ls_order_id,
            "ls_order_id": self.ls_order_id,
            "request_id": request.request_id,
            "symbol": request.symbol,
            "side": request.side,
            "event_type": request.source_strategy,
            "order_type": request.order_type,
            "limit_price": request.limit_price,
            "stop_price": request.stop_price,
            "status": self.status.name,
            "ls_status": self.status.word,
            "generic_status": self.status.generic,
            "requested_shares": request.quantity,
            "filled_quantity": self.filled_quantity,
            "leftover_shares": self.leftover_shares,
            "avg_fill_price": self.avg_fill_price,
            "fills": [asdict(fill) for fill in self.fills],
            "status_history": [dict(step) for step in self.status_history],
            "version": self.version,
            "timestamp_requested": self.timestamp_requested,
            "master_correlation_id": request.correlation_id,
            "tags": {"master_trader": "PRIMARY"},
        }


class OrderRepository:
    """The current version of every order, by local id, broker id or request id."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._ids = itertools.count(1)

    def reset(self) -> None:
        """Forget every order; their ids are not used again."""
        self._orders = {}

    def create(self, request: OrderRequest) -> Order:
        now = time.time()
        step = {"status": "Pending", "generic_status": "PENDING_SUBMISSION", "timestamp": now, "reason": ""}
        order = Order(
            local_id=next(self._ids),
            ls_order_id=None,
            request=request,
            status=OrderStatus.PENDING,
            timestamp_requested=now,
            requested_ns=clock.now().monotonic_ns,
            status_history=(step,),
        )
        return self.store(order)

    def store(self, order: Order) -> Order:
        self._orders[order.local_id] = order
        return order

    def get(self, local_id: int) -> Order:
        return self._orders[local_id]

    def find(self, order_id: object) -> Order | None:
        """By local id, broker id or request id; text or number."""
        wanted = str(order_id)
        for order in reversed(self._orders.values()):
            if wanted in (str(order.local_id), order.ls_order_id, order.request.request_id):
                return order
        return None

    def all(self) -> list[Order]:
        return list(self._orders.values())

    def pending(self, symbol: str, side: str) -> float:
        """The shares that orders of `symbol` on their way still buy or sell."""
        return sum(order.leftover_shares for order in self.open_orders(symbol) if order.request.side == side)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        return [o for o in self._orders.values() if not o.status.terminal and symbol in (None, o.request.symbol)]
