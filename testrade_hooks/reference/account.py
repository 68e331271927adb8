"""The account behind the positions: what it is worth and what it can still buy."""

from __future__ import annotations

import time
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.positions import PositionBook
from testrade_hooks.reference.prices import PriceBook


class Account:
    def __init__(self, config: Config, prices: PriceBook, positions: PositionBook) -> None:
        self._config = config
        self._prices = prices
        self._positions = positions

    def summary(self, *, is_bootstrap: bool = False) -> dict[str, Any]:
        """The body of an account summary, in dollars."""
        positions = self._positions.all().values()
        day_pnl = self._positions.day_pnl(self._prices.reference)
        held = sum(abs(p.total_shares) * (self._prices.reference(p.symbol) or p.total_avg_price) for p in positions)
        value = self._config.get("account_start_value") + day_pnl
        return {
            "account_value": round(value, 2),
            "buying_power": round(max(0.0, value - held), 2),
            "buying_power_used": round(held, 2),
            "day_pnl": round(day_pnl, 2),
            "cash_balance": round(value - held, 2),
            "timestamp": time.time(),
            "is_bootstrap": is_bootstrap,
            "data_source": "reference",
        }
