"""Faults seeded into the reference application, one a plan: what is broken, what the plan sees of it, who did it.

Every stage from the screen to the position, times a wrong value, a delay, a missing and a doubled event.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from helpers.faulty_reference import Fault

LATE_S, LIMIT = 0.3, "150 ms"
TEXT = "Long AAPL 150.25 +0.12 0.00"
TYPES = {
    "processed_image": "TESTRADE_PROCESSED_ROI_IMAGE",
    "raw_ocr": "TESTRADE_RAW_OCR_DATA",
    "cleaned_ocr": "TESTRADE_CLEANED_OCR_SNAPSHOT",
    "signal": "TESTRADE_SIGNAL_DECISION",
    "order_request": "TESTRADE_ORDER_REQUEST",
    "validated_order": "TESTRADE_VALIDATED_ORDER_REQUEST",
    "broker_ack": "TESTRADE_ORDER_STATUS_UPDATE",
    "order_fill": "TESTRADE_ORDER_FILL",
    "position_update": "TESTRADE_POSITION_UPDATE",
}
ON_THE_TIMELINE = {
    "processed_image": "PROCESSED_ROI_IMAGE",
    "raw_ocr": "OCR_FRAME_RAW",
    "cleaned_ocr": "OCR_SNAPSHOT_CLEANED",
    "signal": "SIGNAL_DECISION",
    "order_request": "ORDER_REQUEST",
    "validated_order": "VALIDATED_ORDER",
    "broker_ack": "ACK",
    "order_fill": "FILL",
    "position_update": "POSITION_UPDATE",
}
SIGNAL_TOO = ("injected", "raw_ocr", "cleaned_ocr", "signal", "order_request", "validated_order", "broker_ack", "order_fill")
OF_TEXT = (*SIGNAL_TOO, "position_update")
OF_SCREEN = ("injected", "processed_image", *OF_TEXT[1:])
OF_COMMAND = ("injected", "order_request", *OF_TEXT[5:])

Point = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """`truth` is the stage that is broken; `kind` the domain it shows in."""

    name: str
    kind: str
    truth: str
    fault: Fault
    point: Point
    stimulus: Mapping[str, Any] = field(default_factory=lambda: {"type": "ocr_event", "raw_data": {"full_raw_text": TEXT}})
    stages: tuple[str, ...] = OF_TEXT
    step: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 3.0

    def plan(self) -> dict[str, Any]:
        points = [{"validation_id": "it", **self.point}]
        step = {"step_id": "it", "stimulus": self.stimulus, "pipeline": "WAY", "timeout_s": self.timeout_s, **self.step}
        pipelines = {"WAY": {"stages": [stage(name) for name in self.stages]}}
        bootstrap = {"symbols": ["AAPL"]}
        head = {"plan_name": self.name, "bootstrap": bootstrap, "pipelines": pipelines}
        return {**head, "steps": [{**step, "validation_points": points}]}


def stage(name: str) -> dict[str, Any]:
    found = {"key": name, "match": {"event_type": ON_THE_TIMELINE.get(name, "INJECTION_COMMAND")}}
    return {**found, "unordered": True} if name == "signal" else found


def field_is(target: str, path: str, value: Any) -> Point:
    kind = {"type": "specific_log_event_field", "target_identifier": target, "field_to_check": path}
    return {**kind, "operator": "==", "expected_value": value}


def count_is(event_type: str, value: int, **criteria: Any) -> Point:
    wanted = {"event_type": event_type, **criteria}
    return {"type": "correlation_log_event_count", "event_criteria": wanted, "operator": "==", "expected_value": value}


COMPLETE: Point = {"type": "pipeline_completion_status", "expected_value": True}
FAST: Point = {
    "type": "pipeline_latency",
    "field_to_check": "total_observed_pipeline_ns",
    "operator": "<=",
    "expected_value": LIMIT,
}
BUY = {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100}
SCREEN = {"type": "raw_image_injection", "image": "long_aapl.png"}


def altering(event: str, **values: Any) -> Fault:
    return Fault(event=TYPES[event], alter=lambda payload: {**payload, **values})


def request_with(method: str, place: int, **values: Any) -> dict[str, Any]:
    """The order request among a method's arguments, altered before the method gets it."""

    def work(real: Any, *arguments: Any, **named: Any) -> Any:
        changed = replace(arguments[place], **values)
        return real(*arguments[:place], changed, *arguments[place + 1 :], **named)

    return {method: work}


def _reads(real: Any, reader: Any, given: Any, link: Any) -> Any:
    return real(reader, replace(given, text=given.text.replace("150.25", "156.25")), link)


