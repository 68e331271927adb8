"""The price feed: what comes in is published, judged for danger, and shown to resting orders."""

from __future__ import annotations

from typing import Any

from testrade_hooks.reference.broker import SimulatedBroker
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.order_events import OrderEvents
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.prices import PriceBook, Quote
from testrade_hooks.reference.risk import market_condition
from testrade_hooks.reference.trading_state import TradingSwitch

_SIZE = 100.0


class MarketData:
    def __init__(
        self,
        config: Config,
        prices: PriceBook,
        broker: SimulatedBroker,
        events: OrderEvents,
        trading: TradingSwitch,
        outlet: Outlet,
    ) -> None:
        self._config = config
        self._prices = prices
        self._broker = broker
        self._events = events
        self._trading = trading
        self._outlet = outlet

    def trade(self, symbol: str, price: float, size: float, link: Link) -> None:
        """A trade in the market at `price` dollars."""
        link = self._received(symbol, link)
        quote = self._prices.trade(symbol, price)
        self._publish_quote(quote, link, size)
        self._moved(symbol, self._publish_tick(quote, link, size))

    def quote(self, symbol: str, bid: float, ask: float, size: float, link: Link) -> None:
        """A new bid and ask in dollars."""
        link = self._received(symbol, link)
        quote = self._prices.quote(symbol, bid, ask)
        self._moved(symbol, self._publish_quote(quote, link, size))

    def heartbeat(self) -> None:
        """The feed repeats every price, so that silence means a dead feed."""
        if not self._config.get("price_feed_enabled"):
            return
        for quote in self._prices.refresh():
            link = Link.root()
            if quote.last_trade_price is not None:
                self._publish_tick(quote, link, _SIZE)
            if quote.bid_price is not None:
                self._publish_quote(quote, link, _SIZE)

    def _received(self, symbol: str, link: Link) -> Link:
        return self._outlet.log("price_data_received_by_pricerepo", "PriceFetchingService", {"symbol": symbol}, link)

    def _moved(self, symbol: str, link: Link) -> None:
        self._judge(symbol, link)
        with self._events.caused_by(link, in_its_chain=False):
            self._broker.market_moved(symbol)
        self._trading.check_daily_loss(link)

    def _judge(self, symbol: str, link: Link) -> None:
        source = "RiskManagementService"
        self._outlet.log("price_data_enqueued_to_risk", "PriceFetchingService", {"symbol": symbol}, link)
        self._outlet.log("risk_pmd_processing_started", source, {"symbol": symbol}, link)
        condition = market_condition(self._prices.get(symbol), self._config.get("risk_max_spread_pct_threshold"))
        verdict = {"symbol": symbol, "risk_level": str(condition.level), "reason": condition.reason}
        self._outlet.log("risk_pmd_processing_completed", source, verdict, link)

    def _publish_tick(self, quote: Quote, link: Link, size: float) -> Link:
        tick: dict[str, Any] = {
            "symbol": quote.symbol,
            "price": quote.last_trade_price,
            "volume": size,
            "timestamp": quote.last_trade_timestamp,
            "tick_type": "TRADE",
            "conditions": [],
        }
        return self._outlet.publish("TESTRADE_MARKET_TICK", tick, link)

    def _publish_quote(self, quote: Quote, link: Link, size: float) -> Link:
        body: dict[str, Any] = {
            "symbol": quote.symbol,
            "bid_price": quote.bid_price,
            "ask_price": quote.ask_price,
            "bid_size": size,
            "ask_size": size,
            "timestamp": quote.bid_timestamp,
            "conditions": [],
        }
        return self._outlet.publish("TESTRADE_MARKET_QUOTE", body, link)
