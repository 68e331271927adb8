"""May positions be opened at all: ACTIVE, DISABLED by somebody, or RISK_PAUSED by the daily loss."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.positions import PositionBook
from testrade_hooks.reference.prices import PriceBook

RISK_PAUSED = "RISK_PAUSED"


@dataclass(frozen=True, slots=True)
class TradingState:
    state: str = "ACTIVE"
    changed_by: str = "ApplicationCore"
    reason: str = "start"

    @property
    def enabled(self) -> bool:
        return self.state == "ACTIVE"

    def record(self) -> dict[str, Any]:
        return {"enabled": self.enabled, "state": self.state, "changed_by": self.changed_by, "reason": self.reason}

    def change_payload(self, previous: TradingState) -> dict[str, Any]:
        return {
            "state_type": "TRADING_ENABLED",
            "enabled": self.enabled,
            "changed_by": self.changed_by,
            "previous_state": previous.enabled,
            "timestamp": time.time(),
            "state": self.state,
            "previous_state_name": previous.state,
            "reason": self.reason,
        }


class TradingSwitch:
    """Holds the trading state, announces its changes, and pauses trading when the day has lost too much.

    The day's loss is counted from the last time that a pause was lifted.
    """

    def __init__(self, config: Config, prices: PriceBook, positions: PositionBook, outlet: Outlet) -> None:
        self._config = config
        self._prices = prices
        self._positions = positions
        self._outlet = outlet
        self.reset()

    def reset(self) -> None:
        self.current = TradingState()
        self._loss_counts_from = 0.0

    def set_enabled(self, enabled: bool, reason: str, changed_by: str, link: Link) -> Link:
        if enabled and self.current.state == RISK_PAUSED:
            self._loss_counts_from = self._day_pnl()
        return self._change(TradingState("ACTIVE" if enabled else "DISABLED", changed_by, reason), link)

    def check_daily_loss(self, link: Link) -> Link:
        """Pause trading if the limit is reached; returns the link of the pause, or `link`."""
        loss = self._loss_counts_from - self._day_pnl()
        limit = self._config.get("risk_max_daily_loss")
        if not self.current.enabled or loss < limit:
            return link
        reason = f"daily loss ${loss:.2f} reached the limit ${limit:.2f}"
        paused = self._change(TradingState(RISK_PAUSED, "RiskManagementService", reason), link)
        self._outlet.log(
            "RiskTradingStopped", "RiskManagementService", {"reason": reason, "loss": loss, "limit": limit}, paused
        )
        alert = {
            "alert_id": f"alert_{time.time_ns() // 1_000_000}_daily_loss",
            "severity": "CRITICAL",
            "message": f"Trading paused: {reason}",
            "component": "RiskManagementService",
            "details": {"metric": "daily_loss", "current_value": loss, "threshold": limit},
        }
        self._outlet.publish("TESTRADE_SYSTEM_ALERT", alert, paused)
        return paused

    def _change(self, new: TradingState, link: Link) -> Link:
        previous, self.current = self.current, new
        return self._outlet.publish("TESTRADE_TRADING_STATE_CHANGE", new.change_payload(previous), link)

    def _day_pnl(self) -> float:
        return self._positions.day_pnl(self._prices.reference)
