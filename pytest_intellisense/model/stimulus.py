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


def _type(name: str) -> Any:
    return Field(description="Which stimulus this is.", examples=[name])


class _Stimulus(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    correlation_id: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Master correlation id; default: made from the step id.",
        examples=["moc_trade_mkt_001"],
    )


class TradeCommand(_Stimulus):
    """An order request that enters TESTRADE where its strategies put theirs: before the risk checks."""

    type: Literal["trade_command"] = _type("trade_command")
    symbol: Symbol = Field(description="What is traded.", examples=["AAPL"])
    side: Side | Reference = Field(description="Buy or sell.", examples=["BUY"])
    quantity: Quantity = Field(description="Number of shares.", examples=[100])
    order_type: Literal["MKT", "LMT", "STP", "STP LMT"] = Field(
        "MKT", description="Market, limit, stop or stop limit.", examples=["LMT"]
    )
    limit_price: Price | None = Field(None, description="Limit of a limit order.", examples=[150.25])
    stop_price: Price | None = Field(None, description="Trigger of a stop order.", examples=[149.5])
    time_in_force: str = Field("DAY", description="How long the order stands.", examples=["DAY"])
    source_strategy: str = Field(
        "INTELLISENSE_INJECTED_TRADE", description="Strategy that TESTRADE sees as its source.", examples=["OCR_SCALPING"]
    )


class OcrEvent(_Stimulus):
    """Raw OCR text as Tesseract would have returned it; enters before the conditioner."""

    type: Literal["ocr_event"] = _type("ocr_event")
    raw_data: dict[str, Any] = Field(
        description="full_raw_text (lines separated by \\n) or snapshots {SYM: {strategy_hint, cost_basis, pnl_per_share, "
        "realized_pnl}}; overall_confidence 0 to 100 (default 95).",
        examples=[{"full_raw_text": "Long AAPL 150.25 +1.20 0.00", "overall_confidence": 95}],
    )
    symbol: Symbol | None = Field(None, description="Symbol that the text is about.", examples=["AAPL"])
    frame_number_override: int | None = Field(None, description="Frame number to report.", examples=[4711])
    frame_timestamp_override: float | None = Field(
        None, description="Time of the frame, seconds since 1970.", examples=[1700000000.25]
    )

    @model_validator(mode="after")
    def _something_to_read(self) -> OcrEvent:
        if not self.raw_data.keys() & {"full_raw_text", "snapshots", "snapshots_raw_data"}:
            raise ValueError("raw_data needs full_raw_text or snapshots")
        return self


class RawImageInjection(_Stimulus):
    """One screen image (PNG, JPEG or BMP), as if it had just been grabbed."""

    type: Literal["raw_image_injection"] = _type("raw_image_injection")
    image: str = Field(
        min_length=1, description="Path of the image, relative to the plan's folder.", examples=["screens/long_aapl.png"]
    )
    roi: tuple[int, int, int, int] | None = Field(
        None, strict=False, description="[x1, y1, x2, y2] within the image.", examples=[[0, 0, 617, 137]]
    )


class SequenceFrame(BaseModel):
    """One screen of a sequence and when it comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    image: str = Field(
        min_length=1, description="Path of the image, relative to the plan's folder.", examples=["screens/long_aapl.png"]
    )
    at_ms: float = Field(ge=0, description="Intended injection time after the first frame, in ms.", examples=[200])


class RawImageSequence(_Stimulus):
    """Several screens with their timing: listed here, evenly spaced, or taken from a manifest of captured frames."""

    type: Literal["raw_image_sequence"] = _type("raw_image_sequence")
    images: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        strict=False,
        description="Images, evenly spaced by interval_ms.",
        examples=[["screens/flat.png", "screens/long_aapl.png"]],
    )
    interval_ms: float = Field(200, ge=0, description="Spacing of `images`, in ms.", examples=[200])
    frames: tuple[SequenceFrame, ...] | None = Field(
        None,
        min_length=1,
        strict=False,
        description="Images with their own times.",
        examples=[[{"image": "screens/flat.png", "at_ms": 0}, {"image": "screens/long_aapl.png", "at_ms": 150}]],
    )
    manifest: str | None = Field(
        None,
        min_length=1,
        description="Captured frames, JSON lines: correlation_id, image_filename, perf_counter_ns_capture, epoch_s_capture.",
        examples=["frames/manifest.jsonl"],
    )

    @model_validator(mode="after")
    def _exactly_one_source(self) -> RawImageSequence:
        if sum(source is not None for source in (self.images, self.frames, self.manifest)) != 1:
            raise ValueError("give exactly one of images, frames, manifest")
        return self


class PriceUpdate(_Stimulus):
    """A market tick (`price`) or a quote (`bid_price` and `ask_price`)."""

    type: Literal["price_update"] = _type("price_update")
    symbol: Symbol = Field(description="Whose price it is.", examples=["AAPL"])
    price: Price | None = Field(None, description="Price of a trade.", examples=[150.25])
    bid_price: Price | None = Field(None, description="Bid of a quote.", examples=[150.24])
    ask_price: Price | None = Field(None, description="Ask of a quote.", examples=[150.26])
    size: Quantity = Field(100.0, description="Number of shares.", examples=[100])

    @model_validator(mode="after")
    def _tick_or_quote(self) -> PriceUpdate:
        quote = (self.bid_price is not None, self.ask_price is not None)
        if any(quote) != all(quote) or (self.price is not None) == any(quote):
            raise ValueError("give price, or bid_price and ask_price")
        return self


class BrokerResponse(_Stimulus):
    """An answer of the broker to an open order: by local order id, broker order id or request id."""

    type: Literal["broker_response"] = _type("broker_response")
    order_id: str | int = Field(
        description="Local order id, broker order id or request id; usually a captured value.", examples=["${order_id}"]
    )
    status: Literal["ACCEPTED", "WORKING", "PARTIAL", "FILLED", "REJECTED", "CANCELLED"] = Field(
        description="What the broker says.", examples=["FILLED"]
    )
    filled_quantity: Quantity | None = Field(None, description="Shares filled.", examples=[40])
    filled_price: Price | None = Field(None, description="Price of the fill.", examples=[150.25])
    reject_reason: str | None = Field(None, description="Why the broker refused.", examples=["no shares to borrow"])


class ConfigChange(_Stimulus):
    """One configuration parameter (`parameter`, `new_value`) or several at once (`parameters`)."""

    type: Literal["config_change"] = _type("config_change")
    parameter: str | None = Field(None, description="Name of one parameter.", examples=["ocr_upscale_factor"])
    new_value: Any = Field(None, description="Its new value.", examples=[3.0])
    parameters: dict[str, Any] | None = Field(
        None, description="Several parameters: name -> value.", examples=[{"RISK_MAX_ORDER_QTY": 500}]
    )
    component: str = Field("INTELLISENSE", description="Who changes it.", examples=["INTELLISENSE"])

    @model_validator(mode="after")
    def _one_form(self) -> ConfigChange:
        if (self.parameter is None) == (self.parameters is None):
            raise ValueError("give parameter and new_value, or parameters")
        return self


class TradingStateChange(_Stimulus):
    """Trading switched on or off."""

    type: Literal["trading_state_change"] = _type("trading_state_change")
    enabled: bool = Field(description="Whether trading is on afterwards.", examples=[False])
    reason: str = Field("INTELLISENSE", description="Why, as TESTRADE reports it.", examples=["risk drill"])


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
