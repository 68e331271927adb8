"""Understands raw text: publishes the conditioner's decisions, the cleaned lines, and the times it took."""

from __future__ import annotations

import time
from typing import Any

from testrade_hooks import clock
from testrade_hooks.reference.conditioner import ConditionedFrame, Conditioner
from testrade_hooks.reference.health import Health
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.request_builder import CleanedFrame
from testrade_hooks.reference.screen_reader import RawReading

_SERVICE = "OCRDataConditioningService"
_CONDITIONER = "PythonOCRDataConditioner"


class ConditioningService:
    def __init__(self, conditioner: Conditioner, health: Health, outlet: Outlet) -> None:
        self._conditioner = conditioner
        self._health = health
        self._outlet = outlet

    def process(self, raw: RawReading, link: Link) -> tuple[CleanedFrame, Link] | None:
        """Clean one reading; None if there is nothing on the screen that could be traded."""
        t4_ns = clock.now().monotonic_ns
        self._outlet.log("ocr_conditioning_started", _SERVICE, {"frame_number": raw.frame_number}, link)
        frame = self._conditioner.condition(raw.text, raw.confidence)
        t5_ns = clock.now().monotonic_ns
        for decision in frame.decisions:
            body = {"decision_type": decision.decision_type, "decision_reason": decision.reason, "context": decision.context}
            self._outlet.log(decision.event_name, _CONDITIONER, body, link)
        cleaned = self._publish_cleaned(frame, raw, link)
        t6_ns = clock.now().monotonic_ns
        self._outlet.log("ocr_conditioning_completed", _SERVICE, {"symbols": list(frame.snapshots)}, cleaned)
        self._publish_times(frame, raw, (t4_ns, t5_ns, t6_ns), cleaned)
        self._check_health(raw, t6_ns, link)
        if not frame.snapshots:
            return None
        self._outlet.log("ocr_cleaned_data_enqueued_to_orchestrator", _SERVICE, {"symbols": list(frame.snapshots)}, cleaned)
        return CleanedFrame(frame.snapshots, cleaned.event_id, raw.event_id, raw.frame_timestamp, raw.confidence), cleaned

    def report_failure(self, problem: Exception, context: dict[str, Any], link: Link) -> None:
        """Say that a screen could not be read or understood."""
        body = {
            "error_type": type(problem).__name__,
            "error_message": str(problem),
            "error_context": context,
            "timestamp": time.time(),
            "component": _SERVICE,
            "severity": "ERROR",
            "correlation_id": link.correlation_id,
        }
        self._outlet.publish("TESTRADE_OCR_CONDITIONING_ERROR", body, link)

    def _publish_cleaned(self, frame: ConditionedFrame, raw: RawReading, link: Link) -> Link:
        if not frame.snapshots:
            body: dict[str, Any] = {
                "type": "no_trade_data",
                "frame_timestamp": raw.frame_timestamp,
                "reason": frame.no_trade_reason or "no line could be read",
                "correlation_id": link.correlation_id,
                "timestamp": time.time(),
                "correlation_event_name": "NoTradeData",
            }
            return self._outlet.publish("TESTRADE_NO_TRADE_DATA", body, link)
        body = {
            "frame_timestamp": raw.frame_timestamp,
            "snapshots": frame.snapshots,
            "original_ocr_event_id": raw.event_id,
            "raw_ocr_confidence": raw.confidence,
            "origin_correlation_id": link.correlation_id,
            "validation_id": link.validation_id,
            "origin_timestamp_ns": raw.t0_ns,
            "roi_used_for_capture": list(raw.region) if raw.region else None,
            "preprocessing_params_used": raw.parameters,
            "correlation_id": link.correlation_id,
        }
        return self._outlet.publish("TESTRADE_CLEANED_OCR_SNAPSHOT", body, link)

    def _publish_times(self, frame: ConditionedFrame, raw: RawReading, times: tuple[int, int, int], link: Link) -> None:
        t4_ns, t5_ns, t6_ns = times
        body = {
            "T4_ConditioningStart_ns": t4_ns,
            "T5_ValidationComplete_ns": t5_ns,
            "T6_ConditioningComplete_ns": t6_ns,
            "T4_to_T5_validation_ms": (t5_ns - t4_ns) / 1e6,
            "T5_to_T6_finalization_ms": (t6_ns - t5_ns) / 1e6,
            "total_T4_to_T6_ms": (t6_ns - t4_ns) / 1e6,
            "T0_to_T4_latency_ms": (t4_ns - raw.t0_ns) / 1e6,
            "T0_to_T6_total_ms": (t6_ns - raw.t0_ns) / 1e6,
            "parent_event_id": raw.event_id,
            "child_event_id": link.event_id,
            **frame.counters,
        }
        self._outlet.log("OCRConditioningMilestones", _CONDITIONER, body, link)
        stamps = {f"t{i}_ns": at for i, at in enumerate((raw.t0_ns, raw.t1_ns, raw.t2_ns, raw.t3_ns, t4_ns))}
        process = {"correlation_id": link.correlation_id, "t0_to_t4_ms": (t4_ns - raw.t0_ns) / 1e6, "timestamps_ns": stamps}
        self._outlet.publish("TESTRADE_OCR_PROCESS_LATENCY", process, link)
        conditioning = {"t4_to_t5_ms": (t5_ns - t4_ns) / 1e6, "total_t0_to_t5_ms": (t5_ns - raw.t0_ns) / 1e6}
        self._outlet.publish("TESTRADE_OCR_CONDITIONING_LATENCY", {**conditioning, "correlation_id": link.correlation_id}, link)

    def _check_health(self, raw: RawReading, t6_ns: int, link: Link) -> None:
        self._health.check_frame(
            confidence=raw.confidence,
            total_ms=(t6_ns - raw.t0_ns) / 1e6,
            ocr_ms=(raw.t2_ns - raw.t1_ns) / 1e6 if raw.from_image else None,
            preprocessing_ms=(raw.t1_ns - raw.t0_ns) / 1e6 if raw.from_image else None,
            link=link,
        )
