"""What each injected command asks of the application. Called on the listener's thread; the work is done by the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testrade_hooks.injection import Command, InjectionListener
from testrade_hooks.reference.arguments import Arguments, ParameterProblem
from testrade_hooks.reference.core import Core
from testrade_hooks.reference.desk import BROKER_ANSWERS
from testrade_hooks.reference.desk import request_id as new_request_id
from testrade_hooks.reference.injected_text import ocr_mocks, ocr_text
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.outlet import Link
from testrade_hooks.reference.screen_reader import Grab
from testrade_hooks.reference.worker import Worker

Data = Mapping[str, Any]
_SIDES = ("BUY", "SELL")
_ORDER_TYPES = ("MKT", "LMT", "STP", "STP LMT")


class Commands:
    def __init__(self, core: Core, worker: Worker) -> None:
        self._core = core
        self._worker = worker

    def register_with(self, listener: InjectionListener) -> None:
        handlers = {
            "ocr_event": self.ocr_event,
            "raw_image_injection": self.raw_image_injection,
            "activate_ocr_mocks": self.activate_ocr_mocks,
            "trade_command": self.trade_command,
            "bootstrap_trade": self.bootstrap_trade,
            "price_update": self.price_update,
            "broker_response": self.broker_response,
            "config_change": self.config_change,
            "trading_state_change": self.trading_state_change,
            "set_position_state": self.set_position_state,
            "query_state": self.query_state,
            "is_price_feed_active": self.is_price_feed_active,
            "reset_state": self.reset_state,
        }
        for command_type, handler in handlers.items():
            listener.register(command_type, handler)

    def trade_command(self, command: Command) -> Data:
        strategy = Arguments(command.parameters).optional_text("source_strategy")
        return self._order(command, strategy or "INTELLISENSE_INJECTED_TRADE")

    def bootstrap_trade(self, command: Command) -> Data:
        Arguments(command.parameters).text("account", "BOOTSTRAP_ACCT")
        return self._order(command, "INTELLISENSE_BOOTSTRAP_TRADE")

    def ocr_event(self, command: Command) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        text = ocr_text(arguments)
        self._worker.submit(lambda: self._core.read(text, link))
        return {}

    def raw_image_injection(self, command: Command) -> Data:
        arguments, link, image = Arguments(command.parameters), _link(command), command.image
        if image is None:
            raise ParameterProblem("the command carries no image_bytes")
        grabbed_ns = arguments.optional_integer("grab_timestamp_ns")
        grab = Grab(image, arguments.text("image_format", "PNG"), arguments.region("roi"), grabbed_ns)
        self._worker.submit(lambda: self._core.see(grab, link))
        return {}

    def activate_ocr_mocks(self, command: Command) -> Data:
        profiles = ocr_mocks(Arguments(command.parameters).mapping("profiles"))
        self._worker.call(lambda: self._core.orchestrator.set_mocks(profiles))
        return {}

    def price_update(self, command: Command) -> Data:
        arguments, link, market = Arguments(command.parameters), _link(command), self._core.desk.market
        symbol, size = arguments.text("symbol"), arguments.optional_number("size", above=0) or 100.0
        price = arguments.optional_number("price", above=0)
        if price is not None:
            self._worker.call(lambda: market.trade(symbol, price, size, link))
            return {}
        bid, ask = arguments.number("bid_price", above=0), arguments.number("ask_price", above=0)
        self._worker.call(lambda: market.quote(symbol, bid, ask, size, link))
        return {}

    def broker_response(self, command: Command) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        order_id, status = arguments.get("order_id"), arguments.choice("status", BROKER_ANSWERS)
        quantity, price = (
            arguments.optional_number("filled_quantity", above=0),
            arguments.optional_number("filled_price", above=0),
        )
        reason = arguments.optional_text("reject_reason") or ""
        order = self._worker.call(lambda: self._core.desk.broker_response(order_id, status, quantity, price, reason, link))
        return {"local_id": order.local_id, "status": order.status.name}

    def config_change(self, command: Command) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        changes = arguments.mapping("parameters")
        source = arguments.text("component", "INTELLISENSE")
        self._worker.call(lambda: self._core.change_config(changes, source, link))
        return {}

    def trading_state_change(self, command: Command) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        enabled, reason = arguments.flag("enabled"), arguments.text("reason", "INTELLISENSE")
        self._worker.call(lambda: self._core.desk.trading.set_enabled(enabled, reason, "INTELLISENSE", link))
        return {}

    def set_position_state(self, command: Command) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        symbol, source = arguments.text("symbol"), arguments.choice("source", ("MANUAL_ADJUST", "SYNC"), "MANUAL_ADJUST")
        shares = _signed_shares(arguments)
        average = arguments.optional_number_within("total_avg_price", 0.0) or 0.0
        realized = arguments.optional_number("overall_realized_pnl") or 0.0
        self._worker.call(lambda: self._core.set_position(symbol, shares, average, realized, source, link))
        return {}

    def query_state(self, command: Command) -> Data:
        arguments = Arguments(command.parameters)
        component = arguments.choice("component", tuple(self._core.queries))
        key = arguments.optional_text("key")
        return {component: self._worker.call(lambda: self._core.queries[component](key))}

    def is_price_feed_active(self, command: Command) -> Data:
        arguments = Arguments(command.parameters)
        symbol, staleness = arguments.text("symbol"), arguments.optional_number("staleness_s", above=0) or 5.0
        age = self._worker.call(lambda: self._core.desk.price_age_s(symbol))
        return {"active": age is not None and age <= staleness, "age_s": age}

    def reset_state(self, command: Command) -> Data:
        keep_config, link = Arguments(command.parameters).flag("keep_config", False), _link(command)
        self._worker.call(lambda: self._core.reset(keep_config=keep_config, link=link))
        return {}

    def _order(self, command: Command, strategy: str) -> Data:
        arguments, link = Arguments(command.parameters), _link(command)
        symbol = arguments.text("symbol")
        request_id = arguments.text("request_id", new_request_id("inj", symbol))
        side, order_type = arguments.choice("side", _SIDES), arguments.choice("order_type", _ORDER_TYPES, "MKT")
        quantity = arguments.number("quantity", above=0)
        limit, stop = arguments.optional_number("limit_price"), arguments.optional_number("stop_price")
        time_in_force = arguments.text("time_in_force", "DAY")

        def send() -> None:
            desk = self._core.desk
            request = OrderRequest(
                request_id=request_id,
                symbol=symbol,
                side=side,
                quantity=quantity,
                order_type=order_type,
                limit_price=limit,
                stop_price=stop,
                time_in_force=time_in_force,
                source_strategy=strategy,
                correlation_id=link.correlation_id,
                validation_id=link.validation_id,
                current_price=desk.current_price(symbol),
                current_position=desk.positions.get(symbol).total_shares,
            )
            desk.carry_out(request, desk.announce(request, link, source="IntelliSenseInjector"))

        self._worker.submit(send)
        return {"request_id": request_id}


def _signed_shares(arguments: Arguments) -> float:
    """The shares of the position to be set, below zero if it is short; whatever says the opposite is an error."""
    shares = arguments.optional_number("total_shares") or 0.0
    strategy = arguments.choice("strategy", ("long", "short", "closed"), "short" if shares < 0 else "long")
    is_open = arguments.flag("open", shares != 0)
    if shares and not is_open:
        raise ParameterProblem(f"open is false, so total_shares must be 0, not {shares:g}")
    if shares and strategy == "closed":
        raise ParameterProblem(f"strategy is closed, so total_shares must be 0, not {shares:g}")
    if strategy == "long" and shares < 0:
        raise ParameterProblem(f"strategy is long, so total_shares must not be below 0: {shares:g}")
    if is_open and strategy != "closed" and not shares:
        raise ParameterProblem("an open position needs total_shares other than 0")
    return -abs(shares) if strategy == "short" else shares


def _link(command: Command) -> Link:
    return Link.root(command.correlation_id, command.event_id)
