"""How many shares, and at what price."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.interpreter import Action
from testrade_hooks.reference.positions import Position

_OPENING, _CLOSING = dt.time(9, 30), dt.time(16, 0)


class InvalidQuantity(ValueError):
    """The numbers at hand give no order size; `str()` says which."""


@dataclass(frozen=True, slots=True)
class Pricing:
    order_type: str
    limit_price: float | None


def quantity_for(
    action: Action, position: Position, new_cost: float, reference: float, config: Config, *, pending_sell: float = 0.0
) -> float:
    """The shares to order; never more than are held and no order on its way sells (`pending_sell`).

    `new_cost` is the cost basis on the screen, `reference` the market price. Raises InvalidQuantity.
    """
    if action is Action.OPEN_LONG:
        return float(config.get("initial_share_size"))
    if action is Action.ADD_LONG:
        return _add_quantity(position, new_cost, reference, config)
    held = abs(position.total_shares)
    left = held - pending_sell
    if action is Action.REDUCE_PARTIAL:
        left = min(left, max(1.0, float(int(held * config.get("reduce_percentage") / 100))))
    if left < 1:
        raise InvalidQuantity(f"{left:g} shares of {position.symbol} to sell")
    return left


def _add_quantity(position: Position, new_cost: float, reference: float, config: Config) -> float:
    if config.get("add_type") == "Equal":
        return float(config.get("manual_shares"))
    distance = reference - new_cost
    if not distance:
        raise InvalidQuantity(f"the cost basis {new_cost:.2f} equals the market price")
    shares = float(round(position.total_shares * (new_cost - position.total_avg_price) / distance))
    if shares < 1:
        raise InvalidQuantity(
            f"cost basis {position.total_avg_price:.2f} to {new_cost:.2f} at {reference:.2f} gives {shares:g} shares"
        )
    return shares


def pricing_for(side: str, reference: float, session: str, now: dt.datetime | None = None) -> Pricing:
    """A market order in market hours, else a limit order a little beyond the market.

    `session`: open, extended, or auto for 09:30 to 16:00 in New York on weekdays, holidays aside.
    """
    if session == "open" or (session == "auto" and _in_market_hours(now or dt.datetime.now(dt.UTC))):
        return Pricing("MKT", None)
    offset = 0.10 if reference >= 2 else 0.03
    price = reference + offset if side == "BUY" else reference - offset
    return Pricing("LMT", on_tick(price))


def on_tick(price: float) -> float:
    """The nearest price that can be quoted: whole cents, below one dollar hundredths of a cent."""
    return round(price, 2 if price >= 1 else 4)


def _in_market_hours(now: dt.datetime) -> bool:
    local = now.astimezone(ZoneInfo("America/New_York"))
    return local.weekday() < 5 and _OPENING <= local.time() < _CLOSING
