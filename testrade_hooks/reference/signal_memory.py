"""What the orchestrator has already acted on, so that the same screen does not trade twice."""

from __future__ import annotations

import time
from collections.abc import Callable

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.interpreter import ShownPosition

Fingerprint = tuple[str, str, float, float, float]
_Seen = tuple[str, float, float]


class SignalMemory:
    """`clock` gives seconds and only moves forward."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._requested: dict[Fingerprint, float] = {}
        self._seen: dict[str, _Seen] = {}
        self._refused_opens: dict[str, tuple[float, float | None]] = {}

    def reset(self) -> None:
        self._requested, self._seen, self._refused_opens = {}, {}, {}

    def forget(self, symbol: str) -> None:
        """The symbol's position was set from outside: what was seen before means nothing now."""
        self.order_settled(symbol)
        self.not_done(symbol)
        self._refused_opens.pop(symbol, None)

    def not_done(self, symbol: str) -> None:
        """What the screen asked for was not done: the unchanged screen asks for it again."""
        self._seen.pop(symbol, None)

    def order_settled(self, symbol: str) -> None:
        """The symbol's order is filled or over: the same request may be made again."""
        self._requested = {known: at for known, at in self._requested.items() if known[0] != symbol}

    def is_duplicate(self, line: ShownPosition, shares: float) -> bool:
        """The same request was made a short while ago and is still on its way."""
        at = self._requested.get(_fingerprint(line, shares))
        return at is not None and self._clock() - at < self._config.get("FINGERPRINT_STALE_ORDER_EXPIRY_SEC")

    def is_unchanged(self, line: ShownPosition, price: float | None) -> bool:
        """The screen says what it said last time, and there is no refused open to be tried once more."""
        return self._seen.get(line.symbol) == _values(line) and not self._may_retry_open(line.symbol, price)

    def remember(self, line: ShownPosition) -> None:
        self._seen[line.symbol] = _values(line)

    def requested(self, line: ShownPosition, shares: float) -> None:
        self._requested[_fingerprint(line, shares)] = self._clock()

    def open_refused(self, symbol: str, price: float | None) -> None:
        """Risk refused an open: for a while, and at this price, the unchanged screen may ask again."""
        self._expire_refused(symbol)
        self._refused_opens.setdefault(symbol, (self._clock(), price))

    def open_accepted(self, symbol: str) -> None:
        self._refused_opens.pop(symbol, None)

    def _may_retry_open(self, symbol: str, price: float | None) -> bool:
        self._expire_refused(symbol)
        _, then = self._refused_opens.get(symbol, (0.0, None))
        if then is None or price is None:
            return False
        return bool(round(abs(price - then) * 100, 6) <= self._config.get("suppressed_open_price_tolerance_cents"))

    def _expire_refused(self, symbol: str) -> None:
        since, _ = self._refused_opens.get(symbol, (self._clock(), None))
        if self._clock() - since > self._config.get("suppressed_open_retry_window_seconds"):
            del self._refused_opens[symbol]


def _values(line: ShownPosition) -> _Seen:
    return line.strategy_hint, line.cost_basis, line.realized_pnl


def _fingerprint(line: ShownPosition, shares: float) -> Fingerprint:
    return line.symbol, line.strategy_hint, shares, line.cost_basis, line.realized_pnl
