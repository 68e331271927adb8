"""The wire contract of TESTRADE on Redis streams: names, envelope, one encode, one decode.

An entry has the field `json_payload`, JSON text of `{"metadata": {...}, "payload": {...}}` (older writers: `data`).
Our own publisher adds `clock_domain`, the clock that `metadata.timestamp_ns` was read from, and `image_bytes`,
the binary twin of a base64 image. Every reader must do without both.

Units: `…_ns` are nanoseconds of the publisher's `perf_counter_ns` and their differences, `…_ms` milliseconds,
`timestamp`, `…_timestamp` and `…_epoch_s` seconds since 1970 (float), prices and amounts dollars, quantities shares,
confidences 0 to 100, regions of interest `[x1, y1, x2, y2]` or `{x, y, width, height}` in pixels.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testrade_hooks import clock, dialects
from testrade_hooks.envelopes import Envelope, envelope_of
from testrade_hooks.envelopes import UnreadableEntry as UnreadableEntry

RAW_OCR = "testrade:raw-ocr-events"
CLEANED_OCR = "testrade:cleaned-ocr-snapshots"
IMAGE_GRABS = "testrade:image-grabs"
PROCESSED_IMAGES = "testrade:processed-roi-image-frames"
SIGNALS = "testrade:signal-decisions"
MAF_DECISIONS = "testrade:maf-decisions"
ORDER_REQUESTS = "testrade:order-requests"
VALIDATED_ORDERS = "testrade:validated-orders"
RISK_ACTIONS = "testrade:risk-actions"
ORDER_STATUS = "testrade:order-status"
ORDER_FILLS = "testrade:order-fills"
ORDER_REJECTIONS = "testrade:order-rejections"
POSITION_UPDATES = "testrade:position-updates"
TRADE_LIFECYCLE = "testrade:trade-lifecycle-events"
TRADING_STATE = "testrade:trading-state-changes"
CONFIG_CHANGES = "testrade:config-changes"
MARKET_TRADES = "testrade:market-data:trades"
MARKET_QUOTES = "testrade:market-data:quotes"
ACCOUNT_SUMMARY = "testrade:account-summary"
SYSTEM_ALERTS = "testrade:system-alerts"
CORE_HEALTH = "testrade:health:core"
PERFORMANCE = "testrade:telemetry:performance"
ORCHESTRATION = "testrade:instrumentation:orchestration"
CORRELATION_LOG = "testrade:telemetry:correlation-events"
INJECTION_COMMANDS = "intellisense:injection-commands"
INJECTION_RESPONSES = "intellisense:injection-responses"

PROCESSED_ROI_IMAGE_TYPE = "TESTRADE_PROCESSED_ROI_IMAGE"
CORRELATION_LOG_TYPE = "TESTRADE_CORRELATION_LOG"
INJECTION_COMMAND_TYPE = "INTELLISENSE_INJECTION_COMMAND"
INJECTION_RESPONSE_TYPE = "INTELLISENSE_INJECTION_RESPONSE"


@dataclass(frozen=True, slots=True)
class EventSpec:
    """Where an event type lives, who publishes it, and the payload fields that are always there."""

    event_type: str
    stream: str
    source_component: str
    fields: tuple[str, ...]


def _spec(event_type: str, stream: str, source_component: str, fields: str) -> EventSpec:
    return EventSpec(event_type, stream, source_component, tuple(fields.split()))


_SPECS = (
    _spec("TESTRADE_RAW_IMAGE_GRAB", IMAGE_GRABS, "OCRService", "grab_timestamp_ns frame_base64 roi_used"),
    _spec(
        PROCESSED_ROI_IMAGE_TYPE,
        PROCESSED_IMAGES,
        "OCRService.Preprocessor",
        "image_bytes image_format roi_coordinates original_grab_epoch_s preprocessing_finish_perf_ns preprocessing_latency_ns",
    ),
    _spec(
        "TESTRADE_RAW_OCR_DATA",
        RAW_OCR,
        "OCRService",
        "frame_number overall_confidence snapshots full_raw_text event_id raw_ocr_processing_finish_timestamp frame_timestamp",
    ),
    _spec(
        "TESTRADE_OCR_CONDITIONING_ERROR",
        RAW_OCR,
        "OCRDataConditioningService",
        "error_type error_message error_context timestamp component severity correlation_id",
    ),
    _spec(
        "TESTRADE_CLEANED_OCR_SNAPSHOT",
        CLEANED_OCR,
        "OCRDataConditioningService",
        "frame_timestamp snapshots original_ocr_event_id raw_ocr_confidence origin_correlation_id validation_id "
        "origin_timestamp_ns roi_used_for_capture preprocessing_params_used correlation_id",
    ),
    _spec(
        "TESTRADE_NO_TRADE_DATA",
        CLEANED_OCR,
        "OCRDataConditioningService",
        "type frame_timestamp reason correlation_id timestamp correlation_event_name",
    ),
    _spec(
        "TESTRADE_SIGNAL_DECISION",
        SIGNALS,
        "OCRScalpingSignalOrchestratorService",
        "decision_type symbol order_request_data correlation_id timestamp source_component",
    ),
    _spec(
        "TESTRADE_SIGNAL_SUPPRESSION",
        SIGNALS,
        "OCRScalpingSignalOrchestratorService",
        "decision_type symbol suppression_reason",
    ),
    _spec(
        "TESTRADE_SIGNAL_VALIDATION_FAILURE",
        SIGNALS,
        "OCRScalpingSignalOrchestratorService",
        "decision_type failure_reason failure_context",
    ),
    _spec(
        "TESTRADE_SIGNAL_GENERATION_FAILURE",
        SIGNALS,
        "OCRScalpingSignalOrchestratorService",
        "decision_type failure_reason failure_context",
    ),
    _spec(
        "TESTRADE_SIGNAL_INTERPRETATION",
        SIGNALS,
        "SnapshotInterpreterService",
        "symbol decision_type signal_data interpretation_context timestamp",
    ),
    _spec("TESTRADE_MAF_DECISION", MAF_DECISIONS, "MasterActionFilterService", "decision_type symbol action reason details"),
    _spec(
        "TESTRADE_ORDER_REQUEST",
        ORDER_REQUESTS,
        "OCRScalpingSignalOrchestratorService",
        "request_id symbol side quantity order_type time_in_force source_strategy correlation_id",
    ),
    _spec(
        "TESTRADE_VALIDATED_ORDER_REQUEST",
        VALIDATED_ORDERS,
        "RiskManagementService",
        "request_id symbol side quantity order_type time_in_force source_strategy correlation_id",
    ),
    _spec(
        "TESTRADE_RISK_REJECTION",
        RISK_ACTIONS,
        "RiskManagementService",
        "original_request_id symbol side quantity order_type reason timestamp",
    ),
    _spec(
        "TESTRADE_ORDER_STATUS_UPDATE",
        ORDER_STATUS,
        "OrderRepository",
        "local_order_id broker_order_id symbol status filled_quantity remaining_quantity timestamp",
    ),
    _spec(
        "TESTRADE_ORDER_FILL",
        ORDER_FILLS,
        "OrderEventProcessor",
        "order_id local_order_id symbol side fill_quantity fill_price fill_timestamp",
    ),
    _spec("TESTRADE_ORDER_REJECTION", ORDER_REJECTIONS, "OrderEventProcessor", "local_order_id symbol reason timestamp"),
    _spec(
        "TESTRADE_POSITION_UPDATE",
        POSITION_UPDATES,
        "PositionManager",
        "symbol quantity average_price is_open strategy last_update_timestamp update_source_trigger total_fills_count "
        "session_buy_quantity session_sell_quantity session_buy_value session_sell_value",
    ),
    _spec(
        "TESTRADE_TRADE_LIFECYCLE_EVENT",
        TRADE_LIFECYCLE,
        "TradeLifecycleManagerService",
        "event_type trade_id symbol lifecycle_state correlation_id origin comment shares avg_price local_orders timestamp",
    ),
    _spec(
        "TESTRADE_TRADING_STATE_CHANGE",
        TRADING_STATE,
        "TradeManagerService",
        "state_type enabled changed_by previous_state timestamp",
    ),
    _spec(
        "TESTRADE_CONFIG_CHANGE_APPLIED",
        CONFIG_CHANGES,
        "ApplicationCore",
        "component parameter old_value new_value source effective_timestamp",
    ),
    _spec("TESTRADE_CONFIG_BOOTSTRAP", CONFIG_CHANGES, "ApplicationCore", "full_config_snapshot"),
    _spec(
        "TESTRADE_MARKET_TICK",
        MARKET_TRADES,
        "FilteredMarketDataPublisher",
        "symbol price volume timestamp tick_type conditions",
    ),
    _spec(
        "TESTRADE_MARKET_QUOTE",
        MARKET_QUOTES,
        "FilteredMarketDataPublisher",
        "symbol bid_price ask_price bid_size ask_size timestamp",
    ),
    _spec(
        "TESTRADE_ACCOUNT_SUMMARY_UPDATE",
        ACCOUNT_SUMMARY,
        "PositionManager",
        "account_value buying_power buying_power_used day_pnl cash_balance timestamp is_bootstrap data_source",
    ),
    _spec("TESTRADE_SYSTEM_ALERT", SYSTEM_ALERTS, "SystemHealthService", "alert_id severity message component details"),
    _spec("TESTRADE_CORE_HEALTH_STATUS", CORE_HEALTH, "HealthMonitor", "status timestamp"),
    _spec("TESTRADE_OCR_PROCESS_LATENCY", PERFORMANCE, "OCRProcessManager", "correlation_id t0_to_t4_ms timestamps_ns"),
    _spec("TESTRADE_OCR_CONDITIONING_LATENCY", PERFORMANCE, "OCRDataConditioningService", "t4_to_t5_ms total_t0_to_t5_ms"),
    _spec("TESTRADE_ORCHESTRATION_MILESTONES", ORCHESTRATION, "OCRScalpingSignalOrchestratorService", "correlation_id"),
    _spec(CORRELATION_LOG_TYPE, CORRELATION_LOG, "ApplicationCore", "correlation_event_name"),
    _spec(INJECTION_COMMAND_TYPE, INJECTION_COMMANDS, "IntelliSenseInjector", "command_id command_type parameters"),
    _spec(INJECTION_RESPONSE_TYPE, INJECTION_RESPONSES, "InjectionListener", "command_id command_type status message data"),
)

to_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
"""Made once: `json.dumps` makes one a call, which takes as long as to encode an event."""

EVENTS: Mapping[str, EventSpec] = {spec.event_type: spec for spec in _SPECS}
STREAMS: tuple[str, ...] = tuple(dict.fromkeys(spec.stream for spec in _SPECS))

BULK_DATA = "testrade:bulk-data"
CHILD_STREAMS: tuple[str, ...] = ("ocr:cold-path", "ocr:events")
"""Where the OCR process writes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireEvent:
    """One event as it stands on a stream.

    `timestamp_ns` is `perf_counter_ns` of the publishing process, `clock_domain` names that clock
    (None: the writer did not say, so the time is comparable with nothing of ours). `epoch_s` is the wall clock
    of writers that state it; `encode` does not. An event that was read knows its `envelope`, and by `marks` what had
    to be done to read it.
    """

    stream: str
    event_type: str
    source_component: str
    payload: Mapping[str, Any]
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    correlation_id: str | None = None
    causation_id: str | None = None
    timestamp_ns: int | None = None
    clock_domain: str | None = None
    epoch_s: float | None = None
    image_bytes: bytes | None = None
    envelope: Envelope | None = field(default=None, compare=False, repr=False)
    marks: tuple[str, ...] = ()


