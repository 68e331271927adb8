"""May this order be sent? The checks, in order, each with the reason it gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.prices import Quote


class RiskLevel(StrEnum):
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


@dataclass(frozen=True, slots=True)
class MarketCondition:
    level: RiskLevel
    reason: str = ""


def market_condition(quote: Quote | None, max_spread: float) -> MarketCondition:
    """Judge a quote. `max_spread` is a fraction of the middle price."""
    if quote is None or quote.bid_price is None or quote.ask_price is None:
        return MarketCondition(RiskLevel.HIGH, "missing quote")
    bid, ask = quote.bid_price, quote.ask_price
    if bid > ask:
        return MarketCondition(RiskLevel.CRITICAL, f"crossed quote, bid {bid:.2f} above ask {ask:.2f}")
    spread = round((ask - bid) / ((ask + bid) / 2), 9) if ask + bid > 0 else 1.0
    if spread > max_spread:
        return MarketCondition(RiskLevel.HIGH, f"spread {spread:.4f} above {max_spread:.4f}")
    return MarketCondition(RiskLevel.NORMAL)


def rejection_reason(request: OrderRequest, current_shares: float, quote: Quote | None, config: Config) -> str | None:
    """The reason of the first check that fails, None if all hold. Shares are signed, prices in dollars."""
    price, quantity = request.current_price, request.quantity
    if price is None or price <= 0:
        return f"LIVE_TRADING: Order rejected - No valid current_price provided. Price: {price}"
    if quantity > (limit := config.get("RISK_MAX_ORDER_QTY")):
        return f"Order quantity {quantity:.12g} exceeds max allowed {limit}"
    if quantity > (limit := config.get("risk_max_shares_per_trade")):
        return f"Order quantity {quantity:.12g} exceeds max shares per trade {limit}"
    notional = round(quantity * _dearest_price(request, price), 6)
    if notional > (limit := config.get("risk_max_notional_per_trade")):
        return f"Order notional value ${notional:.2f} exceeds max allowed ${limit:.2f}"
    after = current_shares + quantity
    if request.side == "BUY" and after > (limit := config.get("risk_max_position_size")):
        return f"New position {after:.12g} would exceed max position size {limit} (current: {current_shares:.12g})"
    condition = market_condition(quote, config.get("risk_max_spread_pct_threshold"))
    if condition.level is not RiskLevel.NORMAL:
        return f"Market conditions unfavorable: {condition.level} ({condition.reason})"
    return None


def _dearest_price(request: OrderRequest, live: float) -> float:
    """The most that a share can change hands for, by what is known now; prices its type has not do not count."""
    limit = request.limit_price if request.order_type.endswith("LMT") else None
    stop = request.stop_price if request.order_type.startswith("STP") else None
    if request.side == "BUY" and limit is not None and limit > 0:
        return limit
    return max(live, limit or 0.0, stop or 0.0)
