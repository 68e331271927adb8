"""What a step does to TESTRADE: eight stimuli, told apart by `type`.

A field may hold a reference instead of its value (`$stimulus_symbol`, `${captured_order_id}`); it is resolved
just before the injection and the result is checked against the same model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Reference = Annotated[str, Field(pattern=r"^\$")]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)] | Reference
Quantity = Annotated[float, Field(gt=0, allow_inf_nan=False)] | Reference
Symbol = Annotated[str, Field(min_length=1, max_length=64)]
Side = Literal["BUY", "SELL"]


class _Stimulus(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    correlation_id: str | None = Field(None, min_length=1, max_length=200, description="Master correlation id; default: made from the step id.")


class TradeCommand(_Stimulus):
    """An order request that enters TESTRADE where its strategies put theirs: before the risk checks."""

    type: Literal["trade_command"]
    symbol: Symbol
    side: Side | Reference
    quantity: Quantity
    order_type: Literal["MKT", "LMT", "STP", "STP LMT"] = "MKT"
    limit_price: Price | None = None
    stop_price: Price | None = None
    time_in_force: str = "DAY"
    source_strategy: str = "INTELLISENSE_INJECTED_TRADE"


class OcrEvent(_Stimulus):
    """Raw OCR text as Tesseract would have returned it; enters before the conditioner."""

    type: Literal["ocr_event"]
    raw_data: dict[str, Any] = Field(
        description="full_raw_text (lines separated by \\n) or snapshots {SYM: {strategy_hint, cost_basis, pnl_per_share, realized_pnl}}; "
        "overall_confidence 0 to 100 (default 95)."
    )
    symbol: Symbol | None = None
    frame_number_override: int | None = None
    frame_timestamp_override: float | None = None

    @model_validator(mode="after")
    def _something_to_read(self) -> OcrEvent:
        if not self.raw_data.keys() & {"full_raw_text", "snapshots", "snapshots_raw_data"}:
            raise ValueError("raw_data needs full_raw_text or snapshots")
        return self


class RawImageInjection(_Stimulus):
    """One screen image (PNG, JPEG or BMP), as if it had just been grabbed."""

    type: Literal["raw_image_injection"]
    image: str = Field(min_length=1, description="Path of the image, relative to the plan's folder.")
    roi: tuple[int, int, int, int] | None = Field(None, strict=False, description="[x1, y1, x2, y2] within the image.")


class SequenceFrame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    image: str = Field(min_length=1)
    at_ms: int | float = Field(ge=0, description="Intended injection time after the first frame, in ms.")


class RawImageSequence(_Stimulus):
    """Several screens with their timing: listed here, evenly spaced, or taken from a manifest of captured frames."""

    type: Literal["raw_image_sequence"]
    images: tuple[str, ...] | None = Field(None, min_length=1, strict=False)
    interval_ms: int | float = Field(200, ge=0, description="Spacing of `images`, in ms.")
    frames: tuple[SequenceFrame, ...] | None = Field(None, min_length=1, strict=False)
    manifest: str | None = Field(None, min_length=1, description="JSON lines: correlation_id, image_filename, perf_counter_ns_capture, epoch_s_capture.")

    @model_validator(mode="after")
    def _exactly_one_source(self) -> RawImageSequence:
        if sum(source is not None for source in (self.images, self.frames, self.manifest)) != 1:
            raise ValueError("give exactly one of images, frames, manifest")
        return self


class PriceUpdate(_Stimulus):
    """A market tick (`price`) or a quote (`bid_price` and `ask_price`)."""

    type: Literal["price_update"]
    symbol: Symbol
    price: Price | None = None
    bid_price: Price | None = None
    ask_price: Price | None = None
    size: Quantity = 100.0

    @model_validator(mode="after")
    def _tick_or_quote(self) -> PriceUpdate:
        quote = (self.bid_price is not None, self.ask_price is not None)
        if any(quote) != all(quote) or (self.price is not None) == any(quote):
            raise ValueError("give price, or bid_price and ask_price")
        return self


class BrokerResponse(_Stimulus):
    """An answer of the broker to an open order: by local order id, broker order id or request id."""

    type: Literal["broker_response"]
    order_id: str | int = Field(description="Local order id, broker order id or request id; usually a captured value.")
    status: Literal["ACCEPTED", "WORKING", "PARTIAL", "FILLED", "REJECTED", "CANCELLED"]
    filled_quantity: Quantity | None = None
    filled_price: Price | None = None
    reject_reason: str | None = None


class ConfigChange(_Stimulus):
    """One configuration parameter (`parameter`, `new_value`) or several at once (`parameters`)."""

    type: Literal["config_change"]
    parameter: str | None = None
    new_value: Any = None
    parameters: dict[str, Any] | None = None
    component: str = "INTELLISENSE"

    @model_validator(mode="after")
    def _one_form(self) -> ConfigChange:
        if (self.parameter is None) == (self.parameters is None):
            raise ValueError("give parameter and new_value, or parameters")
        return self


class TradingStateChange(_Stimulus):
    """Trading switched on or off."""

    type: Literal["trading_state_change"]
    enabled: bool
    reason: str = "INTELLISENSE"


Stimulus = Annotated[
    TradeCommand
    | OcrEvent
    | RawImageInjection
    | RawImageSequence
    | PriceUpdate
    | BrokerResponse
    | ConfigChange
    | TradingStateChange,
    Field(discriminator="type"),
]
