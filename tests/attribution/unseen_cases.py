"""Faults that the rules were not made for: other checks, other combinations, more than one stage that could have done it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from attribution.fault_cases import (
    BUY,
    COMPLETE,
    LATE_S,
    LIMIT,
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


def _misreads(real: Any, *arguments: Any) -> Any:
    reading = real(*arguments)
    return replace(reading, text=reading.text.replace("5", "6"))


def _blanks(real: Any, *arguments: Any) -> Any:
    picture = real(*arguments)
    wiped = picture.copy()
    wiped[:, wiped.shape[1] // 2 :] = np.max(picture)
    return wiped


def _sells(real: Any, *arguments: Any, **named: Any) -> Any:
    return replace(real(*arguments, **named), order_type="LMT", limit_price=149.0)


def _cheaper(real: Any, events: Any, message: Any) -> Any:
    return real(events, replace(message, fill_price=140.5) if message.fill_shares else message)


def _cleaned_with(**columns: Any) -> Any:
    def work(real: Any, conditioner: Any, text: str, confidence: float) -> Any:
        frame = real(conditioner, text, confidence)
        for snapshot in frame.snapshots.values():
            before = dict(snapshot)
            snapshot.update({name: change(before) for name, change in columns.items()})
        return frame

    return {"Conditioner.condition": work}


def _without_second_line(real: Any, reader: Any, given: Any, link: Any) -> Any:
    return real(reader, replace(given, text=given.text.splitlines()[0]), link)


def _with_a_line_more(real: Any, reader: Any, given: Any, link: Any) -> Any:
    return real(reader, replace(given, text=f"{given.text}\nLong MSFT 300.00 +0.10 0.00"), link)


def _fills_twice(real: Any, events: Any, message: Any) -> Any:
    if not message.fill_shares:
        return real(events, message)
    half = replace(message, fill_shares=message.fill_shares / 2)
    real(events, half)
    return real(events, half)


def _books_twice(real: Any, *arguments: Any) -> Any:
    real(*arguments)
    return real(*arguments)


def _slow(real: Any, *arguments: Any, **named: Any) -> Any:
    time.sleep(LATE_S)
    return real(*arguments, **named)


TWO = {"type": "ocr_event", "raw_data": {"full_raw_text": "Long AAPL 150.25 +0.12 0.00\nLong MSFT 300.00 +0.10 0.00"}}
STATE = {"type": "position_manager_state", "target_identifier": "AAPL", "field_to_check": "total_shares"}
BUILT_IN = {"pipeline": "OCR_STIMULUS_TO_TRADE_FILL"}
COST = field_is("cleaned_ocr", "snapshots.AAPL.cost_basis", 150.25)

CASES = (
    Case("screen_misread", "VALUE", "raw_ocr", Fault(works={"PytesseractEngine.read_text": _misreads}), COST, SCREEN,
         OF_SCREEN),
    Case("screen_misread_once", "VALUE", "raw_ocr", Fault(works={"PytesseractEngine.read_text": _misreads}, from_call=2), COST,
         SCREEN, OF_SCREEN, {"repeat": 2}),
    Case("screen_wiped", "MISSING", "processed_image", Fault(works={"preprocess": _blanks}), COST, SCREEN, OF_SCREEN,
         {"pipeline": "RAW_IMAGE_TO_CLEANED_OCR"}, timeout_s=1.5),
    Case("order_type_at_signal", "VALUE", "signal", Fault(works={"RequestBuilder.build": _sells}),
         field_is("validated_order", "order_type", "MKT"), timeout_s=1.5),
    Case("fill_price", "VALUE", "order_fill", Fault(works={"OrderEvents.on_message": _cheaper}),
         field_is("position_update", "average_price", 150.0)),
    Case("fill_price_itself", "VALUE", "order_fill", Fault(works={"OrderEvents.on_message": _cheaper}),
         field_is("order_fill", "fill_price", 150.0)),
    Case("shares_in_state", "VALUE", "position_update", Fault(works={"PositionBook.apply_fill": lambda real, book, symbol, side,
         shares, *rest: real(book, symbol, side, shares - 7, *rest)}), {**STATE, "operator": "==", "expected_value": 50}),
    Case("shares_booked_twice", "VALUE", "position_update", Fault(works={"PositionBook.apply_fill": _books_twice}),
         {**STATE, "operator": "<=", "expected_value": 60}),
    Case("symbol_at_request", "VALUE", "order_request",
         Fault(works={**request_with("TradingDesk.announce", 1, symbol="TSLA"),
                      **request_with("TradingDesk.carry_out", 1, symbol="TSLA")}), field_is("order_fill", "symbol", "AAPL")),
    Case("risk_refuses", "MISSING", "S3_RMSTradeValidatedLog",
         Fault(works=request_with("RiskService.assess", 1, quantity=9e6)), COMPLETE, step=BUILT_IN),
    Case("broker_refuses", "MISSING", "T3_BrokerAckLog", Fault(works={"SimulatedBroker.send":
         lambda real, *a, **n: real(*a, **{**n, "symbol": "NOPE"})}), COMPLETE, BUY,
         step={"pipeline": "TRADE_CMD_TO_BROKER_FILL"}),
    Case("pnl_sign", "VALUE", "cleaned_ocr", Fault(works=_cleaned_with(pnl_per_share=lambda row: -row["pnl_per_share"])),
         field_is("cleaned_ocr", "snapshots.AAPL.pnl_per_share", 0.12)),
    Case("columns_swapped", "VALUE", "cleaned_ocr", Fault(works=_cleaned_with(
         cost_basis=lambda row: row["pnl_per_share"], pnl_per_share=lambda row: row["cost_basis"])),
         field_is("order_request", "triggering_cost_basis", 150.25)),
    Case("line_lost", "MISSING", "raw_ocr", Fault(works={"ScreenReader.take_text": _without_second_line}),
         count_is("ORDER_REQUEST", 2), TWO),
    Case("line_invented", "EXTRA", "raw_ocr", Fault(works={"ScreenReader.take_text": _with_a_line_more}),
         {"type": "event_absence", "event_criteria": {"event_type": "ORDER_REQUEST", "symbol": "MSFT"},
          "within": "300 ms"}),
    Case("line_invented_counted", "EXTRA", "raw_ocr", Fault(works={"ScreenReader.take_text": _with_a_line_more}),
         count_is("ORDER_REQUEST", 1), step={"wait_after_injection_s": 0.3}),
    Case("two_fills", "EXTRA", "order_fill", Fault(works={"OrderEvents.on_message": _fills_twice}), count_is("FILL", 1)),
    Case("risk_slow_between", "LATENCY", "validated_order", Fault(works={"RiskService.assess": _slow}),
         {"type": "latency_between", "from_event": "order_request", "to_event": "order_fill", "operator": "<=",
          "expected_value": LIMIT}),
    Case("position_slow_between", "LATENCY", "position_update", Fault(works={"PositionBook.apply_fill": _slow}),
         {"type": "pipeline_latency", "field_to_check": "order_fill_to_position_update_ns", "operator": "<=",
          "expected_value": LIMIT}),
    Case("signal_slow_once", "LATENCY", "signal", Fault(works={"RequestBuilder.build": _slow}, from_call=3),
         {"type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns", "operator": "<=", "expected_value": LIMIT,
          "statistic": "max"}, step={"repeat": 3}),
    Case("cleaned_slow_from_screen", "LATENCY", "cleaned_ocr", Fault(works={"Conditioner.condition": lambda real, *a: (
         time.sleep(1.2), real(*a))[1]}), {"type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns",
         "operator": "<=", "expected_value": "1000 ms"}, SCREEN, OF_SCREEN),
    Case("fill_without_id", "MISSING", "order_fill", Fault(event=TYPES["order_fill"], nameless=True), COMPLETE, timeout_s=1.5),
    Case("value_of_what_never_came", "MISSING", "order_fill", Fault(event=TYPES["order_fill"], drop=True),
         field_is("order_fill", "fill_price", 150.0), timeout_s=1.5),
    Case("position_twice", "EXTRA", "position_update", Fault(event=TYPES["position_update"], double=True),
         {"type": "no_extra_events", "event_criteria": {"event_type": "POSITION_UPDATE"}}),
    Case("side_counted", "MISSING", "signal", Fault(works={"RequestBuilder.build": lambda real, *a, **n: replace(
         real(*a, **n), time_in_force="IOC")}), count_is("VALIDATED_ORDER", 1, time_in_force="DAY")),
    Case("validated_only_published", "VALUE", "validated_order", altering("validated_order", quantity=49.0),
         field_is("validated_order", "quantity", 50)),
    Case("confidence", "VALUE", "raw_ocr", altering("raw_ocr", overall_confidence=31.0),
         field_is("raw_ocr", "overall_confidence", 95.0)),
    Case("time_in_force", "VALUE", "order_request", Fault(works=request_with("TradingDesk.announce", 1, time_in_force="GTC")),
         field_is("order_request", "time_in_force", "DAY")),
    Case("command_side", "VALUE", "order_request",
         Fault(works={**request_with("TradingDesk.announce", 1, order_type="LMT", limit_price=151.0),
                      **request_with("TradingDesk.carry_out", 1, order_type="LMT", limit_price=151.0)}),
         field_is("validated_order", "order_type", "MKT"), BUY, OF_COMMAND),
    Case("risk_silent_for_command", "MISSING", "validated_order", Fault(works={"RiskService.assess": lambda *_: None}),
         COMPLETE, BUY, OF_COMMAND, timeout_s=1.5),
)  # fmt: skip
BY_NAME = {case.name: case for case in CASES}
