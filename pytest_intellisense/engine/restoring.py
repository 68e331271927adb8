"""Putting TESTRADE back between repetitions of a step: every repetition starts from the state the first one found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_intellisense.engine.asking import Requests

_POSITION_FIELDS = ("open", "strategy", "total_shares", "total_avg_price", "overall_realized_pnl")


class StateBefore:
    """Positions, prices and trading state as they were. The configuration is left as it is.

    Open orders, filters and fingerprints of the OCR side are not put back: they start afresh with every repetition.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._positions = _part(requests, "positions")
        self._prices = _part(requests, "prices")
        self._trading = _part(requests, "trading_state")

    def restore(self) -> None:
        """Does nothing for an app that cannot be reset. Raises EnvironmentProblem."""
        if not self._requests.reset(keep_config=True):
            return
        now = _part(self._requests, "prices")
        for symbol, price in self._prices.items():
            self._restore_price(symbol, price, now.get(symbol) or {})
        for symbol, position in self._positions.items():
            if position.get("open") or position.get("overall_realized_pnl"):
                state = {name: position[name] for name in _POSITION_FIELDS if name in position}
                self._requests.demand("set_position_state", {"symbol": symbol, **state})
        if self._trading.get("enabled") is False:
            reason = str(self._trading.get("reason") or "as before")
            self._requests.demand("trading_state_change", {"enabled": False, "reason": reason})

    def _restore_price(self, symbol: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        quote = before.get("bid_price"), before.get("ask_price")
        if None not in quote and quote != (now.get("bid_price"), now.get("ask_price")):
            self._requests.demand("price_update", {"symbol": symbol, "bid_price": quote[0], "ask_price": quote[1], "size": 100})
        last = before.get("last_trade_price")
        if last is not None and last != now.get("last_trade_price"):
            self._requests.demand("price_update", {"symbol": symbol, "price": last, "size": 100})


def _part(requests: Requests, component: str) -> Mapping[str, Any]:
    found = requests.query(component).get(component)
    return found if isinstance(found, Mapping) else {}
