"""Keeps one action on the screen from being copied twice while its numbers still settle."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.interpreter import Action, ShownPosition


@dataclass(frozen=True, slots=True)
class FilterDecision:
    """`decision_type`: SIGNAL_PASSED, SIGNAL_SUPPRESSED, SETTLING_OVERRIDE or PASSTHROUGH."""

    decision_type: str
    reason: str
    details: dict[str, Any]

    @property
    def passes(self) -> bool:
        return self.decision_type != "SIGNAL_SUPPRESSED"


@dataclass(frozen=True, slots=True)
class _Settling:
    """What was on the screen and in the market when an action was taken, and when that was (seconds)."""

    since: float
    cost: float
    profit: float
    price: float | None


class MasterActionFilter:
    """Suppresses further ADDs and REDUCEs of a symbol for a while, unless the change is large. `clock` gives seconds."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._settling: dict[tuple[str, Action], _Settling] = {}

    def reset(self, symbol: str | None = None) -> None:
        self._settling = {key: value for key, value in self._settling.items() if symbol not in (None, key[0])}

    def record(self, action: Action, line: ShownPosition, price: float | None) -> bool:
        """The action was taken: its settling time begins. True if it is an action that settles."""
        if action not in (Action.ADD_LONG, Action.REDUCE_PARTIAL):
            return False
        self._settling[line.symbol, action] = _Settling(self._clock(), line.cost_basis, line.realized_pnl, price)
        return True

    def decide(self, action: Action, line: ShownPosition, price: float | None) -> FilterDecision:
        """Judge an action. `price` is the market's, in dollars."""
        if action is Action.ADD_LONG:
            return self._judge_add(line)
        if action is Action.REDUCE_PARTIAL:
            return self._judge_reduce(line, price)
        self.reset(line.symbol)
        return FilterDecision("PASSTHROUGH", "OPEN/CLOSE signal - state reset and passed through", {})

    def _judge_add(self, line: ShownPosition) -> FilterDecision:
        settling, left_s = self._running(line.symbol, Action.ADD_LONG, "cost_basis_settling_duration_seconds")
        if settling is None:
            return FilterDecision("SIGNAL_PASSED", "Not in cost ADD settling period", {})
        change = round(abs(line.cost_basis - settling.cost), 6)
        threshold = self._config.get("cost_basis_settling_override_abs_delta_threshold")
        details = {
            "reason": "cost settling",
            "time_remaining": round(left_s, 3),
            "baseline_cost": settling.cost,
            "abs_delta_cost": change,
            "override_threshold": threshold,
        }
        if left_s <= 0:
            self._forget(line.symbol, Action.ADD_LONG)
            return FilterDecision("SIGNAL_PASSED", "Cost ADD settling period ended naturally", details)
        if change >= threshold:
            return FilterDecision("SETTLING_OVERRIDE", "Large cost basis change", details)
        return FilterDecision("SIGNAL_SUPPRESSED", "In settling period", details)

    def _judge_reduce(self, line: ShownPosition, price: float | None) -> FilterDecision:
        settling, left_s = self._running(line.symbol, Action.REDUCE_PARTIAL, "rPnL_settling_duration_seconds")
        if settling is None:
            return FilterDecision("SIGNAL_PASSED", "Not in rPnL REDUCE settling period", {})
        gain = round(line.realized_pnl - settling.profit, 6)
        threshold = self._config.get("rPnL_settling_override_increase_threshold")
        details = {
            "reason": "rPnL settling",
            "time_remaining": round(left_s, 3),
            "baseline_rpnl": settling.profit,
            "delta_rpnl": gain,
            "override_threshold": threshold,
            "baseline_price": settling.price,
            "current_price": price,
        }
        if left_s <= 0:
            self._forget(line.symbol, Action.REDUCE_PARTIAL)
            return FilterDecision("SIGNAL_PASSED", "rPnL REDUCE settling period ended naturally", details)
        if gain >= threshold:
            return FilterDecision("SETTLING_OVERRIDE", "Large rPnL increase", details)
        if gain >= self._config.get("rPnL_initial_reduce_increase_threshold") and self._moved_against_us(settling.price, price):
            return FilterDecision("SETTLING_OVERRIDE", "Moderate rPnL increase with unfavorable price movement", details)
        return FilterDecision("SIGNAL_SUPPRESSED", "In settling period", details)

    def _moved_against_us(self, before: float | None, now: float | None) -> bool:
        if not before or now is None:
            return False
        drop = round(before - now, 6)
        percent = self._config.get("rPnL_settling_price_override_threshold_percent")
        return bool(drop / before * 100 >= percent or drop >= self._config.get("rPnL_settling_price_override_threshold_abs"))

    def _running(self, symbol: str, action: Action, duration: str) -> tuple[_Settling | None, float]:
        settling = self._settling.get((symbol, action))
        if settling is None:
            return None, 0.0
        return settling, self._config.get(duration) - (self._clock() - settling.since)

    def _forget(self, symbol: str, action: Action) -> None:
        self._settling.pop((symbol, action), None)
