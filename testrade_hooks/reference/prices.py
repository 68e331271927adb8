"""What the market costs: the last trade and the quote of each symbol, and how old they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from testrade_hooks.reference.listed import LISTED_PRICES, WATCHED_PRICES


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices in dollars, timestamps in epoch seconds. `read_at` is the book's own clock, in seconds."""

    symbol: str
    last_trade_price: float | None = None
    last_trade_timestamp: float | None = None
    bid_price: float | None = None
    bid_timestamp: float | None = None
    ask_price: float | None = None
    ask_timestamp: float | None = None
    source: str = "stream_trade"
    read_at: float = 0.0

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "read_at"}

    @property
    def reference(self) -> float | None:
        """The price to reckon with: the last trade, else the middle of the quote."""
        if self.last_trade_price is not None:
            return self.last_trade_price
        if self.bid_price is not None and self.ask_price is not None:
            return round((self.bid_price + self.ask_price) / 2, 4)
        return None


class PriceBook:
    """The latest quote of each symbol. `clock` gives seconds and only moves forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quotes: dict[str, Quote] = {}
        self.reset()

    def reset(self) -> None:
        self._quotes = {}
        for symbol, price in WATCHED_PRICES.items():
            self.trade(symbol, price)

    def trade(self, symbol: str, price: float) -> Quote:
        """A trade at `price`: bid and ask are the latest price until somebody quotes."""
        now = time.time()
        quote = Quote(
            symbol,
            last_trade_price=price,
            last_trade_timestamp=now,
            bid_price=price,
            bid_timestamp=now,
            ask_price=price,
            ask_timestamp=now,
            source="stream_trade",
            read_at=self._clock(),
        )
        self._quotes[symbol] = quote
        return quote

    def quote(self, symbol: str, bid: float, ask: float) -> Quote:
        """A new quote; the last trade stays what it was."""
        now = time.time()
        quote = replace(
            self._quotes.get(symbol, Quote(symbol)),
            bid_price=bid,
            bid_timestamp=now,
            ask_price=ask,
            ask_timestamp=now,
            source="stream_ask",
            read_at=self._clock(),
        )
        self._quotes[symbol] = quote
        return quote

    def refresh(self) -> list[Quote]:
        """The feed repeats every price it has: all of them are fresh again."""
        now, epoch = self._clock(), time.time()
        for symbol, quote in self._quotes.items():
            self._quotes[symbol] = replace(
                quote,
                last_trade_timestamp=epoch if quote.last_trade_price is not None else None,
                bid_timestamp=epoch if quote.bid_price is not None else None,
                ask_timestamp=epoch if quote.ask_price is not None else None,
                read_at=now,
            )
        return list(self._quotes.values())

    def get(self, symbol: str) -> Quote | None:
        """The quote; of a listed symbol that nobody asked for before it is fetched now, and followed from then on."""
        if symbol not in self._quotes and symbol in LISTED_PRICES:
            self._quotes[symbol] = replace(self.trade(symbol, LISTED_PRICES[symbol]), source="async_rest_trade")
        return self._quotes.get(symbol)

    def reference(self, symbol: str) -> float | None:
        """The price to reckon with, however old it is."""
        quote = self.get(symbol)
        return quote.reference if quote else None

    def all(self) -> dict[str, Quote]:
        return dict(self._quotes)

    def age_s(self, symbol: str) -> float | None:
        """Seconds since the feed last spoke of `symbol`; None if it never did. Asking does not make it speak."""
        quote = self._quotes.get(symbol)
        return None if quote is None else self._clock() - quote.read_at

    def fresh(self, symbol: str, staleness_s: float) -> Quote | None:
        """The quote, unless there is none or it is older than `staleness_s` seconds."""
        quote, age = self.get(symbol), self.age_s(symbol)
        return quote if age is not None and age <= staleness_s else None
