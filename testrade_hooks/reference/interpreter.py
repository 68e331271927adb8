"""What a line on the screen asks for, given what is held."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.positions import Position


class Action(StrEnum):
    OPEN_LONG = "OPEN_LONG"
    ADD_LONG = "ADD_LONG"
    REDUCE_PARTIAL = "REDUCE_PARTIAL"
    CLOSE_POSITION = "CLOSE_POSITION"

    @property
    def side(self) -> str:
        return "BUY" if self in (Action.OPEN_LONG, Action.ADD_LONG) else "SELL"


@dataclass(frozen=True, slots=True)
class ShownPosition:
    """One position as the screen shows it, rounded to cents."""

    symbol: str
    strategy_hint: str
    cost_basis: float
    pnl_per_share: float
    realized_pnl: float

    @classmethod
    def from_snapshot(cls, snapshot: dict[str, Any]) -> ShownPosition:
        return cls(
            snapshot["symbol"],
            snapshot["strategy_hint"],
            *(round(snapshot[name], 2) for name in ("cost_basis", "pnl_per_share", "realized_pnl")),
        )


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The action asked for, or None, and why. What is `held_back` is asked for again when the reason has passed."""

    action: Action | None
    reason: str
    context: dict[str, Any]
    held_back: bool = False


def interpret(
    line: ShownPosition,
    position: Position,
    config: Config,
    *,
    pending_open: bool = False,
    pending_sell: float = 0.0,
    seconds_since_sync: float | None = None,
) -> Interpretation:
    """Compare a screen line with the position. `pending_open`: an order to open it is on its way;
    `pending_sell`: the shares that orders on their way sell.

    A change of the cost basis goes before a change of the realized profit; short lines are ignored.
    """
    hint, held = line.strategy_hint.lower(), position.strategy
    cost_change = round(line.cost_basis - position.total_avg_price, 6)
    profit_change = round(line.realized_pnl - position.overall_realized_pnl, 6)
    context = {
        "position_strategy": held,
        "position_shares": position.total_shares,
        "strategy_hint": line.strategy_hint,
        "cost_basis_delta": cost_change,
        "realized_pnl_delta": profit_change,
        "pending_open": pending_open,
        "pending_sell": pending_sell,
    }
    sold = position.total_shares <= pending_sell

    def result(action: Action | None, reason: str) -> Interpretation:
        return Interpretation(action, reason, context)

    def held_back(reason: str) -> Interpretation:
        return Interpretation(None, reason, context, held_back=True)

    if hint == "short":
        return result(None, "short lines are ignored")
    if held == "closed" and hint == "long":
        if pending_open:
            return held_back("an order to open is pending")
        return result(Action.OPEN_LONG, "long on the screen, nothing held")
    if held == "long" and hint == "closed":
        grace_s = config.get("sync_grace_period_seconds")
        if seconds_since_sync is not None and seconds_since_sync < grace_s:
            return held_back(f"within {grace_s:g} s after a broker sync")
        if sold:
            return held_back("an order to close is pending")
        return result(Action.CLOSE_POSITION, "closed on the screen, long held")
    if held == "long" and hint == "long":
        if abs(cost_change) >= config.get("cost_basis_initial_add_abs_delta_threshold"):
            return result(Action.ADD_LONG, f"cost basis changed by {cost_change:+.2f}")
        if profit_change >= config.get("rPnL_initial_reduce_increase_threshold"):
            if sold:
                return held_back("an order to close is pending")
            return result(Action.REDUCE_PARTIAL, f"realized profit changed by {profit_change:+.2f}")
    return result(None, "nothing to do")
