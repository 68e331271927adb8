"""What a strategy asks the risk department for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    request_id: str
    symbol: str
    side: str
    quantity: float
    order_type: str
    correlation_id: str
    limit_price: float | None = None
    stop_price: float | None = None
    time_in_force: str = "DAY"
    source_strategy: str
    related_ocr_event_id: str | None = None
    client_order_id: str | None = None
    current_price: float | None = None
    current_position: float | None = None
    ocr_frame_timestamp: float | None = None
    triggering_cost_basis: float | None = None
    validation_id: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def action(self) -> str:
        """The trade action a strategy named, or the side of a bare command."""
        return self.source_strategy.removeprefix("OCR_SCALPING_") if self.source_strategy.startswith("OCR_") else self.side
