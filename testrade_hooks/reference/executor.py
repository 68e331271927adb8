"""The last gates before the broker, and the order on its way through them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testrade_hooks import clock
from testrade_hooks.reference.broker import SimulatedBroker
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.order_events import OrderEvents
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.orders import Order, OrderRepository, OrderStatus
from testrade_hooks.reference.outlet import Link, Outlet

_EXECUTOR = "TradeExecutor"


@dataclass(frozen=True, slots=True)
class _Rejection:
    kind: str
    reason: str
    category: str


class Executor:
    """Turns a validated request into an order at the broker. `seconds` only moves forward."""

    def __init__(
        self,
        config: Config,
        orders: OrderRepository,
        broker: SimulatedBroker,
        events: OrderEvents,
        outlet: Outlet,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._orders = orders
        self._broker = broker
        self._events = events
        self._outlet = outlet
        self._seconds = seconds
        self._sent: dict[tuple[object, ...], float] = {}

    def reset(self) -> None:
        self._sent = {}

    def execute(self, request: OrderRequest, link: Link) -> bool:
        """True if the order went to the broker."""
        started_ns = clock.now().monotonic_ns
        self._outlet.log("validated_order_received_by_executor", _EXECUTOR, {"request_id": request.request_id}, link)
        link = self._outlet.log("OrderProcessed", "TradeManagerService", _processed(request, link), link)
        order = self._orders.create(request)
        rejection = self._rejection(request)
        if rejection:
            link = self._outlet.log("ExecutionRejection", _EXECUTOR, _rejected(order, rejection), link)
            self._events.refused(order, rejection.reason, link)
            return False
        self._send(order, started_ns, link)
        return True

    def _send(self, order: Order, started_ns: int, link: Link) -> None:
        request, broker_id = order.request, self._broker.next_id()
        order = self._orders.store(order.moved_to(OrderStatus.SEND_ATTEMPTED_TO_BRIDGE))
        decision = {
            "decision_type": "ORDER_SENT_TO_BROKER",
            "symbol": request.symbol,
            "local_order_id": str(order.local_id),
            "request_id": request.request_id,
        }
        link = self._outlet.log("ExecutionDecision", _EXECUTOR, decision, link)
        submitted_ns = clock.now().monotonic_ns
        submission = {
            "local_order_id": str(order.local_id),
            "request_id": request.request_id,
            "symbol": request.symbol,
            "T16_ExecutionStart_ns": started_ns,
            "T17_BrokerSubmission_ns": submitted_ns,
            "execution_duration_ns": submitted_ns - started_ns,
            "broker_payload": _broker_payload(order, link),
        }
        link = self._outlet.log("BrokerOrderSubmitted", "OrderEventProcessor", submission, link)
        sent = {**_identity(order), "broker_order_id": broker_id, "T18_BrokerSend_ns": clock.now().monotonic_ns}
        link = self._outlet.log("BrokerOrderSent", "OrderEventProcessor", sent, link)
        self._outlet.log("order_sent_to_broker_interface", _EXECUTOR, _identity(order), link)
        self._events.sent(order, broker_id, link)
        self._broker.send(
            order.local_id,
            broker_id,
            symbol=request.symbol,
            side=request.side,
            quantity=request.quantity,
            order_type=request.order_type,
            limit=request.limit_price,
            stop=request.stop_price,
        )

    def _rejection(self, request: OrderRequest) -> _Rejection | None:
        needed = {"LMT": ("limit_price",), "STP": ("stop_price",), "STP LMT": ("stop_price", "limit_price")}
        missing = [name for name in needed.get(request.order_type, ()) if not (getattr(request, name) or 0) > 0]
        if missing:
            reason = f"a {request.order_type} order needs a {' and a '.join(missing)} above 0"
            return _Rejection("INVALID_ORDER_PRICE_PARAMETERS", reason, "SYSTEM_ERROR")
        if request.symbol in self._config.get("halted_symbols"):
            return _Rejection("TRADING_HALTED_HALTED", f"trading of {request.symbol} is halted", "LULD_HALT")
        if self._is_duplicate(request):
            reason = f"request {request.request_id} was sent before"
            return _Rejection("FINGERPRINT_DUPLICATE_DETECTED", reason, "DUPLICATE_FINGERPRINT")
        return None

    def _is_duplicate(self, request: OrderRequest) -> bool:
        fingerprint = (
            request.source_strategy,
            int(request.quantity),
            round(request.triggering_cost_basis or 0.0, 4),
            f"REQ_{request.request_id}",
        )
        now, expiry = self._seconds(), self._config.get("FINGERPRINT_STALE_ORDER_EXPIRY_SEC")
        self._sent = {known: at for known, at in self._sent.items() if now - at < expiry}
        duplicate = fingerprint in self._sent
        self._sent.setdefault(fingerprint, now)
        return duplicate


def _processed(request: OrderRequest, link: Link) -> dict[str, Any]:
    return {
        "event_name_in_payload": "ValidatedOrderProcessedByExecutor",
        "request_id": request.request_id,
        "symbol": request.symbol,
        "action_type": request.action,
        "order_params_side": request.side,
        "order_params_quantity": request.quantity,
        "order_params_type": request.order_type,
        "status": "FORWARDED_TO_EXECUTOR",
        "validation_pipeline_id": link.validation_id,
    }


def _rejected(order: Order, rejection: _Rejection) -> dict[str, Any]:
    return {
        **_identity(order),
        "rejection_type": rejection.kind,
        "rejection_reason": rejection.reason,
        "rejection_category": rejection.category,
    }


def _identity(order: Order) -> dict[str, Any]:
    return {"local_order_id": str(order.local_id), "request_id": order.request.request_id, "symbol": order.request.symbol}


def _broker_payload(order: Order, link: Link) -> dict[str, Any]:
    """The line that goes over the bridge to the broker."""
    request = order.request
    payload: dict[str, Any] = {
        "cmd": "place_order",
        "req_id": request.request_id,
        "symbol": request.symbol,
        "action": request.side,
        "quantity": int(request.quantity),
        "orderType": request.order_type.replace(" ", ""),
        "outsideRth": request.order_type == "LMT",
        "local_copy_id": order.local_id,
        "correlation_id": link.correlation_id,
    }
    prices = {"limitPrice": request.limit_price, "stopPrice": request.stop_price}
    return payload | {name: price for name, price in prices.items() if price is not None}
