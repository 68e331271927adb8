"""What the application does, on its one thread: the parts, their timers, and the operations that commands ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from testrade_hooks.reference.conditioner import Conditioner
from testrade_hooks.reference.conditioning_service import ConditioningService
from testrade_hooks.reference.config import Config, ConfigChange
from testrade_hooks.reference.desk import TradingDesk
from testrade_hooks.reference.health import Health
from testrade_hooks.reference.orchestrator import Orchestrator
from testrade_hooks.reference.orders import Order
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.periodic import Periodic
from testrade_hooks.reference.screen_reader import Grab, OcrText, RawReading, ReadFailed, ScreenReader
from testrade_hooks.reference.worker import Worker


class Core:
    """Every method runs on the worker's thread."""

    def __init__(self, config: Config, outlet: Outlet, worker: Worker, vitals: Callable[[], Mapping[str, int]]) -> None:
        self.config = config
        self.outlet = outlet
        self._worker = worker
        self.desk = TradingDesk(config, outlet, worker.after, self._order_settled)
        self.orchestrator = Orchestrator(config, self.desk, outlet)
        self._health = Health(config, outlet, lambda: {"queue_size": worker.backlog, **vitals()})
        self._reader = ScreenReader(config, outlet)
        self._conditioner = Conditioner(config, self.desk.current_price)
        self._conditioning = ConditioningService(self._conditioner, self._health, outlet)
        self.queries = _queries(config, self.desk)
        self._timers = (
            Periodic(worker, lambda: config.get("price_feed_interval_seconds"), self.desk.market.heartbeat),
            Periodic(worker, lambda: config.get("stale_order_check_interval_seconds"), self.desk.cancel_stale_orders),
            Periodic(worker, lambda: config.get("health_interval_seconds"), self._health.report),
        )

    def begin(self) -> None:
        """Announce the state the application starts in and set its timers going."""
        link = self.outlet.publish("TESTRADE_CONFIG_BOOTSTRAP", {"full_config_snapshot": self.config.snapshot()}, Link.root())
        self.desk.announce_account(is_bootstrap=True, link=link)
        self.desk.market.heartbeat()
        self._health.report()
        for timer in self._timers:
            timer.start()

    def see(self, grab: Grab, link: Link) -> None:
        """Read a screen and trade on it."""
        self._health.check_queue(self._worker.backlog, link)
        try:
            raw, link = self._reader.read_image(grab, link)
        except ReadFailed as failure:
            self._conditioning.report_failure(failure.problem, {"image_bytes": len(grab.image)}, failure.link)
            return
        self._understand(raw, link)

    def read(self, text: OcrText, link: Link) -> None:
        """Trade on text as if it had just been read from a screen."""
        self._health.check_queue(self._worker.backlog, link)
        self._understand(*self._reader.take_text(text, link))

    def _understand(self, raw: RawReading, link: Link) -> None:
        try:
            understood = self._conditioning.process(raw, link)
        except Exception as problem:  # noqa: BLE001 - text that breaks the conditioner must not end the application
            self._conditioning.report_failure(problem, {"full_raw_text": raw.text[:1000]}, link)
            return
        if understood:
            self.orchestrator.process(*understood)

    def change_config(self, changes: Mapping[str, Any], source: str, link: Link) -> None:
        """Apply all of `changes` or none. Raises ConfigRejected."""
        self._announce(self.config.apply(changes), source, link)

    def reset(self, *, keep_config: bool, link: Link) -> None:
        """Back to the state at start; the configuration too unless it is to be kept."""
        if not keep_config:
            self._announce(self.config.reset(), "reset_state", link)
        self.desk.reset()
        self.orchestrator.reset()
        self._conditioner.reset()
        self._health.reset()

    def set_position(self, symbol: str, shares: float, avg_price: float, realized_pnl: float, source: str, link: Link) -> None:
        """Put a position into a known state; what was seen of the symbol before no longer counts."""
        self.orchestrator.memory.forget(symbol)
        self.orchestrator.filter.reset(symbol)
        self._conditioner.forget(symbol)
        self.desk.set_position(symbol, shares, avg_price, realized_pnl, source, link)

    def _announce(self, changes: list[ConfigChange], source: str, link: Link) -> None:
        for change in changes:
            body = {
                "component": change.component,
                "parameter": change.parameter,
                "old_value": _as_json(change.old_value),
                "new_value": _as_json(change.new_value),
                "source": source,
                "effective_timestamp": time.time(),
            }
            link = self.outlet.publish("TESTRADE_CONFIG_CHANGE_APPLIED", body, link)
        for timer in self._timers:
            timer.rearm()

    def _order_settled(self, order: Order) -> None:
        self.orchestrator.order_settled(order)


Query = Callable[[str | None], Any]


def _queries(config: Config, desk: TradingDesk) -> Mapping[str, Query]:
    """What may be asked; a key narrows the answer to one order, symbol or parameter."""

    def orders(key: str | None) -> list[dict[str, Any]]:
        found = desk.orders.find(key) if key else None
        return [order.record() for order in ([found] if found else [] if key else desk.orders.all())]

    def positions(key: str | None) -> dict[str, Any]:
        chosen = {key: desk.positions.get(key)} if key else desk.positions.all()
        return {symbol: position.record(desk.prices.reference(symbol)) for symbol, position in chosen.items()}

    def prices(key: str | None) -> dict[str, Any]:
        return {symbol: quote.record() for symbol, quote in desk.prices.all().items() if key in (None, symbol)}

    def trading_state(_key: str | None) -> dict[str, Any]:
        return desk.trading.current.record()

    def configuration(key: str | None) -> dict[str, Any]:
        return {name: value for name, value in config.snapshot().items() if key in (None, name)}

    return {"orders": orders, "positions": positions, "prices": prices, "trading_state": trading_state, "config": configuration}


def _as_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
