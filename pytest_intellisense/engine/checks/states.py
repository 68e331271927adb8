"""Checks of what TESTRADE holds after the step: orders, positions, prices, the trading state, figures over all positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_intellisense.engine.checks.context import Asked, StepView
from pytest_intellisense.engine.checks.outcome import Finding, judge
from pytest_intellisense.engine.paths import MISSING, lead_nowhere, resolve
from pytest_intellisense.errors import EnvironmentProblem, PlanError

_ORDER_IDS = ("local_id", "local_order_id", "broker_order_id", "ls_order_id", "request_id")


def order_repository_state(view: StepView, asked: Asked) -> Finding:
    """A field of the order with this local, broker or request id."""
    orders = _part(view, "orders", list)
    order = next((one for one in orders if _has_id(one, asked.target)), None)
    known = ", ".join(str(one.get("local_id")) for one in orders[:20]) or "none"
    return _field(view, asked, order, f"order {asked.target}", f"there is no order {asked.target} (local ids: {known})")


def position_manager_state(view: StepView, asked: Asked) -> Finding:
    """A field of the position of a symbol. A symbol the step is about, and of which nothing is held, has a flat position."""
    symbol = str(asked.target)
    positions = _part(view, "positions", dict)
    position = positions.get(symbol)
    if position is None and symbol in view.known_symbols():
        position = flat_position(symbol)
    known = ", ".join(positions) or "none"
    return _field(view, asked, position, f"position {symbol}", f"there is no position {symbol} (positions: {known})")


def flat_position(symbol: str) -> dict[str, Any]:
    amounts = dict.fromkeys(("total_shares", "total_avg_price", "shares", "avg_price", "quantity", "average_price"), 0.0)
    return {"symbol": symbol, "open": False, "strategy": "closed", "overall_realized_pnl": 0.0, **amounts}


def price_state(view: StepView, asked: Asked) -> Finding:
    """A field of the current price of a symbol."""
    symbol = str(asked.target)
    prices = _part(view, "prices", dict)
    known = ", ".join(prices) or "none"
    return _field(view, asked, prices.get(symbol), f"price {symbol}", f"there is no price of {symbol} (prices: {known})")


def trading_state(view: StepView, asked: Asked) -> Finding:
    """`enabled`, or another field of the trading state."""
    return _field(view, asked, _part(view, "trading_state", dict), "trading state", "", default="enabled")


def portfolio_risk_metric(view: StepView, asked: Asked) -> Finding:
    """A figure over all positions: gross_notional in dollars at average price, net_shares, realized_pnl, open_positions."""
    metric = _METRICS.get(str(asked.field))
    if metric is None:
        raise PlanError(f'"{asked.field}" is no figure over all positions', hint=f"figures: {', '.join(_METRICS)}")
    positions = [one for one in _part(view, "positions", dict).values() if isinstance(one, Mapping)]
    return judge(view, asked, round(metric(positions), 6), subject=f"portfolio {asked.field}")


def _total(positions: Sequence[Mapping[str, Any]], name: str) -> float:
    return sum(_amount(one, name) for one in positions)


def _amount(position: Mapping[str, Any], name: str) -> float:
    return float(position.get(name) or 0)


def _gross_notional(positions: Sequence[Mapping[str, Any]]) -> float:
    return sum(abs(_amount(one, "total_shares")) * _amount(one, "total_avg_price") for one in positions)


_METRICS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], float]] = {
    "gross_notional": _gross_notional,
    "net_shares": lambda positions: _total(positions, "total_shares"),
    "realized_pnl": lambda positions: _total(positions, "overall_realized_pnl"),
    "open_positions": lambda positions: sum(1 for one in positions if one.get("open")),
}


def _has_id(order: Mapping[str, Any], wanted: Any) -> bool:
    return any(order.get(name) is not None and str(order[name]) == str(wanted) for name in _ORDER_IDS)


def _part(view: StepView, component: str, kind: type[Any]) -> Any:
    part = view.state(component).get(component)
    if not isinstance(part, kind):
        raise EnvironmentProblem(
            f"TESTRADE answered the query for {component} without {component}",
            hint="the callable registered for query_state must return them under that name",
        )
    return part


def _field(
    view: StepView, asked: Asked, record: Mapping[str, Any] | None, what: str, absent: str, *, default: str = ""
) -> Finding:
    field = asked.field or default
    subject = f"{what} {field}".strip()
    if record is None:
        return judge(view, asked, MISSING, subject=subject, nowhere=absent)
    if not field:
        return judge(view, asked, dict(record), subject=subject)
    value = resolve(record, field)
    nowhere = lead_nowhere(record, field, within=what) if value is MISSING else ""
    return judge(view, asked, value, subject=subject, nowhere=nowhere)
