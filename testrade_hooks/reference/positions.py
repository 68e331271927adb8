"""What is held: one position per symbol, its average price and its realized profit."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from testrade_hooks.reference.rounding import shown, whole_shares

_DOLLARS = ("total_avg_price", "overall_realized_pnl", "session_buy_value", "session_sell_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Shares are signed (short positions below zero), prices and profits in unrounded dollars, times in epoch seconds."""

    symbol: str
    total_shares: float = 0.0
    total_avg_price: float = 0.0
    overall_realized_pnl: float = 0.0
    session_buy_quantity: float = 0.0
    session_sell_quantity: float = 0.0
    session_buy_value: float = 0.0
    session_sell_value: float = 0.0
    total_fills_count: int = 0
    last_update: float | None = None
    last_update_source: str | None = None
    last_fill_timestamp: float | None = None
    position_opened_timestamp: float | None = None
    position_uuid: str | None = None
    lcm_parent_trade_id: int | None = None
    master_correlation_id: str | None = None
    opening_correlation_id: str | None = None
    session_system_fills_ledger: tuple[dict[str, Any], ...] = ()
    last_sync_details: dict[str, Any] | None = None
    synced_at: float | None = None

    @property
    def open(self) -> bool:
        return self.total_shares != 0

    @property
    def strategy(self) -> str:
        return "long" if self.total_shares > 0 else "short" if self.total_shares < 0 else "closed"

    def unrealized_pnl(self, price: float | None) -> float:
        return 0.0 if price is None else shown((price - self.total_avg_price) * self.total_shares)

    def record(self, price: float | None = None) -> dict[str, Any]:
        """The position as it is asked for, worth `price` a share, with the older names of its numbers."""
        body = {name: getattr(self, name) for name in self.__slots__ if name not in ("synced_at", "opening_correlation_id")}
        return {
            **body,
            **{name: shown(body[name]) for name in _DOLLARS},
            "session_system_fills_ledger": list(self.session_system_fills_ledger),
            "open": self.open,
            "strategy": self.strategy,
            "unrealized_pnl": self.unrealized_pnl(price),
            "market_value": None if price is None else shown(price * self.total_shares),
            "trading_status": "T",
            "luld_high": None,
            "luld_low": None,
            "retry_count": 0,
            "cooldown_until": None,
            "last_broker_fingerprint": None,
            "potential_avg_price": None,
            "shares": self.total_shares,
            "quantity": self.total_shares,
            "avg_price": shown(self.total_avg_price),
            "average_price": shown(self.total_avg_price),
        }

    def update_payload(self, trigger: str) -> dict[str, Any]:
        """The body of a position update; `trigger` says why it changed (FILL, SYNC, MANUAL_ADJUST)."""
        return {
            "symbol": self.symbol,
            "quantity": self.total_shares,
            "average_price": shown(self.total_avg_price),
            "realized_pnl_session": shown(self.overall_realized_pnl),
            "is_open": self.open,
            "strategy": self.strategy,
            "last_update_timestamp": self.last_update,
            "update_source_trigger": trigger,
            "update_source": trigger,
            "position_opened_timestamp": self.position_opened_timestamp,
            "last_fill_timestamp": self.last_fill_timestamp,
            "total_fills_count": self.total_fills_count,
            "session_buy_quantity": self.session_buy_quantity,
            "session_sell_quantity": self.session_sell_quantity,
            "session_buy_value": shown(self.session_buy_value),
            "session_sell_value": shown(self.session_sell_value),
            "position_uuid": self.position_uuid,
            "opening_order_correlation_id": self.opening_correlation_id,
            "last_order_correlation_id": self.master_correlation_id,
            "causing_correlation_id": self.master_correlation_id,
        }


class PositionBook:
    """All positions. `clock` gives seconds and only moves forward; it times the grace period after a broker sync."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._positions: dict[str, Position] = {}

    def reset(self) -> None:
        self._positions = {}

    def get(self, symbol: str) -> Position:
        return self._positions.get(symbol) or Position(symbol=symbol)

    def all(self) -> dict[str, Position]:
        return dict(self._positions)

    def store(self, position: Position) -> Position:
        self._positions[position.symbol] = position
        return position

    def set(
        self, symbol: str, *, shares: float, avg_price: float, realized_pnl: float, source: str, correlation_id: str | None
    ) -> Position:
        """Put a position into a known state, whatever it was."""
        now, synced = time.time(), source == "SYNC"
        return self.store(
            Position(
                symbol=symbol,
                total_shares=shares,
                total_avg_price=avg_price if shares else 0.0,
                overall_realized_pnl=realized_pnl,
                last_update=now,
                last_update_source=source,
                position_opened_timestamp=now if shares else None,
                position_uuid=str(uuid.uuid4()) if shares else None,
                master_correlation_id=correlation_id,
                opening_correlation_id=correlation_id if shares else None,
                last_sync_details={"shares": shares, "avg_price": avg_price, "timestamp": now} if synced else None,
                synced_at=self._clock() if synced else None,
            )
        )

    def seconds_since_sync(self, symbol: str) -> float | None:
        synced_at = self.get(symbol).synced_at
        return None if synced_at is None else self._clock() - synced_at

    def apply_fill(self, symbol: str, side: str, shares: float, price: float, correlation_id: str) -> Position:
        """Book a fill of `shares` at `price`. What closes realizes profit; what goes beyond zero opens the other way."""
        before = self.get(symbol)
        signed = shares if side == "BUY" else -shares
        after = whole_shares(before.total_shares + signed)
        now = time.time()
        return self.store(
            replace(
                before,
                total_shares=after,
                total_avg_price=_average_price(before, after, signed, price),
                overall_realized_pnl=before.overall_realized_pnl + _realized(before, signed, price),
                session_buy_quantity=whole_shares(before.session_buy_quantity + (shares if side == "BUY" else 0)),
                session_sell_quantity=whole_shares(before.session_sell_quantity + (shares if side == "SELL" else 0)),
                session_buy_value=before.session_buy_value + (shares * price if side == "BUY" else 0),
                session_sell_value=before.session_sell_value + (shares * price if side == "SELL" else 0),
                total_fills_count=before.total_fills_count + 1,
                last_update=now,
                last_update_source="FILL",
                last_fill_timestamp=now,
                position_opened_timestamp=before.position_opened_timestamp if before.open else now,
                position_uuid=before.position_uuid if before.open else str(uuid.uuid4()),
                opening_correlation_id=before.opening_correlation_id if before.open else correlation_id,
                master_correlation_id=correlation_id,
                session_system_fills_ledger=(
                    *before.session_system_fills_ledger,
                    {"side": side, "shares": shares, "price": price, "timestamp": now},
                ),
            )
        )

    def day_pnl(self, price_of: Callable[[str], float | None]) -> float:
        """Realized and unrealized profit of all positions in dollars."""
        return shown(sum(p.overall_realized_pnl + p.unrealized_pnl(price_of(p.symbol)) for p in self._positions.values()))


def _closes(before: Position, signed: float) -> float:
    """How many of the fill's shares close what was held."""
    return min(abs(signed), abs(before.total_shares)) if before.total_shares * signed < 0 else 0.0


def _realized(before: Position, signed: float, price: float) -> float:
    direction = 1 if before.total_shares > 0 else -1
    return (price - before.total_avg_price) * _closes(before, signed) * direction


def _average_price(before: Position, after: float, signed: float, price: float) -> float:
    if after == 0:
        return 0.0
    if before.total_shares * signed >= 0:
        return (before.total_shares * before.total_avg_price + signed * price) / after
    return before.total_avg_price if before.total_shares * after > 0 else price
