"""From what is on the screen to an order: text and images through the running application."""

from __future__ import annotations

import base64
import json
import sys
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from helpers.reference_app import Chain, Driver

OPEN_AAPL = "Long AAPL 150.25 +0.12 -35.40"


def shows(app: Driver, *lines: str, **more: Any) -> Chain:
    """The screen shows these lines."""
    return app.send("ocr_event", raw_data={"full_raw_text": "\n".join(lines), **more})


def screen(*lines: str) -> bytes:
    """A plain picture of a screen: light text on dark, wide enough to be read."""
    image = np.full((137, 617, 3), 24, np.uint8)
    for number, line in enumerate(lines):
        cv2.putText(image, line, (12, 36 + 34 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230, 230, 230), 2, cv2.LINE_AA)
    return cv2.imencode(".png", image)[1].tobytes()


def holds(app: Driver, shares: float = 100, price: float = 150.0, symbol: str = "AAPL") -> None:
    app.ask("set_position_state", symbol=symbol, open=shares > 0, total_shares=shares, total_avg_price=price)


def order_of(chain: Chain) -> dict[str, Any]:
    payload: Any = chain.settled().await_("ORDER_REQUEST").payload
    return payload


def test_a_long_line_opens_a_position(app: Driver) -> None:
    """Read, cleaned, interpreted, filtered, requested: each event follows from the one before."""
    chain = shows(app, OPEN_AAPL).settled()
    assert chain.causes(chain.await_("ORDER_REQUEST")) == [
        "INTELLISENSE_INJECTION_COMMAND",
        "RAW_OCR_DATA",
        "CLEANED_OCR_SNAPSHOT",
        "SIGNAL_INTERPRETATION",
        "MAF_DECISION",
        "SIGNAL_DECISION",
        "ORDER_REQUEST",
    ]
    request = chain.await_("ORDER_REQUEST").payload
    assert (request["side"], request["quantity"], request["order_type"]) == ("BUY", 50, "MKT")
    assert request["source_strategy"] == "OCR_SCALPING_OPEN_LONG"
    assert request["related_ocr_event_id"] == chain.await_("RAW_OCR_DATA").event_id
    assert request["meta"]["cleaned_snapshot_event_id"] == chain.await_("CLEANED_OCR_SNAPSHOT").event_id
    assert chain.await_("SIGNAL_DECISION").payload["order_request_data"] == request
    cleaned = chain.await_("CLEANED_OCR_SNAPSHOT").payload["snapshots"]["AAPL"]
    assert cleaned == {
        "symbol": "AAPL",
        "strategy_hint": "Long",
        "cost_basis": 150.25,
        "pnl_per_share": 0.12,
        "realized_pnl": -35.4,
    }
    assert app.query("positions")["AAPL"]["total_shares"] == 50


