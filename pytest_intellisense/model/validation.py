"""ValidationPoint: one expectation about a step, and which fields each type of expectation takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_intellisense.model.durations import parse_ns

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

VALIDATION_TYPES: dict[str, ValidationType] = {
    "order_repository_state": _type("target_identifier field_to_check", _COMPARED, "A field of an order; target: its local, broker or request id."),
    "position_manager_state": _type("target_identifier field_to_check", _COMPARED, "A field of the position of a symbol."),
    "price_state": _type("target_identifier field_to_check", _COMPARED, "A field of the current price of a symbol."),
    "trading_state": _type("", f"field_to_check {_COMPARED}", "The trading state: enabled, or another field of it."),
    "portfolio_risk_metric": _type("field_to_check", _COMPARED, "A figure over all positions: gross_notional, net_shares, realized_pnl, open_positions."),
    "correlation_log_event_count": _type("", f"event_criteria expected_event_count {_COMPARED}", "How many events of the step's chain meet event_criteria."),
    "pipeline_latency": _type("field_to_check", f"statistic {_COMPARED}", "A latency key of the pipeline; a bare number counts in ms."),
    "latency_between": _type("from_event to_event", f"statistic {_COMPARED}", "Time between two events: stage keys or criteria."),
    "latency_comparison": _type("field_to_check compare_with_step", f"statistic {_COMPARED}", "Latency relative to another step's, as a ratio: <= 1.2."),
    "specific_log_event_field": _type("target_identifier", f"field_to_check {_COMPARED}", "A field of the event that reached a stage, or whether it exists."),
    "pipeline_timeout_status": _type("", _COMPARED, "Whether the pipeline ran into its deadline."),
    "pipeline_completion_status": _type("", _COMPARED, "Whether every required stage arrived, in order."),
    "stimulus_field_validation": _type("target_identifier", _COMPARED, "A field of the stimulus as injected: $stimulus_<field>."),
    "event_absence": _type("event_criteria within", "", "No event of the step's chain meets event_criteria within the window."),
    "event_order": _type("expected_value", "", "Stage keys or event types in the order in which they must arrive."),
    "no_extra_events": _type("", "within event_criteria", "Nothing further of the chain after completion, within the window (default 250 ms)."),
    "processed_image_property": _type("field_to_check", _COMPARED, "width, height, size_bytes, preprocessing_latency_ns or roi_coordinates.* of the processed image."),
    "ocr_text_accuracy": _type("expected_value", "operator tolerance field_to_check", "cer (character error rate, at most tolerance) or exact fields of the text read."),
    "custom_query": _type("custom_query_payload", _COMPARED, "A JMESPath query over the step: stimulus, stages, events, latencies_ns, state."),
}


class ValidationPoint(BaseModel):
    """What must hold after a step. Which fields apply depends on `type`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    validation_id: str = Field(min_length=1, max_length=200)
    type: str
    description: str = ""
    target_identifier: str | int | None = None
    field_to_check: str | None = None
    operator: str = "=="
    expected_value: Any = None
    tolerance: int | float | str | None = None
    event_criteria: dict[str, Any] | None = None
    expected_event_count: int | None = Field(None, ge=0)
    custom_query_payload: dict[str, Any] | str | None = None
    statistic: Statistic | None = None
    from_event: EventSelector | None = None
    to_event: EventSelector | None = None
    compare_with_step: str | None = None
    within: int | float | str | None = Field(None, description='A window: "2 s", or a number of ms.')

    @model_validator(mode="after")
    def _window_is_a_duration(self) -> ValidationPoint:
        if self.within is not None and parse_ns(self.within, bare_unit="ms") <= 0:
            raise ValueError("within must be longer than 0")
        return self

    @property
    def window_ns(self) -> int | None:
        return None if self.within is None else parse_ns(self.within, bare_unit="ms")
