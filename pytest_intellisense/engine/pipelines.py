"""The pipelines that come with IntelliSense: those older plans name, those of whole screens, and those of TESTRADE's parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_intellisense.model.pipeline import Diversion, PipelineSignature, Stage


def _on(key: str, *event_types: str, **criteria: Any) -> Stage:
    return Stage(key=key, match={"event_type": event_types[0] if len(event_types) == 1 else list(event_types), **criteria})


def _instead(key: str, event_type: str, **criteria: Any) -> Diversion:
    return Diversion(key=key, match={"event_type": event_type, **criteria})


def _injected(key: str = "injected") -> Stage:
    return _on(key, "INJECTION_COMMAND")


def _validated(key: str) -> Stage:
    return _on(key, "VALIDATED_ORDER")


def _forwarded(key: str) -> Stage:
    return _on(key, "OrderProcessed")


def _acknowledged(key: str) -> Stage:
    return _on(key, "ACK")


def _filled(key: str) -> Stage:
    return Stage(key=key, match={"event_type": "FILL"}, whole_order=True)


_RISK_REJECTED = _instead("risk_rejected", "RISK_REJECTION")
_TRADING_SKIPPED = _instead("trading_skipped", "TradingSkipped")
_BROKER_REJECTED = _instead("broker_rejected", "REJECT")
_BROKER_CANCELLED = _instead("broker_cancelled", "CANCEL_ACK")
_BEFORE_BROKER = (_RISK_REJECTED, _TRADING_SKIPPED)
_NO_FILL = (*_BEFORE_BROKER, _BROKER_REJECTED, _BROKER_CANCELLED)

_NO_TEXT = (_instead("conditioning_error", "OCR_CONDITIONING_ERROR"), _instead("no_trade_data", "NO_TRADE_DATA"))
_NO_SIGNAL = (
    *_NO_TEXT,
    _instead("signal_suppressed", "SIGNAL_SUPPRESSION"),
    _instead("signal_invalid", "SIGNAL_VALIDATION_FAILURE"),
    _instead("signal_failed", "SIGNAL_GENERATION_FAILURE"),
    _instead("maf_suppressed", "MAF_DECISION", decision_type=["SIGNAL_SUPPRESSED", "ERROR"]),
    _instead("nothing_to_do", "SIGNAL_INTERPRETATION", decision_type="NO_SIGNAL_GENERATED"),
)
_NO_FILL_FROM_SCREEN = (*_NO_SIGNAL, *_NO_FILL)

_PROCESSED_IMAGE = Stage(key="processed_image", match={"event_type": "PROCESSED_ROI_IMAGE"}, optional=True, unordered=True)
_RAW_OCR = _on("raw_ocr", "OCR_FRAME_RAW")
_CLEANED_OCR = _on("cleaned_ocr", "OCR_SNAPSHOT_CLEANED")
_SIGNAL = Stage(key="signal", match={"event_type": "SIGNAL_DECISION"}, unordered=True)
_ORDER_REQUEST = _on("order_request", "ORDER_REQUEST")


def _pipeline(name: str, description: str, *stages: Stage, diversions: tuple[Diversion, ...] = ()) -> PipelineSignature:
    return PipelineSignature(name=name, description=description, stages=stages, diversions=diversions)


_OF_OLDER_PLANS = (
    _pipeline(
        "TRADE_CMD_TO_BROKER_ACK",
        "A trade command passes the risk checks and the broker acknowledges the order.",
        _injected("T0_CmdInjectLog"),
        _validated("T1_RMSValidatedLog"),
        _forwarded("T2_TMSForwardedLog"),
        _acknowledged("T3_BrokerAckLog"),
        diversions=(*_BEFORE_BROKER, _BROKER_REJECTED),
    ),
    _pipeline(
        "TRADE_CMD_TO_BROKER_FILL",
        "A trade command ends in an order that is filled completely.",
        _injected("T0_CmdInjectLog"),
        _validated("T1_RMSValidatedLog"),
        _forwarded("T2_TMSForwardedLog"),
        _acknowledged("T3_BrokerAckLog"),
        _filled("T4_BrokerFillLog"),
        diversions=_NO_FILL,
    ),
    _pipeline(
        "TRADE_CMD_REJECTED_BY_RISK",
        "The risk checks reject a trade command.",
        _injected("T0_CmdInjectLog"),
        _on("T1_RMSRejectedLog", "RISK_REJECTION"),
        diversions=(_instead("validated_order", "VALIDATED_ORDER"), _TRADING_SKIPPED),
    ),
    _pipeline(
        "TRADE_CMD_REJECTED_BY_BROKER",
        "The broker takes an order in and then rejects it.",
        _injected("T0_CmdInjectLog"),
        _validated("T1_RMSValidatedLog"),
        _forwarded("T2_TMSForwardedLog"),
        Stage(key="T3_BrokerAckLog_ForRejectPath", match={"event_type": "ACK"}, optional=True),
        _on("T4_BrokerRejectLog", "REJECT"),
        diversions=(*_BEFORE_BROKER, _instead("order_fill", "FILL"), _BROKER_CANCELLED),
    ),
    _pipeline(
        "OCR_STIMULUS_TO_ENHANCED_OCR_LOG",
        "Raw OCR text is cleaned.",
        _injected("T0_OCRStimulusInjectLog"),
        _on("T1_EnhancedOCROutputLog", "OCR_SNAPSHOT_CLEANED"),
        diversions=_NO_TEXT,
    ),
    _pipeline(
        "OCR_STIMULUS_TO_TRADE_FILL",
        "Raw OCR text leads to an order that is filled completely.",
        _injected("S0_OCRStimulusInjectLog"),
        _on("S1_EnhancedOCROutputLog", "OCR_SNAPSHOT_CLEANED"),
        _on("S2_OrchestratedTradeInjectLog", "ORDER_REQUEST"),
        _validated("S3_RMSTradeValidatedLog"),
        _forwarded("S4_TMSTradeForwardedLog"),
        _acknowledged("S5_BrokerAckOrchestratedTradeLog"),
        _filled("S6_BrokerFillOrchestratedTradeLog"),
        diversions=_NO_FILL_FROM_SCREEN,
    ),
    _pipeline(
        "OCR_STIMULUS_TO_ORDER_REQUEST",
        "Raw OCR text leads to an order request.",
        _on("S1_RawOcrLog", "OCR_FRAME_RAW"),
        _on("S3_CleanedOcrSnapshotLog", "OCR_SNAPSHOT_CLEANED"),
        _on("S4_OrderRequestLog", "ORDER_REQUEST"),
        diversions=_NO_SIGNAL,
    ),
    _pipeline(
        "TRADE_CMD_TO_POSITION_UPDATE",
        "A trade command changes the position.",
        _validated("S1_RMSValidatedLog"),
        _acknowledged("S3_BrokerAckLog"),
        _filled("S4_BrokerFillLog"),
        _on("S5_PositionUpdateLog", "POSITION_UPDATE"),
        diversions=_NO_FILL,
    ),
    _pipeline(
        "TRADE_CMD_WHEN_TRADING_DISABLED",
        "A trade command is refused because trading is switched off.",
        _injected("S1_TradeCommandLog"),
        Stage(key="S2_TradingStateLog", match={"event_type": "TradingSkipped"}, unordered=True),
        _on("S3_RMSRejectionLog", "RISK_REJECTION"),
        diversions=(_instead("broker_ack", "ACK"),),
    ),
)

_OF_SCREENS = (
    _pipeline(
        "RAW_IMAGE_TO_CLEANED_OCR",
        "A screen image is read and cleaned.",
        _injected(),
        _PROCESSED_IMAGE,
        _RAW_OCR,
        _CLEANED_OCR,
        diversions=_NO_TEXT,
    ),
    _pipeline(
        "RAW_IMAGE_TO_ORDER_FILL",
        "A screen image leads to an order that is filled completely: glass to fill.",
        _injected(),
        _PROCESSED_IMAGE,
        _RAW_OCR,
        _CLEANED_OCR,
        _SIGNAL,
        _ORDER_REQUEST,
        _validated("validated_order"),
        _acknowledged("broker_ack"),
        _filled("order_fill"),
        diversions=_NO_FILL_FROM_SCREEN,
    ),
)


def _milestones(*names: str) -> tuple[Stage, ...]:
    """Stages that TESTRADE logs under their own name."""
    return tuple(_on(name, name) for name in names)


_OF_PARTS = (
    _pipeline(
        "ocr_to_signal",
        "From OCR text to the request for an order, by the milestones TESTRADE logs.",
        *_milestones(
            "ocr_conditioning_started",
            "ocr_conditioning_completed",
            "ocr_cleaned_data_enqueued_to_orchestrator",
            "orchestrator_signal_logic_started",
            "orchestrator_signal_logic_completed",
            "order_request_published",
        ),
        diversions=_NO_SIGNAL,
    ),
    _pipeline(
        "price_to_pmd",
        "A price reaches the risk department, by the milestones TESTRADE logs.",
        *_milestones(
            "price_data_received_by_pricerepo",
            "price_data_enqueued_to_risk",
            "risk_pmd_processing_started",
            "risk_pmd_processing_completed",
        ),
    ),
    _pipeline(
        "order_execution_path",
        "From the request for an order through risk and broker to the fill, by the milestones TESTRADE logs.",
        *_milestones(
            "order_request_published",
            "order_request_received_by_risk",
            "risk_assessment_completed",
            "validated_order_received_by_executor",
            "order_sent_to_broker_interface",
            "broker_ack_received",
        ),
        Stage(key="order_fill_received", match={"event_type": "order_fill_received"}, whole_order=True),
        diversions=(*_NO_FILL, _instead("order_rejected_by_broker", "order_rejected_by_broker")),
    ),
)

_OF_OTHER_STIMULI = (
    _pipeline(
        "PRICE_UPDATE_TO_PRICE",
        "A price is taken over and published.",
        _injected(),
        _on("price_published", "PRICE_TRADE", "PRICE_QUOTE"),
    ),
    _pipeline(
        "BROKER_RESPONSE_TO_ORDER_EVENT",
        "An answer of the broker changes the order it is about.",
        _injected(),
        _on("order_event", "ACK", "FILL", "REJECT", "CANCEL_ACK", "STATUS_UPDATE"),
    ),
    _pipeline(
        "CONFIG_CHANGE_TO_APPLIED",
        "A configuration change is applied.",
        _injected(),
        _on("config_changed", "CONFIG_CHANGE_DETECTED"),
    ),
    _pipeline(
        "TRADING_STATE_TO_CHANGED",
        "Trading is switched on or off.",
        _injected(),
        _on("trading_state_changed", "TRADING_STATE_ENABLED", "TRADING_STATE_DISABLED"),
    ),
)

BUILT_IN_PIPELINES: Mapping[str, PipelineSignature] = {
    pipeline.name: pipeline for pipeline in (*_OF_OLDER_PLANS, *_OF_SCREENS, *_OF_PARTS, *_OF_OTHER_STIMULI)
}

TESTRADE_STAGES: Mapping[str, str] = {
    **{str(stage.match["event_type"]): stage.key for stage in _OF_SCREENS[-1].stages},
    "POSITION_UPDATE": "position_update",
}
"""What the stages of TESTRADE are called by the type of their event, in pipelines that do not name them."""

TESTRADE_DIVERSIONS = _NO_FILL_FROM_SCREEN
"""What TESTRADE answers when it does not go on, in pipelines that do not say so."""

DEFAULT_PIPELINE: Mapping[str, str] = {
    "trade_command": "TRADE_CMD_TO_BROKER_ACK",
    "ocr_event": "OCR_STIMULUS_TO_ENHANCED_OCR_LOG",
    "raw_image_injection": "RAW_IMAGE_TO_CLEANED_OCR",
    "raw_image_sequence": "RAW_IMAGE_TO_CLEANED_OCR",
    "price_update": "PRICE_UPDATE_TO_PRICE",
    "broker_response": "BROKER_RESPONSE_TO_ORDER_EVENT",
    "config_change": "CONFIG_CHANGE_TO_APPLIED",
    "trading_state_change": "TRADING_STATE_TO_CHANGED",
}
"""Which pipeline traces a stimulus when the step names none."""


def find_pipeline(name: str, pipelines: Mapping[str, PipelineSignature]) -> PipelineSignature | None:
    """By name, letter case aside. A plan's own come before the built-in ones."""
    for known in (pipelines, BUILT_IN_PIPELINES):
        if name in known:
            return known[name]
        for each, pipeline in known.items():
            if each.casefold() == name.casefold():
                return pipeline
    return None