def occurred_ns(event: WireEvent) -> int | None:
    """When the event happened, on the clock `event.clock_domain`.

    That is its `timestamp_ns`, but for a processed image: there `timestamp_ns` is when the screen was grabbed,
    and the payload says when the processing had finished.
    """
    finished = event.payload.get("preprocessing_finish_perf_ns") if event.event_type == PROCESSED_ROI_IMAGE_TYPE else None
    return finished if type(finished) is int else event.timestamp_ns


def event(
    event_type: str,
    payload: Mapping[str, Any],
    *,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    source_component: str | None = None,
    image_bytes: bytes | None = None,
) -> WireEvent:
    """Build an event of a declared type, stamped now. Raises KeyError for an undeclared type."""
    spec = EVENTS[event_type]
    reading = clock.now()
    return WireEvent(
        stream=spec.stream,
        event_type=event_type,
        source_component=source_component or spec.source_component,
        payload=payload,
        correlation_id=correlation_id,
        causation_id=causation_id,
        timestamp_ns=reading.monotonic_ns,
        clock_domain=reading.domain,
        image_bytes=image_bytes,
    )


def encode(event: WireEvent) -> dict[bytes, bytes]:
    """The fields of the stream entry. Raises ValueError or TypeError for a payload that is not JSON (NaN, objects)."""
    envelope = {
        "metadata": {
            "eventId": event.event_id,
            "correlationId": event.correlation_id,
            "causationId": event.causation_id,
            "timestamp_ns": event.timestamp_ns,
            "eventType": event.event_type,
            "sourceComponent": event.source_component,
        },
        "payload": dict(event.payload),
    }
    fields = {b"json_payload": to_json(envelope).encode()}
    if event.clock_domain:
        fields[b"clock_domain"] = event.clock_domain.encode()
    if event.image_bytes is not None:
        fields[b"image_bytes"] = event.image_bytes
    return fields


def decode(stream: str, fields: Mapping[bytes, bytes], loads: Callable[[bytes], Any] = json.loads) -> WireEvent:
    """Read an entry of any known writer. Raises UnreadableEntry with the reason.

    `loads` may be a faster JSON reader; it raises ValueError for what is no JSON.
    """
    envelope = envelope_of(fields, loads)
    metadata = envelope.metadata
    payload, marks = dialects.body(envelope.content, loads)
    return WireEvent(
        stream=stream,
        event_type=dialects.text(metadata, "eventType", "event_type") or "UNKNOWN",
        source_component=dialects.text(metadata, "sourceComponent", "source_component") or "unknown",
        payload=payload,
        event_id=dialects.text(metadata, "eventId", "msgId", "event_id") or "",
        correlation_id=dialects.correlation_id(metadata, payload),
        causation_id=dialects.text(metadata, "causationId", "causation_id"),
        timestamp_ns=dialects.monotonic_ns(metadata),
        clock_domain=(fields.get(b"clock_domain") or b"").decode(errors="replace") or None,
        epoch_s=dialects.epoch_s(metadata, envelope.beside),
        image_bytes=fields.get(b"image_bytes"),
        envelope=envelope,
        marks=marks,
    )
