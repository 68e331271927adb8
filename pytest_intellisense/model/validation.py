"""ValidationPoint: one expectation about a step, and which fields each type of expectation takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pytest_intellisense.model.durations import parse_ns

OPERATOR_NAMES = (
    *(
        "==",
        "!=",
        "approx",
        ">",
        "<",
        ">=",
        "<=",
        "between",
        "in",
        "not_in",
        "exists",
        "not_exists",
        "is_empty",
        "is_not_empty",
    ),
    *("starts_with", "ends_with", "matches_regex", "contains", "contains_ignore_case", "contains_all", "contains_any"),
    *("length", "type", "subset", "superset"),
)
Statistic = Literal["min", "median", "mean", "p90", "p95", "p99", "max"]
EventSelector = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class ValidationType:
    """`needs` and `takes` name fields of ValidationPoint beside validation_id, type and description."""

    needs: frozenset[str]
    takes: frozenset[str]
    meaning: str


def _type(needs: str, takes: str, meaning: str) -> ValidationType:
    return ValidationType(frozenset(needs.split()), frozenset(takes.split()), meaning)


_COMPARED = "operator expected_value tolerance"
COMMON_FIELDS = frozenset({"validation_id", "type", "description"})

VALIDATION_TYPES: dict[str, ValidationType] = {
    "order_repository_state": _type(
        "target_identifier field_to_check", _COMPARED, "A field of an order; target: its local, broker or request id."
    ),
    "position_manager_state": _type("target_identifier field_to_check", _COMPARED, "A field of the position of a symbol."),
    "price_state": _type("target_identifier field_to_check", _COMPARED, "A field of the current price of a symbol."),
    "trading_state": _type("", f"field_to_check {_COMPARED}", "The trading state: enabled, or another field of it."),
    "portfolio_risk_metric": _type(
        "field_to_check", _COMPARED, "A figure over all positions: gross_notional, net_shares, realized_pnl, open_positions."
    ),
    "correlation_log_event_count": _type(
        "", f"event_criteria expected_event_count {_COMPARED}", "How many events of the step's chain meet event_criteria."
    ),
    "pipeline_latency": _type(
        "field_to_check", f"statistic {_COMPARED}", "A latency key of the pipeline; a bare number counts in ms."
    ),
    "latency_between": _type(
        "from_event to_event", f"statistic {_COMPARED}", "Time between two events: stage keys or criteria."
    ),
    "latency_comparison": _type(
        "field_to_check compare_with_step", f"statistic {_COMPARED}", "Latency relative to another step's, as a ratio: <= 1.2."
    ),
    "specific_log_event_field": _type(
        "target_identifier", f"field_to_check {_COMPARED}", "A field of the event that reached a stage, or whether it exists."
    ),
    "pipeline_timeout_status": _type("", _COMPARED, "Whether the pipeline ran into its deadline."),
    "pipeline_completion_status": _type("", _COMPARED, "Whether every required stage arrived, in order."),
    "stimulus_field_validation": _type(
        "target_identifier", _COMPARED, "A field of the stimulus as injected: $stimulus_<field>."
    ),
    "event_absence": _type("event_criteria within", "", "No event of the step's chain meets event_criteria within the window."),
    "event_order": _type(
        "expected_value",
        "",
        "Stage keys or event types in the order they must arrive; one that stands again is its next event.",
    ),
    "no_extra_events": _type(
        "", "within event_criteria", "Nothing further of the chain after completion, within the window (default 250 ms)."
    ),
    "processed_image_property": _type(
        "field_to_check",
        _COMPARED,
        "width, height, size_bytes, preprocessing_latency_ns or roi_coordinates.* of the processed image.",
    ),
    "ocr_text_accuracy": _type(
        "expected_value",
        "operator tolerance field_to_check",
        "cer (character error rate, at most tolerance) or exact fields of the text read.",
    ),
    "custom_query": _type(
        "custom_query_payload", _COMPARED, "A JMESPath query over the step: stimulus, stages, events, latencies_ns, state."
    ),
}


class ValidationPoint(BaseModel):
    """What must hold after a step. Which fields apply depends on `type`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    validation_id: str = Field(
        min_length=1, max_length=200, description="Name of the check, unique in its step.", examples=["glass_to_fill"]
    )
    type: str = Field(description="What is checked.", examples=["pipeline_latency"])
    description: str = Field("", description="What the check shows, for readers and reports.", examples=["Filled in time."])
    target_identifier: str | int | None = Field(
        None, description="What it is about: a stage key, a symbol, an order id.", examples=["order_request", "AAPL"]
    )
    field_to_check: str | None = Field(
        None, description="Path to the field, or the latency key.", examples=["total_shares", "total_observed_pipeline_ns"]
    )
    operator: str = Field(
        "==", description="How the value found is compared with expected_value.", examples=list(OPERATOR_NAMES)
    )
    expected_value: Any = Field(
        None, description='What is expected; latencies as "400 ms" or a number of ms.', examples=["BUY", 100, "400 ms"]
    )
    tolerance: int | float | str | None = Field(
        None, description='How far numbers may differ: a number, or a share like "1 %".', examples=[0.01, "1 %"]
    )
    event_criteria: dict[str, Any] | None = Field(
        None, description="Path -> value that an event must carry.", examples=[{"event_type": "ORDER_REQUEST"}]
    )
    expected_event_count: int | None = Field(None, ge=0, description="How many events; short for ==.", examples=[1])
    custom_query_payload: dict[str, Any] | str | None = Field(
        None, description="A JMESPath query over the step.", examples=["length(events)"]
    )
    statistic: Statistic | None = Field(None, description="Figure over the repeats of the step.", examples=["p95"])
    from_event: EventSelector | None = Field(
        None, description="Where a latency begins: a stage key or criteria.", examples=["raw_ocr"]
    )
    to_event: EventSelector | None = Field(
        None, description="Where a latency ends: a stage key or criteria.", examples=["order_request"]
    )
    compare_with_step: str | None = Field(None, description="An earlier step to compare with.", examples=["baseline"])
    within: int | float | str | None = Field(None, description='A window: "2 s", or a number of ms.', examples=["2 s", 250])

    @field_validator("within")
    @classmethod
    def _window_is_a_duration(cls, within: int | float | str | None) -> int | float | str | None:
        if within is not None and parse_ns(within, bare_unit="ms") <= 0:
            raise ValueError("within must be longer than 0")
        return within

    @property
    def window_ns(self) -> int | None:
        return None if self.within is None else parse_ns(self.within, bare_unit="ms")
