"""The life of a trade, from the order that opens it to the fill that closes it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from testrade_hooks.reference.rounding import shown


class LifecycleState(IntEnum):
    NONE = 0
    OPEN_PENDING = 1
    OPEN_ACTIVE = 2
    CLOSE_PENDING = 3
    CLOSED = 4
    ERROR = 5

    @property
    def over(self) -> bool:
        return self in (LifecycleState.CLOSED, LifecycleState.ERROR)


_EVENT_TYPES = {
    LifecycleState.OPEN_PENDING: "TRADE_CREATED",
    LifecycleState.OPEN_ACTIVE: "TRADE_OPENED",
    LifecycleState.CLOSE_PENDING: "TRADE_CLOSING",
    LifecycleState.CLOSED: "TRADE_CLOSED",
    LifecycleState.ERROR: "TRADE_FAILED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    trade_id: int
    symbol: str
    state: LifecycleState
    origin: str
    correlation_id: str
    started_at: float
    local_orders: tuple[int, ...] = ()
    comment: str = ""

    def payload(self, shares: float, avg_price: float) -> dict[str, Any]:
        return {
            "event_type": _EVENT_TYPES[self.state],
            "trade_id": self.trade_id,
            "symbol": self.symbol,
            "lifecycle_state": self.state.name,
            "correlation_id": self.correlation_id,
            "origin": self.origin,
            "comment": self.comment,
            "shares": shares,
            "avg_price": shown(avg_price),
            "local_orders": list(self.local_orders),
            "timestamp": time.time(),
            "origin_timestamp_s": self.started_at,
            "correlation_event_name": "TradeLifecycleEvent",
        }


class TradeLifecycle:
    """One running trade per symbol. A method returns the trade whose state it changed, if any."""

    def __init__(self) -> None:
        self._trades: dict[str, Trade] = {}
        self._ids = itertools.count(1)

    def reset(self) -> None:
        """Forget every trade; their ids are not used again."""
        self._trades = {}

    def get(self, symbol: str) -> Trade | None:
        return self._trades.get(symbol)

    def adopt(self, symbol: str, is_open: bool, correlation_id: str) -> Trade | None:
        """A position was set from outside: its trade is as if it had always been so."""
        self._trades.pop(symbol, None)
        return self._start(symbol, LifecycleState.OPEN_ACTIVE, "SYNC", correlation_id, ()) if is_open else None

    def order_sent(
        self, symbol: str, local_id: int, *, shares_before: float, shares_after: float, origin: str, correlation_id: str
    ) -> Trade | None:
        trade = self._running(symbol)
        if trade is None:
            return self._start(symbol, LifecycleState.OPEN_PENDING, origin, correlation_id, (local_id,))
        trade = self._keep(replace(trade, local_orders=(*trade.local_orders, local_id), correlation_id=correlation_id))
        closing = shares_before != 0 and shares_before * shares_after <= 0
        return self._move(trade, LifecycleState.CLOSE_PENDING) if closing else None

    def filled(
        self, symbol: str, local_id: int, *, shares_before: float, shares_after: float, origin: str, correlation_id: str
    ) -> list[Trade]:
        """The changes of state that a fill brings; one that goes through zero ends a trade and begins another."""
        trade = self._running(symbol)
        if trade is None:
            return [self._start(symbol, LifecycleState.OPEN_ACTIVE, origin, correlation_id, (local_id,))]
        trade = self._keep(replace(trade, correlation_id=correlation_id))
        if shares_after == 0:
            return _those(self._move(trade, LifecycleState.CLOSED))
        if shares_before * shares_after < 0:
            closed = self._move(trade, LifecycleState.CLOSED)
            return _those(closed, self._start(symbol, LifecycleState.OPEN_ACTIVE, origin, correlation_id, (local_id,)))
        return _those(self._move(trade, LifecycleState.OPEN_ACTIVE) if trade.state is LifecycleState.OPEN_PENDING else None)

    def order_failed(
        self, symbol: str, local_id: int, shares: float, reason: str, *, rejected: bool, working: Mapping[int, float]
    ) -> Trade | None:
        """An order of the trade ended without a fill that matters.

        `working` are the orders still on their way, with the shares that they would bring (below zero: take). While one of
        them can open the trade or close all of it, its state stays; else an opening trade is over, a closing one open again.
        """
        trade = self._running(symbol)
        if trade is None or local_id not in trade.local_orders:
            return None
        left = [change for order, change in working.items() if order in trade.local_orders]
        if shares == 0 and not left:
            return self._move(trade, LifecycleState.ERROR if rejected else LifecycleState.CLOSED, reason)
        closed_by_others = shares * (shares + sum(change for change in left if change * shares < 0)) <= 0
        if trade.state is LifecycleState.CLOSE_PENDING and not closed_by_others:
            return self._move(trade, LifecycleState.OPEN_ACTIVE, reason)
        return None

    def _running(self, symbol: str) -> Trade | None:
        trade = self._trades.get(symbol)
        return None if trade is None or trade.state.over else trade

    def _start(self, symbol: str, state: LifecycleState, origin: str, correlation_id: str, orders: tuple[int, ...]) -> Trade:
        return self._keep(
            Trade(
                trade_id=next(self._ids),
                symbol=symbol,
                state=state,
                origin=origin,
                correlation_id=correlation_id,
                started_at=time.time(),
                local_orders=orders,
            )
        )

    def _move(self, trade: Trade, state: LifecycleState, comment: str = "") -> Trade | None:
        return None if trade.state is state else self._keep(replace(trade, state=state, comment=comment))

    def _keep(self, trade: Trade) -> Trade:
        self._trades[trade.symbol] = trade
        return trade


def _those(*trades: Trade | None) -> list[Trade]:
    return [trade for trade in trades if trade is not None]
