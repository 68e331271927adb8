"""Faults made up after the rules were finished, to see what they do with what nobody had in mind."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from attribution.fault_cases import (
    BUY,
    COMPLETE,
    FAST,
    LATE_S,
    OF_COMMAND,
    OF_SCREEN,
    SCREEN,
    TYPES,
    Case,
    altering,
    count_is,
    field_is,
    request_with,
)
from helpers.faulty_reference import Fault


def _costs(cost: float) -> dict[str, Any]:
    def work(real: Any, conditioner: Any, text: str, confidence: float) -> Any:
        frame = real(conditioner, text, confidence)
        for snapshot in frame.snapshots.values():
            snapshot["cost_basis"] = cost
        return frame

    return {"Conditioner.condition": work}


def _built_with(**values: Any) -> dict[str, Any]:
    return {"RequestBuilder.build": lambda real, *a, **n: replace(real(*a, **n), **values)}


def _slow(seconds: float) -> Any:
    def work(real: Any, *arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return real(*arguments, **named)

    return work


def _only_msft(real: Any, *arguments: Any, **named: Any) -> Any:
    request = real(*arguments, **named)
    return replace(request, quantity=13.0) if request.symbol == "MSFT" else request


def _through(*methods: str, **values: Any) -> Fault:
    return Fault(works={name: work for method in methods for name, work in request_with(method, 1, **values).items()})


TEXT_READ = {"type": "ocr_text_accuracy", "expected_value": "Long AAPL 150.25 +0.12 0.00", "validation_id": "text"}
SHIFTED = {"type": "ocr_event", "raw_data": {"full_raw_text": "Long AAPL 15025 +0.12 0.00"}}
TWO = {"type": "ocr_event", "raw_data": {"full_raw_text": "Long AAPL 150.25 +0.12 0.00\nLong MSFT 300.00 +0.10 0.00"}}
LIMIT_ORDER = {**BUY, "order_type": "LMT", "limit_price": 151.0}
HELD = {"position_manager_states_to_set": {"AAPL": {"total_shares": 100, "total_avg_price": 140.0}}}
SELL = {**BUY, "side": "SELL", "quantity": 40}
SEQUENCE = {"type": "raw_image_sequence", "images": ["long_aapl.png", "long_aapl.png"], "interval_ms": 400}
BUILT_IN = {"pipeline": "OCR_STIMULUS_TO_TRADE_FILL"}
COST = field_is("cleaned_ocr", "snapshots.AAPL.cost_basis", 150.25)

CASES = (
    Case("screen_cleaned", "VALUE", "cleaned_ocr", Fault(works=_costs(105.52)),
         field_is("validated_order", "triggering_cost_basis", 150.25), SCREEN, OF_SCREEN),
    Case("screen_quantity", "VALUE", "signal", Fault(works=_built_with(quantity=81.0)),
         field_is("order_fill", "fill_quantity", 50), SCREEN, OF_SCREEN),
    Case("screen_dropped", "MISSING", "validated_order", Fault(event=TYPES["validated_order"], drop=True), COMPLETE, SCREEN,
         OF_SCREEN, timeout_s=2.0),
    Case("screen_slow_reading", "LATENCY", "raw_ocr", Fault(works={"PytesseractEngine.read_text": _slow(1.5)}),
         {**FAST, "expected_value": "1200 ms"}, SCREEN, OF_SCREEN),
    Case("screen_doubled", "EXTRA", "order_request", Fault(event=TYPES["order_request"], double=True),
         count_is("ORDER_REQUEST", 1), SCREEN, OF_SCREEN),
    Case("command_validated", "VALUE", "validated_order",
         _through("RiskService.assess", "Executor.execute", quantity=88.0), field_is("position_update", "quantity", 100), BUY,
         OF_COMMAND),
    Case("command_slow_broker", "LATENCY", "broker_ack", Fault(works={"SimulatedBroker.send": _slow(LATE_S)}), FAST, BUY,
         OF_COMMAND),
    Case("command_position_gone", "MISSING", "position_update", Fault(event=TYPES["position_update"], drop=True), COMPLETE, BUY,
         OF_COMMAND, timeout_s=1.5),
    Case("sold_too_little", "VALUE", "position_update", Fault(works={"PositionBook.apply_fill": lambda real, book, symbol, side,
         shares, *rest: real(book, symbol, side, shares / 2, *rest)}), field_is("position_update", "quantity", 60), SELL,
         OF_COMMAND, HELD),
    Case("decimal_point", "VALUE", "cleaned_ocr", Fault(works=_costs(15.02)), COST, SHIFTED),
    Case("one_of_two", "MISSING", "signal", Fault(works={"RequestBuilder.build": _only_msft}),
         count_is("FILL", 1, symbol="MSFT", fill_quantity=50), TWO, step={"wait_after_injection_s": 0.3}),
    Case("limit_price", "VALUE", "order_request", _through("TradingDesk.announce", "TradingDesk.carry_out", limit_price=155.0),
         field_is("validated_order", "limit_price", 151.0), LIMIT_ORDER, OF_COMMAND),
    Case("status", "VALUE", "broker_ack", altering("broker_ack", status="Working", generic_status="?"),
         field_is("broker_ack", "generic_status", "SUBMITTED")),
    Case("nameless_position", "MISSING", "position_update", Fault(event=TYPES["position_update"], nameless=True), COMPLETE,
         timeout_s=1.5),
    Case("signal_not_a_stage", "MISSING", "signal", Fault(event=TYPES["signal"], drop=True), count_is("SIGNAL_DECISION", 1),
         step=BUILT_IN),
    Case("cleaned_doubled", "EXTRA", "S1_EnhancedOCROutputLog", Fault(event=TYPES["cleaned_ocr"], double=True),
         count_is("OCR_SNAPSHOT_CLEANED", 1), step=BUILT_IN),
    Case("slow_reading_no_stage", "LATENCY", "raw_ocr", Fault(works={"ScreenReader.take_text": _slow(LATE_S)}), FAST,
         step=BUILT_IN),
    Case("symbol_in_list", "VALUE", "signal", Fault(works=_built_with(symbol="TSLA")),
         {**field_is("order_fill", "symbol", ["AAPL", "MSFT"]), "operator": "in"}),
    Case("average_published", "VALUE", "position_update", altering("position_update", average_price=99.9),
         {**field_is("position_update", "average_price", 150.0), "tolerance": 0.05}),
    Case("sequence_cleaned", "VALUE", "cleaned_ocr", Fault(works=_costs(151.52), from_call=2), COST, SEQUENCE, OF_SCREEN[:4]),
    Case("too_big", "MISSING", "signal", Fault(works=_built_with(quantity=500.0)),
         {**field_is("validated_order", "quantity", 100), "operator": "<="}),
    Case("request_id_lost", "VALUE", "validated_order", altering("validated_order", request_id=""),
         {**field_is("validated_order", "request_id", None), "operator": "is_not_empty"}),
    Case("fill_symbol", "VALUE", "order_fill", altering("order_fill", symbol="AAPLX"),
         field_is("order_fill", "symbol", "AAPL")),
    Case("position_after_all", "EXTRA", "position_update", Fault(event=TYPES["position_update"], double=True),
         {"type": "no_extra_events"}),
    Case("validated_too_late", "MISSING", "validated_order", Fault(works={"RiskService.assess": _slow(1.5)}), COMPLETE, BUY,
         OF_COMMAND, timeout_s=1.0),
)  # fmt: skip
BY_NAME = {case.name: case for case in CASES}
