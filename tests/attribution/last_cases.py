"""The last faults: made up and run once, after the rules had been mended for all others."""

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


def _slow(real: Any, *arguments: Any, **named: Any) -> Any:
    time.sleep(LATE_S)
    return real(*arguments, **named)


def _reads(**swaps: str) -> dict[str, Any]:
    def work(real: Any, reader: Any, given: Any, link: Any) -> Any:
        text = given.text
        for wrong, right in swaps.items():
            text = text.replace(right, wrong)
        return real(reader, replace(given, text=text), link)

    return {"ScreenReader.take_text": work}


def _asks_for(**values: Any) -> dict[str, Any]:
    return {"RequestBuilder.build": lambda real, *a, **n: replace(real(*a, **n), **values)}


def _fills_other(real: Any, events: Any, message: Any) -> Any:
    return real(events, replace(message, fill_shares=message.fill_shares - 33) if message.fill_shares else message)


SELL = {**BUY, "side": "SELL", "quantity": 30}
HELD = {"position_manager_states_to_set": {"MSFT": {"total_shares": 200, "total_avg_price": 290.0}}}

CASES = (
    Case("last_word_misread", "MISSING", "raw_ocr", Fault(works=_reads(Xxxx="Long")), COMPLETE, timeout_s=1.5),
    Case("last_pnl_misread", "VALUE", "raw_ocr", Fault(works={"ScreenReader.take_text": lambda real, reader, given, link: real(
         reader, replace(given, text=given.text.replace("0.12", "0.72")), link)}),
         field_is("cleaned_ocr", "snapshots.AAPL.pnl_per_share", 0.12)),
    Case("last_closed_instead", "MISSING", "raw_ocr", Fault(works=_reads(Closed="Long")), COMPLETE, timeout_s=1.5),
    Case("last_sell_fill", "VALUE", "order_fill", Fault(works={"OrderEvents.on_message": _fills_other}),
         field_is("order_fill", "fill_quantity", 100), BUY, OF_COMMAND),
    Case("last_msft_quantity", "VALUE", "validated_order", Fault(works={**request_with("RiskService.assess", 1, quantity=29.0),
         **request_with("Executor.execute", 1, quantity=29.0)}), field_is("order_fill", "fill_quantity", 30),
         {**SELL, "symbol": "MSFT"}, OF_COMMAND, HELD),
    Case("last_strategy", "VALUE", "signal", Fault(works=_asks_for(source_strategy="OCR_SCALPING_CLOSE")),
         field_is("validated_order", "source_strategy", "OCR_SCALPING_OPEN_LONG")),
    Case("last_request_for_fill", "VALUE", "order_fill", altering("order_fill", side="SELL"),
         field_is("order_fill", "side", "BUY")),
    Case("last_two_position_events", "EXTRA", "order_fill", Fault(event=TYPES["order_fill"], double=True),
         count_is("FILL", 1), BUY, OF_COMMAND),
    Case("last_doubled_command", "EXTRA", "order_request", Fault(works={"TradingDesk.announce": lambda real, *a, **n: (
         real(*a, **n), real(*a, **n))[1]}), count_is("ORDER_REQUEST", 1), BUY, OF_COMMAND),
    Case("last_slow_decision", "LATENCY", "signal", Fault(works={"Orchestrator.process": _slow}), FAST),
    Case("last_slow_executor", "LATENCY", "broker_ack", Fault(works={"Executor.execute": _slow}),
         {**FAST, "field_to_check": "validated_order_to_broker_ack_ns"}, BUY, OF_COMMAND),
    Case("last_fill_gone_on_screen", "MISSING", "order_fill", Fault(event=TYPES["order_fill"], drop=True), COMPLETE, SCREEN,
         OF_SCREEN, timeout_s=2.0),
    Case("last_executor_silent", "MISSING", "broker_ack", Fault(works={"Executor.execute": lambda *_: None}), COMPLETE,
         timeout_s=1.5),
    Case("last_no_update_of_state", "VALUE", "position_update", Fault(works={"PositionBook.apply_fill":
         lambda real, book, symbol, side, shares, *rest: real(book, symbol, side, 1.0, *rest)}),
         {"type": "position_manager_state", "target_identifier": "AAPL", "field_to_check": "shares", "operator": "==",
          "expected_value": 100}, BUY, OF_COMMAND),
)  # fmt: skip
BY_NAME = {case.name: case for case in CASES}