def _reads_symbol(real: Any, reader: Any, given: Any, link: Any) -> Any:
    return real(reader, replace(given, text=given.text.replace("AAPL", "MSFT")), link)


def _cleans(real: Any, conditioner: Any, text: str, confidence: float) -> Any:
    frame = real(conditioner, text, confidence)
    for snapshot in frame.snapshots.values():
        snapshot["cost_basis"] = 15.03
    return frame


def _builds(real: Any, *arguments: Any, **named: Any) -> Any:
    return replace(real(*arguments, **named), quantity=70.0)


def _fills_less(real: Any, events: Any, message: Any) -> Any:
    return real(events, replace(message, fill_shares=message.fill_shares - 10) if message.fill_shares else message)


def _books_less(real: Any, book: Any, symbol: str, side: str, shares: float, *rest: Any) -> Any:
    return real(book, symbol, side, shares - 20, *rest)


WRONG_VALUES = [
    Case("value_processed_image", "VALUE", "processed_image", altering("processed_image", image_width=17),
         {"type": "processed_image_property", "field_to_check": "image_width", "operator": ">", "expected_value": 100},
         SCREEN, OF_SCREEN),
    Case("value_raw_ocr", "VALUE", "raw_ocr", Fault(works={"ScreenReader.take_text": _reads}),
         field_is("cleaned_ocr", "snapshots.AAPL.cost_basis", 150.25)),
    Case("value_raw_ocr_in_order", "VALUE", "raw_ocr", Fault(works={"ScreenReader.take_text": _reads}),
         field_is("validated_order", "triggering_cost_basis", 150.25)),
    Case("value_raw_ocr_symbol", "VALUE", "raw_ocr", Fault(works={"ScreenReader.take_text": _reads_symbol}),
         field_is("order_fill", "symbol", "AAPL")),
    Case("value_raw_ocr_text", "VALUE", "raw_ocr", altering("raw_ocr", full_raw_text="Long AAPL 150.26 +0.12 0.00"),
         {"type": "ocr_text_accuracy", "expected_value": TEXT}),
    Case("value_cleaned_ocr", "VALUE", "cleaned_ocr", Fault(works={"Conditioner.condition": _cleans}),
         field_is("cleaned_ocr", "snapshots.AAPL.cost_basis", 150.25)),
    Case("value_cleaned_ocr_in_order", "VALUE", "cleaned_ocr", Fault(works={"Conditioner.condition": _cleans}),
         field_is("order_request", "triggering_cost_basis", 150.25)),
    Case("value_signal", "VALUE", "signal", Fault(works={"RequestBuilder.build": _builds}),
         field_is("order_fill", "fill_quantity", 50)),
    Case("value_signal_in_position", "VALUE", "signal", Fault(works={"RequestBuilder.build": _builds}),
         field_is("position_update", "quantity", 50)),
    Case("value_order_request", "VALUE", "order_request",
         Fault(works={**request_with("TradingDesk.announce", 1, quantity=60.0),
                      **request_with("TradingDesk.carry_out", 1, quantity=60.0)}),
         field_is("order_fill", "fill_quantity", 50)),
    Case("value_validated_order", "VALUE", "validated_order",
         Fault(works={**request_with("RiskService.assess", 1, quantity=45.0),
                      **request_with("Executor.execute", 1, quantity=45.0)}),
         field_is("position_update", "quantity", 50)),
    Case("value_broker_ack", "VALUE", "broker_ack", altering("broker_ack", symbol="TSLA"),
         field_is("broker_ack", "symbol", "AAPL")),
    Case("value_order_fill", "VALUE", "order_fill", Fault(works={"OrderEvents.on_message": _fills_less}),
         field_is("position_update", "quantity", 50)),
    Case("value_position_update", "VALUE", "position_update", Fault(works={"PositionBook.apply_fill": _books_less}),
         field_is("position_update", "quantity", 50)),
    Case("value_order_request_command", "VALUE", "order_request",
         Fault(works={**request_with("TradingDesk.announce", 1, quantity=10.0),
                      **request_with("TradingDesk.carry_out", 1, quantity=10.0)}),
         field_is("position_update", "quantity", 100), BUY, OF_COMMAND),
]  # fmt: skip


def _late(method: str) -> Fault:
    def work(real: Any, *arguments: Any, **named: Any) -> Any:
        time.sleep(LATE_S)
        return real(*arguments, **named)

    return Fault(works={method: work})


