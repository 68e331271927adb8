"""The risk department: judges each order request, says so on the streams, and pauses trading on a bad day."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from testrade_hooks import clock
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.orders import OrderRepository
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.positions import PositionBook
from testrade_hooks.reference.prices import PriceBook
from testrade_hooks.reference.risk import rejection_reason
from testrade_hooks.reference.trading_state import TradingState

_RISK = "RiskManagementService"
_TRADE_MANAGER = "TradeManagerService"


@dataclass(frozen=True, slots=True)
class _Assessment:
    request: OrderRequest
    reason: str | None
    started_ns: int
    ended_ns: int


class RiskService:
    def __init__(
        self, config: Config, prices: PriceBook, positions: PositionBook, orders: OrderRepository, outlet: Outlet
    ) -> None:
        self._config = config
        self._prices = prices
        self._positions = positions
        self._orders = orders
        self._outlet = outlet

    def assess(self, request: OrderRequest, trading: TradingState, link: Link) -> Link | None:
        """Publish the verdict; returns the link of the validated request, or None if it was rejected."""
        started_ns = clock.now().monotonic_ns
        request_id = request.request_id
        self._outlet.log("order_request_received_by_risk", _RISK, {"request_id": request_id, "symbol": request.symbol}, link)
        shares = self._positions.get(request.symbol).total_shares
        if not trading.enabled and self._opens(request, shares):
            link = self._skip(request, trading, link)
            reason: str | None = (
                f"Order rejected - trading disabled ({trading.state} by {trading.changed_by}: {trading.reason})"
            )
        else:
            reason = rejection_reason(request, shares, self._prices.get(request.symbol), self._config)
        assessment = _Assessment(request, reason, started_ns, clock.now().monotonic_ns)
        self._report(assessment, link)
        verdict = self._publish_verdict(assessment, link)
        self._milestones(assessment, verdict)
        return None if reason else verdict

    def _opens(self, request: OrderRequest, shares: float) -> bool:
        """Would any part of it open a position, when it and what is on its way are filled?"""
        to_close = -shares if request.side == "BUY" else shares
        return request.quantity > to_close - self._orders.pending(request.symbol, request.side)

    def _skip(self, request: OrderRequest, trading: TradingState, link: Link) -> Link:
        body = {
            "event_type": "trading_state_check",
            "event_name_in_payload": "ValidatedOrderProcessedByExecutor",
            "request_id": request.request_id,
            "symbol": request.symbol,
            "action_type": request.action,
            "status": "SKIPPED_TRADING_DISABLED",
            "reason": "Trading_Disabled",
            "enabled": trading.enabled,
            "state": trading.state,
            "changed_by": trading.changed_by,
        }
        return self._outlet.log("TradingSkipped", _TRADE_MANAGER, body, link)

    def _report(self, done: _Assessment, link: Link) -> None:
        request = done.request
        verdict: dict[str, Any] = {
            "event_name": "OrderRequestEvent",
            "request_id": request.request_id,
            "symbol": request.symbol,
            "side": request.side,
            "quantity": request.quantity,
            "order_type": request.order_type,
            "risk_assessment_status": "REJECTED" if done.reason else "VALIDATED",
            "rejection_reason": done.reason,
            "validation_pipeline_id": link.validation_id,
        }
        self._outlet.log("RiskAssessmentCompleted", _RISK, verdict, link)
        self._outlet.log(
            "risk_assessment_completed",
            _RISK,
            {"request_id": request.request_id, "status": verdict["risk_assessment_status"]},
            link,
        )

    def _publish_verdict(self, done: _Assessment, link: Link) -> Link:
        request = done.request
        if done.reason is None:
            return self._outlet.publish("TESTRADE_VALIDATED_ORDER_REQUEST", request.payload(), link)
        rejection = {
            "original_request_id": request.request_id,
            "request_id": request.request_id,
            "symbol": request.symbol,
            "side": request.side,
            "quantity": request.quantity,
            "order_type": request.order_type,
            "reason": done.reason,
            "timestamp": time.time(),
            "risk_check_details": {
                "current_price": request.current_price,
                "current_position": self._positions.get(request.symbol).total_shares,
            },
            "original_request": asdict(request),
        }
        return self._outlet.publish("TESTRADE_RISK_REJECTION", rejection, link)

    def _milestones(self, done: _Assessment, link: Link) -> None:
        body = {
            "request_id": done.request.request_id,
            "decision": "REJECTED" if done.reason else "VALIDATED",
            "rejection_reason": done.reason,
            "T13_RiskCheckStart_ns": done.started_ns,
            "T14_RiskCheckEnd_ns": done.ended_ns,
            "T15_RiskEventPublished_ns": clock.now().monotonic_ns,
            "assessment_duration_ns": done.ended_ns - done.started_ns,
        }
        self._outlet.log("RiskAssessmentMilestones", _RISK, body, link)