def test_a_screen_image_is_read_and_traded(app: Driver) -> None:
    """Glass to fill: the grab is the root of the chain, the prepared image goes along."""
    png = screen(OPEN_AAPL)
    chain = app.send("raw_image_injection", image=png, image_format="PNG", grab_timestamp_ns=123).settled()
    fill = chain.await_("ORDER_FILL")
    assert chain.causes(fill)[:5] == [
        "INTELLISENSE_INJECTION_COMMAND",
        "RAW_IMAGE_GRAB",
        "RAW_OCR_DATA",
        "CLEANED_OCR_SNAPSHOT",
        "SIGNAL_INTERPRETATION",
    ]
    grab = chain.await_("RAW_IMAGE_GRAB")
    assert (grab.image_bytes, base64.b64decode(grab.payload["frame_base64"])) == (png, png)
    assert (grab.payload["roi_used"], grab.payload["source_perf_counter_ns"]) == ([0, 0, 617, 137], 123)
    prepared = chain.await_("PROCESSED_ROI_IMAGE")
    assert (prepared.timestamp_ns, prepared.causation_id) == (grab.payload["grab_timestamp_ns"], None)
    assert prepared.image_bytes == base64.b64decode(prepared.payload["image_bytes"])
    pixels = cv2.imdecode(np.frombuffer(prepared.image_bytes or b"", np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (411, 1851)
    assert prepared.payload["roi_coordinates"] == {"x": 0, "y": 0, "width": 617, "height": 137}
    raw = chain.await_("RAW_OCR_DATA").payload
    assert raw["overall_confidence"] > 60
    assert raw["preprocessing_params_used"]["upscale_factor"] == 3.0
    assert app.query("positions")["AAPL"]["total_shares"] == 50


def test_all_times_from_grab_to_fill_are_of_one_clock_and_in_order(app: Driver) -> None:
    """T0 to T19."""
    chain = app.send("raw_image_injection", image=screen(OPEN_AAPL), image_format="PNG").settled()
    times = [chain.await_("RAW_IMAGE_GRAB").payload["grab_timestamp_ns"]]
    for name, fields in {
        "RAW_OCR_DATA": ("T0_ImageIngress_ns", "T1_ImageProcessing_ns", "T2_TesseractOutput_ns", "T3_FormattedOutput_ns"),
        "OCRConditioningMilestones": ("T4_ConditioningStart_ns", "T5_ValidationComplete_ns", "T6_ConditioningComplete_ns"),
        "ORCHESTRATION_MILESTONES": (
            "t7_orchestration_start_ns",
            "t8_interpretation_end_ns",
            "t9_filtering_end_ns",
            "t10_decision_ready_ns",
            "t11_signal_published_ns",
            "t12_order_request_published_ns",
        ),
        "RiskAssessmentMilestones": ("T13_RiskCheckStart_ns", "T14_RiskCheckEnd_ns", "T15_RiskEventPublished_ns"),
        "BrokerOrderSubmitted": ("T16_ExecutionStart_ns", "T17_BrokerSubmission_ns"),
        "BrokerOrderSent": ("T18_BrokerSend_ns",),
        "BrokerFillReceived": ("T19_BrokerMessageReceived_ns",),
    }.items():
        times += [chain.await_(name).payload[field] for field in fields]
    assert len(times) == 21
    assert all(before <= after for before, after in pairwise(times))
    prepared = chain.await_("PROCESSED_ROI_IMAGE").payload
    assert prepared["preprocessing_latency_ns"] == times[2] - times[1]


def test_the_stages_of_conditioning_and_signals_carry_the_validation_id(app: Driver) -> None:
    """From the text to the order request, in order."""
    chain = shows(app, OPEN_AAPL).settled()
    stages = [
        "ocr_conditioning_started",
        "ocr_conditioning_completed",
        "ocr_cleaned_data_enqueued_to_orchestrator",
        "orchestrator_signal_logic_started",
        "orchestrator_signal_logic_completed",
        "order_request_published",
    ]
    assert [name for name in chain.names() if name in stages] == stages
    assert {chain.await_(stage).payload["validation_id"] for stage in stages} == {order_of(chain)["validation_id"]}


def test_the_same_screen_does_not_trade_twice(app: Driver) -> None:
    """The second frame is suppressed, and says why."""
    shows(app, OPEN_AAPL).settled()
    again = shows(app, OPEN_AAPL).settled()
    assert again.await_("SIGNAL_SUPPRESSION").payload["suppression_reason"] == "NO_CHANGE_DETECTED"
    assert "ORDER_REQUEST" not in again.names()


def test_a_request_still_on_its_way_is_not_repeated(app: Driver) -> None:
    """While the broker is silent the same line is a duplicate."""
    app.ask("config_change", parameters={"broker_silent": True})
    shows(app, OPEN_AAPL).settled()
    again = shows(app, OPEN_AAPL).settled()
    assert again.await_("SIGNAL_SUPPRESSION").payload["suppression_reason"] == "DUPLICATE_FINGERPRINT"


def test_a_higher_cost_adds_and_the_filter_lets_it_settle(app: Driver) -> None:
    """The second add within the settling time is suppressed with the time that remains."""
    holds(app, 100)
    app.ask("config_change", parameters={"manual_shares": 10, "enable_flicker_filter": False})
    first = shows(app, "Long AAPL 150.50 +0.10 0.00")
    assert (order_of(first)["side"], order_of(first)["quantity"]) == ("BUY", 10)
    second = shows(app, "Long AAPL 150.75 +0.10 0.00").settled()
    decision = second.await_("MAF_DECISION").payload
    assert decision["decision_type"] == "SIGNAL_SUPPRESSED"
    assert 0 < decision["details"]["time_remaining"] <= 5
    assert second.await_("SignalDecision_SIGNAL_SUPPRESSED").payload["signal_reason"] == "NO_FILTERED_SIGNAL"
    assert order_of(shows(app, "Long AAPL 152.00 +0.10 0.00"))["quantity"] == 10


def test_a_suppressed_add_is_tried_again_when_the_numbers_have_settled(app: Driver) -> None:
    """The same screen, after the settling time, orders after all."""
    holds(app, 100)
    app.ask("config_change", parameters={"enable_flicker_filter": False})
    shows(app, "Long AAPL 150.50 +0.10 0.00").settled()
    assert "ORDER_REQUEST" not in shows(app, "Long AAPL 150.75 +0.10 0.00").settled().names()
    app.ask("config_change", parameters={"cost_basis_settling_duration_seconds": 0.0})
    assert order_of(shows(app, "Long AAPL 150.75 +0.10 0.00"))["side"] == "BUY"


def test_realized_profit_reduces_and_a_closed_line_closes(app: Driver) -> None:
    """Half of it, then the rest."""
    holds(app, 100)
    reduce = order_of(shows(app, "Long AAPL 150.00 +0.10 60.00"))
    assert (reduce["side"], reduce["quantity"]) == ("SELL", 50)
    close = order_of(shows(app, "Closed AAPL 0.00 0.00 60.00"))
    assert (close["side"], close["quantity"], close["source_strategy"]) == ("SELL", 50, "OCR_SCALPING_CLOSE_POSITION")
    assert app.query("positions")["AAPL"]["strategy"] == "closed"


def test_two_lines_are_two_orders(app: Driver) -> None:
    """Each symbol is decided for itself, in one chain."""
    chain = shows(app, OPEN_AAPL, "Long MSFT 420.10 +0.10 0.00").settled()
    assert [event.payload["symbol"] for event in chain.events("ORDER_REQUEST")] == ["AAPL", "MSFT"]
    assert {symbol: p["total_shares"] for symbol, p in app.query("positions").items()} == {"AAPL": 50, "MSFT": 50}


@pytest.mark.parametrize("lines", ["Short AAPL 150.25 +0.12 0.00", "Closed AAPL 0.00 0.00 0.00"])
def test_a_line_that_asks_for_nothing_says_so(app: Driver, lines: str) -> None:
    """No signal, with the reason in the interpretation."""
    chain = shows(app, lines).settled()
    interpretation = chain.await_("SIGNAL_INTERPRETATION").payload
    assert interpretation["decision_type"] == "NO_SIGNAL_GENERATED"
    assert interpretation["interpretation_context"]["reason"]
    assert "ORDER_REQUEST" not in chain.names()


@pytest.mark.parametrize("text", ["", "Balance 10,250.75 USD", "Long AAPL 150.25"])
def test_text_without_a_whole_line_is_no_trade_data(app: Driver, text: str) -> None:
    """Nothing is interpreted, and the reason is given."""
    chain = shows(app, text).settled()
    assert chain.await_("NO_TRADE_DATA").payload["reason"]
    assert "SIGNAL_INTERPRETATION" not in chain.names()


@pytest.mark.parametrize(
    "raw_data",
    [
        {"full_raw_text": "Long AAPL 15 0.25 +0.12 -35.40"},
        {"full_raw_text": "Long AAPL 150.25 +0.12 -6, 157.83"},
        {"full_raw_text": "Long AAPL 150.25 xx -35.40 120.00"},
        {"full_raw_text": f"Long AAPL 150.25 +0.12 {'9' * 400}"},
        {"snapshots": {"AAPL": {"cost_basis": 150.25, "realized_pnl": 1e300}}},
    ],
)
def test_a_row_that_cannot_be_read_for_certain_is_marked_and_moves_nothing(app: Driver, raw_data: dict[str, Any]) -> None:
    """Whether it comes as text or as numbers, the position is left as it was."""
    holds(app, 50, 150.25)
    chain = app.send("ocr_event", raw_data=raw_data).settled()
    refused = chain.await_("OCRValidationDecision").payload
    assert (refused["decision_type"], refused["context"]["symbol"]) == ("INSUFFICIENT_NUMERIC_TOKENS", "AAPL")
    assert chain.await_("NO_TRADE_DATA").payload["reason"] == "none of 1 lines is a position"
    assert "SIGNAL_INTERPRETATION" not in chain.names()
    assert app.query("positions")["AAPL"]["total_shares"] == 50


def test_outside_market_hours_the_order_has_a_limit(app: Driver) -> None:
    """Ten cents beyond the market."""
    app.ask("config_change", parameters={"market_session": "extended"})
    request = order_of(shows(app, OPEN_AAPL))
    assert (request["order_type"], request["limit_price"]) == ("LMT", 150.1)


@pytest.mark.parametrize(
    ("config", "event", "reason"),
    [
        ({"snapshot_interpreter_enabled": False}, "SIGNAL_VALIDATION_FAILURE", "NO_SNAPSHOT_INTERPRETER_SERVICE"),
        ({"master_action_filter_enabled": False}, "SIGNAL_VALIDATION_FAILURE", "NO_MASTER_ACTION_FILTER_SERVICE"),
        ({"add_type": "CostBasis"}, "SIGNAL_GENERATION_FAILURE", "INVALID_QUANTITY_CALCULATED"),
    ],
)
def test_a_signal_that_cannot_become_an_order_fails_visibly(
    app: Driver, config: dict[str, Any], event: str, reason: str
) -> None:
    """The failure names its reason; there is no order."""
    holds(app, 100)
    app.ask("config_change", parameters=config)
    chain = shows(app, "Long AAPL 150.50 +0.10 0.00").settled()
    assert chain.await_(event).payload["failure_reason"] == reason
    assert "ORDER_REQUEST" not in chain.names()


def test_a_refused_open_is_retried_while_its_price_holds(app: Driver) -> None:
    """Trading was off for a moment; the unchanged screen opens after all."""
    app.ask("trading_state_change", enabled=False)
    refused = shows(app, OPEN_AAPL).settled()
    assert "trading disabled" in refused.await_("RISK_REJECTION").payload["reason"]
    app.ask("trading_state_change", enabled=True)
    assert order_of(shows(app, OPEN_AAPL))["side"] == "BUY"


def test_injected_snapshots_become_the_text_they_would_have_been_read_from(app: Driver) -> None:
    """They go through the conditioner like any text; overrides are kept."""
    snapshot = {"strategy_hint": "Long", "cost_basis": 150.25, "pnl_per_share": 4.25, "realized_pnl": -35.4}
    chain = app.send(
        "ocr_event",
        raw_data={"snapshots": {"AAPL": snapshot}, "overall_confidence": 81.5},
        frame_number_override=-7,
        frame_timestamp_override=1.5,
    ).settled()
    raw = chain.await_("RAW_OCR_DATA").payload
    assert raw["full_raw_text"] == "Long AAPL 150.25 +4.25 -35.40"
    assert (raw["overall_confidence"], raw["frame_number"], raw["frame_timestamp"]) == (81.5, -7, 1.5)
    assert chain.await_("CLEANED_OCR_SNAPSHOT").payload["snapshots"]["AAPL"] == {"symbol": "AAPL", **snapshot}


def test_injected_thousands_are_what_they_say(app: Driver) -> None:
    """As on a screen they have their comma, which tells that the leading four is a digit."""
    snapshot = {"strategy_hint": "Closed", "cost_basis": 0.0, "pnl_per_share": 0.0, "realized_pnl": 4123.45}
    chain = app.send("ocr_event", raw_data={"snapshots": {"AAPL": snapshot}}).settled()
    assert chain.await_("RAW_OCR_DATA").payload["full_raw_text"] == "Closed AAPL 0.00 +0.00 4,123.45"
    assert chain.await_("CLEANED_OCR_SNAPSHOT").payload["snapshots"]["AAPL"] == {"symbol": "AAPL", **snapshot}


def test_a_mocked_symbol_shows_the_orchestrator_a_frozen_line(app: Driver) -> None:
    """The log keeps what was really on the screen; the decision is made about the mock."""
    frozen = {"strategy_hint": "Short", "cost_basis": 1.0, "pnl_per_share": 0.0, "realized_pnl": 0.0}
    app.ask("activate_ocr_mocks", profiles={"AAPL": frozen})
    chain = shows(app, OPEN_AAPL).settled()
    assert chain.await_("CLEANED_OCR_SNAPSHOT").payload["snapshots"]["AAPL"]["strategy_hint"] == "Long"
    assert chain.await_("SIGNAL_INTERPRETATION").payload["interpretation_context"]["strategy_hint"] == "Short"
    app.ask("activate_ocr_mocks", profiles={})
    assert order_of(shows(app, OPEN_AAPL))["side"] == "BUY"


@pytest.mark.parametrize(
    ("image", "parameters", "told"),
    [
        (b"no picture", {}, "neither PNG nor JPEG nor BMP"),
        (screen(OPEN_AAPL)[:300], {}, "damaged or cut off"),
        (screen(OPEN_AAPL), {"roi": [0, 0, 700, 100]}, "region [0, 0, 700, 100] is not within the image of 617x137"),
    ],
)
def test_an_image_that_cannot_be_read_is_a_conditioning_error(
    app: Driver, image: bytes, parameters: dict[str, Any], told: str
) -> None:
    """The grab is published all the same; the application goes on."""
    chain = app.send("raw_image_injection", image=image, image_format="PNG", **parameters).settled()
    assert chain.await_("RAW_IMAGE_GRAB").image_bytes == image
    error = chain.await_("OCR_CONDITIONING_ERROR").payload
    assert told in error["error_message"]
    assert order_of(shows(app, OPEN_AAPL))["side"] == "BUY"


def test_only_the_region_of_a_larger_screen_is_read(app: Driver) -> None:
    """A whole screen is cut to the configured region, or to the one that is stated."""
    desktop = np.full((400, 800, 3), 24, np.uint8)
    desktop[159:296, 64:681] = cv2.imdecode(np.frombuffer(screen(OPEN_AAPL), np.uint8), cv2.IMREAD_COLOR)
    png = cv2.imencode(".png", desktop)[1].tobytes()
    chain = app.send("raw_image_injection", image=png, image_format="PNG").settled()
    assert chain.await_("RAW_IMAGE_GRAB").payload["roi_used"] == [64, 159, 681, 296]
    assert "AAPL" in chain.await_("CLEANED_OCR_SNAPSHOT").payload["snapshots"]
    empty = app.send("raw_image_injection", image=png, image_format="PNG", roi=[0, 0, 600, 100]).settled()
    assert empty.await_("RAW_OCR_DATA").payload["roi_used_for_capture"] == [0, 0, 600, 100]
    assert empty.await_("NO_TRADE_DATA").payload["reason"]


def test_preprocessing_parameters_are_read_at_every_image(app: Driver) -> None:
    """A change shows in the next prepared image."""
    app.ask("config_change", parameters={"ocr_upscale_factor": 1.0})
    chain = app.send("raw_image_injection", image=screen(OPEN_AAPL), image_format="PNG").settled()
    prepared = chain.await_("PROCESSED_ROI_IMAGE").payload
    assert (prepared["image_width"], prepared["image_height"]) == (617, 137)
    assert json.dumps(chain.await_("RAW_OCR_DATA").payload["preprocessing_params_used"]["upscale_factor"]) == "1.0"


def test_a_doubtful_reading_raises_an_alert_once_in_a_while(app: Driver) -> None:
    """Below the limit of confidence; the second within the cooldown stays silent."""
    app.ask("config_change", parameters={"alert_min_ocr_confidence": 80.0, "alert_cooldown_seconds": 60.0})
    before = len([e for e in app.read_all() if e.event_type == "TESTRADE_SYSTEM_ALERT"])
    first = shows(app, OPEN_AAPL, overall_confidence=79.9).settled()
    shows(app, OPEN_AAPL, overall_confidence=10.0).settled()
    alerts = [e for e in app.read_all() if e.event_type == "TESTRADE_SYSTEM_ALERT"][before:]
    assert [alert.payload["details"]["seen_at"] for alert in alerts] == [first.correlation_id]
    assert alerts[0].payload["message"] == "ocr_confidence is 79.9, below 80"


def test_a_missing_engine_is_an_error_that_says_what_to_install(app: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a missing Tesseract program ends here."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    app.ask("config_change", parameters={"ocr_engine": "tesserocr"})
    chain = app.send("raw_image_injection", image=screen(OPEN_AAPL), image_format="PNG").settled()
    error = chain.await_("OCR_CONDITIONING_ERROR").payload
    assert error["error_type"] == "EngineMissing"
    assert "pip install" in error["error_message"]


@pytest.mark.parametrize(("is_set_again", "decision"), [(True, "INITIAL_VALUE_ACCEPTED"), (False, "FLICKER_REJECTED")])
def test_a_position_that_is_set_is_seen_as_new(app: Driver, is_set_again: bool, decision: str) -> None:
    """The cost seen before no longer counts; without setting it (the control) the jump is a flicker."""
    app.ask("set_position_state", symbol="AAPL", open=True, total_shares=10, total_avg_price=150.25)
    shows(app, "Long AAPL 150.25 +0.12 0.00").settled()
    if is_set_again:
        app.ask("set_position_state", symbol="AAPL", open=True, total_shares=10, total_avg_price=190.25)
    chain = shows(app, "Long AAPL 190.25 +0.12 0.00").settled()
    assert chain.await_("OCRFlickerDecision").payload["decision_type"] == decision