LATE = [
    Case("latency_processed_image", "LATENCY", "processed_image", _late("preprocess"),
         {**FAST, "field_to_check": "injected_to_processed_image_ns"},
         SCREEN, OF_SCREEN),
    Case("latency_raw_ocr", "LATENCY", "raw_ocr", _late("ScreenReader.take_text"), FAST),
    Case("latency_cleaned_ocr", "LATENCY", "cleaned_ocr", _late("Conditioner.condition"), FAST),
    Case("latency_signal", "LATENCY", "signal", _late("RequestBuilder.build"), FAST),
    Case("latency_order_request", "LATENCY", "order_request", _late("TradingDesk.announce"), FAST),
    Case("latency_validated_order", "LATENCY", "validated_order", _late("RiskService.assess"), FAST),
    Case("latency_broker_ack", "LATENCY", "broker_ack", _late("SimulatedBroker.send"), FAST),
    Case("latency_order_fill", "LATENCY", "order_fill", Fault(event="BrokerFillReceived", late_s=LATE_S), FAST),
    Case("latency_position_update", "LATENCY", "position_update", _late("PositionBook.apply_fill"), FAST),
    Case("latency_validated_order_command", "LATENCY", "validated_order", _late("RiskService.assess"), FAST, BUY, OF_COMMAND),
]  # fmt: skip

GONE = [
    Case("missing_processed_image", "MISSING", "processed_image", Fault(event=TYPES["processed_image"], drop=True),
         COMPLETE, SCREEN, OF_SCREEN, timeout_s=1.5),
    *(Case(f"missing_{name}", "MISSING", name, Fault(event=TYPES[name], drop=True), COMPLETE, timeout_s=1.5)
      for name in OF_TEXT[1:]),
    Case("missing_cleaned_ocr_work", "MISSING", "cleaned_ocr", Fault(works={"ConditioningService.process": lambda *_: None}),
         COMPLETE, timeout_s=1.5),
    Case("missing_signal_work", "MISSING", "signal", Fault(works={"Orchestrator.process": lambda *_: None}),
         COMPLETE, timeout_s=1.5),
    Case("missing_validated_order_work", "MISSING", "validated_order", Fault(works={"RiskService.assess": lambda *_: None}),
         COMPLETE, timeout_s=1.5),
    Case("missing_broker_ack_work", "MISSING", "broker_ack",
         Fault(works={"SimulatedBroker.send": lambda *_, **__: None, "Executor.execute": lambda *_: None}),
         COMPLETE, timeout_s=1.5),
    Case("missing_validated_order_nameless", "MISSING", "validated_order", Fault(event=TYPES["validated_order"], nameless=True),
         COMPLETE, timeout_s=1.5),
    Case("missing_order_fill_command", "MISSING", "order_fill", Fault(event=TYPES["order_fill"], drop=True), COMPLETE, BUY,
         OF_COMMAND, timeout_s=1.5),
]  # fmt: skip


def _twice(real: Any, *arguments: Any, **named: Any) -> Any:
    real(*arguments, **named)
    return real(*arguments, **named)


TWICE = [
    Case("extra_processed_image", "EXTRA", "processed_image", Fault(event=TYPES["processed_image"], double=True),
         count_is("PROCESSED_ROI_IMAGE", 1), SCREEN, OF_SCREEN),
    *(Case(f"extra_{name}", "EXTRA", name, Fault(event=TYPES[name], double=True), count_is(ON_THE_TIMELINE[name], 1))
      for name in OF_TEXT[1:] if name != "broker_ack"),
    Case("extra_broker_ack", "EXTRA", "broker_ack", Fault(event=TYPES["broker_ack"], double=True),
         count_is("ACK", 1, status="Accepted")),
    Case("extra_raw_ocr_work", "EXTRA", "raw_ocr", Fault(works={"ScreenReader.take_text": _twice}),
         count_is("OCR_FRAME_RAW", 1)),
    Case("extra_cleaned_ocr_work", "EXTRA", "cleaned_ocr", Fault(works={"ConditioningService.process": _twice}),
         count_is("OCR_SNAPSHOT_CLEANED", 1)),
    Case("extra_order_request_work", "EXTRA", "order_request", Fault(works={"TradingDesk.announce": _twice}),
         count_is("ORDER_REQUEST", 1)),
    Case("extra_validated_order_work", "EXTRA", "validated_order", Fault(works={"RiskService.assess": _twice}),
         count_is("VALIDATED_ORDER", 1)),
    Case("extra_order_request_command", "EXTRA", "order_request", Fault(event=TYPES["order_request"], double=True),
         count_is("ORDER_REQUEST", 1), BUY, OF_COMMAND),
]  # fmt: skip

CASES = (*WRONG_VALUES, *LATE, *GONE, *TWICE)
BY_NAME = {case.name: case for case in CASES}
