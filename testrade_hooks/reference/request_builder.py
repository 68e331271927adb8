"""Makes an order request of a signal: its size, its price, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.config import Config
from testrade_hooks.reference.desk import TradingDesk, request_id
from testrade_hooks.reference.interpreter import Action, ShownPosition
from testrade_hooks.reference.master_action_filter import FilterDecision
from testrade_hooks.reference.order_request import OrderRequest
from testrade_hooks.reference.outlet import Link
from testrade_hooks.reference.quantities import InvalidQuantity, pricing_for, quantity_for


@dataclass(frozen=True, slots=True)
class CleanedFrame:
    """What the conditioner made of one screen. `event_id` is its own event's id; the time is epoch seconds."""

    snapshots: Mapping[str, dict[str, Any]]
    event_id: str | None
    raw_event_id: str
    frame_timestamp: float
    confidence: float


class NoOrder(Exception):
    """The signal cannot become an order; `reason` is one of the declared failure reasons, and passes or does not."""

    def __init__(self, reason: str, details: str, *, passing: bool) -> None:
        super().__init__(details)
        self.reason = reason
        self.passing = passing


class RequestBuilder:
    def __init__(self, config: Config, desk: TradingDesk) -> None:
        self._config = config
        self._desk = desk

    def build(
        self,
        action: Action,
        line: ShownPosition,
        frame: CleanedFrame,
        price: float | None,
        decision: FilterDecision,
        link: Link,
    ) -> OrderRequest:
        """The request for `action` at the market's `price`. Raises NoOrder."""
        session = self._config.get("market_session")
        if price is None or price <= 0:
            kind = "EXTENDED_HOURS_PRICE_CALCULATION_FAILED" if session == "extended" else "PRICE_VALIDATION_FAILED"
            raise NoOrder(kind, f"no fresh price for {line.symbol}", passing=True)
        position = self._desk.positions.get(line.symbol)
        try:
            pending = self._desk.orders.pending(line.symbol, "SELL")
            quantity = quantity_for(action, position, line.cost_basis, price, self._config, pending_sell=pending)
        except InvalidQuantity as problem:
            raise NoOrder("INVALID_QUANTITY_CALCULATED", str(problem), passing=False) from None
        pricing = pricing_for(action.side, price, session)
        return OrderRequest(
            request_id=request_id(action, line.symbol),
            symbol=line.symbol,
            side=action.side,
            quantity=quantity,
            order_type=pricing.order_type,
            limit_price=pricing.limit_price,
            source_strategy=f"OCR_SCALPING_{action}",
            related_ocr_event_id=frame.raw_event_id,
            current_price=price,
            current_position=position.total_shares,
            ocr_frame_timestamp=frame.frame_timestamp,
            triggering_cost_basis=line.cost_basis,
            validation_id=link.validation_id,
            correlation_id=link.correlation_id,
            meta={
                "ocr_confidence": frame.confidence,
                "cleaned_snapshot_event_id": frame.event_id,
                "causation_id": link.event_id,
                "origin_correlation_id": link.correlation_id,
                "maf_decision_metadata": {"decision_type": decision.decision_type, "reason": decision.reason},
                "risk_assessment_metadata": {},
            },
        )
