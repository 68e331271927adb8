"""Every type of validation point: what it lets pass, what it fails, and in which words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from helpers.memory_streams import BUY, MS, MemoryTestrade, case, fills_orders, rejects_orders, step

from pytest_intellisense.engine.checks.outcome import Finding
from pytest_intellisense.engine.checks.registry import CHECKS, built_in_checks
from pytest_intellisense.engine.checks.screens import character_error_rate
from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
from pytest_intellisense.model.results import Fault, ValidationOutcome
from pytest_intellisense.model.validation import VALIDATION_TYPES

TO_FILL = "TRADE_CMD_TO_BROKER_FILL"


@pytest.fixture
def app() -> MemoryTestrade:
    app = MemoryTestrade()
    app.reactions["trade_command"] = fills_orders()
    app.reactions["ocr_event"] = reads_screens
    app.state = {
        "orders": [{"local_id": 1, "request_id": "r1", "status": "FILLED", "fills": [{"fill_price": 150.5}]}],
        "positions": {
            "AAPL": {"open": True, "total_shares": 100.0, "total_avg_price": 150.0, "overall_realized_pnl": -5.0},
            "MSFT": {"open": False, "total_shares": 0.0, "total_avg_price": 0.0, "overall_realized_pnl": 12.5},
        },
        "prices": {"AAPL": {"last_trade_price": 150.01}},
        "trading_state": {"enabled": True, "state": "ACTIVE"},
    }
    return app


def reads_screens(app: MemoryTestrade, command: Any, receipt: Any) -> None:
    ids: dict[str, Any] = {"correlation_id": command.correlation_id}
    app.respond(receipt, "success")
    image = {
        "roi_coordinates": {"x": 0, "y": 0, "width": 617, "height": 137},
        "preprocessing_latency_ns": 9 * MS,
    }
    app.emit("PROCESSED_ROI_IMAGE", image, after_ms=1, **ids)
    app.emit("OCR_FRAME_RAW", {"full_raw_text": "Long  AAPL 150.26\n\nLong MSFT 420.00"}, after_ms=2, **ids)
    snapshots = {"AAPL": {"cost_basis": 150.26, "strategy_hint": "Long"}}
    app.emit("OCR_SNAPSHOT_CLEANED", {"snapshots": snapshots, "T4_Start_ns": 5, "T6_End_ns": 25}, after_ms=3, **ids)


OCR = {"type": "ocr_event", "raw_data": {"full_raw_text": "Long AAPL 150.26"}}


def judged(app: MemoryTestrade, point: dict[str, Any], stimulus: dict[str, Any] = BUY, **fields: Any) -> ValidationOutcome:
    if stimulus is BUY:
        fields.setdefault("pipeline", TO_FILL)
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    result = capture.run(case(step(stimulus, point, **fields)))
    assert not result.steps[0].error, result.sentence
    return result.steps[0].outcomes[0]


def field(stage: str, path: str | None, operator: str, expected: Any = None) -> dict[str, Any]:
    point = {"type": "specific_log_event_field", "target_identifier": stage, "operator": operator, "expected_value": expected}
    return {**point, "field_to_check": path} if path else point


def state(kind: str, target: Any, path: str | None, expected: Any, operator: str = "==") -> dict[str, Any]:
    point: dict[str, Any] = {"type": kind, "operator": operator, "expected_value": expected}
    point |= {"target_identifier": target} if target is not None else {}
    return point | ({"field_to_check": path} if path else {})


def count(event_type: str, operator: str, expected: int) -> dict[str, Any]:
    criteria = {"event_type": event_type}
    return {
        "type": "correlation_log_event_count",
        "event_criteria": criteria,
        "operator": operator,
        "expected_event_count": expected,
    }


def latency(key: str, operator: str, expected: Any, **more: Any) -> dict[str, Any]:
    return {"type": "pipeline_latency", "field_to_check": key, "operator": operator, "expected_value": expected, **more}


def absence(event_type: str, **more: Any) -> dict[str, Any]:
    return {"type": "event_absence", "event_criteria": {"event_type": event_type}, **more}


def query(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "custom_query", "custom_query_payload": {"query": text}, **more}


FILL_STAGE = "T4_BrokerFillLog"
TOTAL = "total_observed_pipeline_ns"

PASSING: list[dict[str, Any]] = [
    {"type": "pipeline_completion_status"},
    {"type": "pipeline_timeout_status", "expected_value": False},
    field(FILL_STAGE, "side", "==", "BUY"),
    field(FILL_STAGE, "fill_quantity", "==", 100),
    field(FILL_STAGE, "event_type", "==", "FILL"),
    field(FILL_STAGE, None, "exists"),
    field("risk_rejected", None, "not_exists"),
    field("risk_rejected", "reason", "not_exists"),
    count("FILL", "==", 1),
    count("REJECT", "==", 0),
    count("POSITION_UPDATE", "==", 1),
    latency(TOTAL, "<=", 20),
    latency(TOTAL, "==", "20 ms"),
    latency(TOTAL, "==", "19 ms", tolerance="10 %"),
    latency(TOTAL, "==", 19, tolerance=1),
    latency("T3_BrokerAckLog_to_T4_BrokerFillLog_ns", "between", ["9 ms", 11]),
    {
        "type": "latency_between",
        "from_event": "T3_BrokerAckLog",
        "to_event": {"event_type": "POSITION_UPDATE"},
        "operator": "<=",
        "expected_value": "15 ms",
    },
    state("order_repository_state", "r1", "status", "FILLED"),
    state("order_repository_state", 1, "fills[0].fill_price", 150.5),
    state("position_manager_state", "AAPL", "total_shares", 0, ">"),
    state("price_state", "AAPL", "last_trade_price", 150.01),
    state("trading_state", None, None, True),
    state("trading_state", None, "state", "ACTIVE"),
    state("portfolio_risk_metric", None, "gross_notional", 15000),
    state("portfolio_risk_metric", None, "net_shares", 100),
    state("portfolio_risk_metric", None, "realized_pnl", 7.5),
    state("portfolio_risk_metric", None, "open_positions", 1),
    {"type": "stimulus_field_validation", "target_identifier": "$stimulus_symbol", "expected_value": "AAPL"},
    {
        "type": "stimulus_field_validation",
        "target_identifier": "$stimulus_derived_order_request_id",
        "operator": "starts_with",
        "expected_value": "inj_AAPL_",
    },
    absence("REJECT"),
    absence("POSITION_UPDATE", within="20 ms"),
    {"type": "event_order", "expected_value": ["T1_RMSValidatedLog", "ACK", FILL_STAGE, "POSITION_UPDATE"]},
    {"type": "no_extra_events", "event_criteria": {"event_type": ["FILL", "ACK"]}},
    {"type": "no_extra_events", "within": "4 ms"},
    query("stages.T4_BrokerFillLog.payload.fill_price", operator="==", expected_value=150),
    query("length(events[?event_type=='FILL'])", operator="==", expected_value=1),
    query("latencies_ns.total_observed_pipeline_ns", operator="<", expected_value=30_000_000),
    query("state.positions.AAPL.total_shares", operator="==", expected_value=100),
    query("stimulus.quantity", operator="==", expected_value="$pipeline_event_payload_T4_BrokerFillLog.fill_quantity"),
    query("pipeline.completed"),
]


@pytest.mark.parametrize("point", PASSING, ids=lambda point: point["type"])
def test_passes(app: MemoryTestrade, point: dict[str, Any]) -> None:
    """A filled order meets every one of these."""
    outcome = judged(app, point)
    assert (outcome.passed, outcome.details, outcome.fault) == (True, "", None)


FAILING: list[tuple[dict[str, Any], Fault, str]] = [
    (
        {"type": "pipeline_completion_status", "expected_value": False},
        Fault.EXTRA,
        "every stage arrived within 20.0 ms, which was not expected",
    ),
    ({"type": "pipeline_timeout_status", "expected_value": True}, Fault.EXTRA, "the observation ended as complete"),
    (field(FILL_STAGE, "side", "==", "SELL"), Fault.VALUE, 'text "BUY" is not "SELL"'),
    (
        field(FILL_STAGE, "fill_qty", "==", 100),
        Fault.VALUE,
        'T4_BrokerFillLog has no "fill_qty" (did you mean "fill_quantity"?); it has local_order_id, broker_order_id,'
        " symbol, order_id, side, fill_quantity, fill_price",
    ),
    (field("risk_rejected", "reason", "==", "x"), Fault.MISSING, "risk_rejected never arrived, so reason has no value"),
    (field("order_fill", "side", "==", "x"), Fault.PLAN, '"order_fill" is no stage of TRADE_CMD_TO_BROKER_FILL'),
    (field(FILL_STAGE, None, "not_exists"), Fault.EXTRA, "T4_BrokerFillLog arrived, which was not expected"),
    (count("FILL", "==", 2), Fault.MISSING, "1 event of the step meets the criteria, expected == 2 (FILL)"),
    (count("FILL", "==", 0), Fault.EXTRA, "1 event of the step meets the criteria, expected == 0 (FILL)"),
    (count("FIL", "<=", 1), Fault.MISSING, "no event of the step meets the criteria, so <= 1 says nothing"),
    (
        count("FILL", "==", 1) | {"expected_value": "$stimulus_quantity"},
        Fault.PLAN,
        "expected_event_count 1 and expected_value 100.0 cannot both be meant: write one of them",
    ),
    (latency(TOTAL, "<=", "15 ms"), Fault.LATENCY, "20.000 ms is not at most 15 ms"),
    (latency("total_ns", "<=", 15), Fault.PLAN, '"total_ns" is no latency of TRADE_CMD_TO_BROKER_FILL'),
    (
        latency("T4_BrokerFillLog_component_internal_ns", "<=", 15),
        Fault.MISSING,
        "T4_BrokerFillLog_component_internal_ns was not measured: the event of T4_BrokerFillLog does not say how long"
        " its component took",
    ),
    (
        {"type": "latency_between", "from_event": "REJECT", "to_event": FILL_STAGE, "operator": "<", "expected_value": 5},
        Fault.MISSING,
        "REJECT never arrived, so there is no time to measure",
    ),
    (state("order_repository_state", 7, "status", "FILLED"), Fault.VALUE, "there is no order 7 (local ids: 1)"),
    (
        state("position_manager_state", "TSLA", "total_shares", 0),
        Fault.VALUE,
        "there is no position TSLA (positions: AAPL, MSFT)",
    ),
    (state("position_manager_state", "AAPL", "total_shares", 50), Fault.VALUE, "100.0 is not 50 (delta +50.0)"),
    (state("portfolio_risk_metric", None, "beta", 0), Fault.PLAN, '"beta" is no figure over all positions'),
    (
        {"type": "stimulus_field_validation", "target_identifier": "$stimulus_symbl", "expected_value": "AAPL"},
        Fault.PLAN,
        '$stimulus_symbl refers to nothing (did you mean "symbol"?',
    ),
    (absence("FILL"), Fault.EXTRA, "FILL arrived 20.0 ms after the injection"),
    (
        {"type": "event_order", "expected_value": [FILL_STAGE, "ACK"]},
        Fault.VALUE,
        "ACK arrived before T4_BrokerFillLog",
    ),
    ({"type": "event_order", "expected_value": ["ACK", "REJECT"]}, Fault.MISSING, "REJECT never arrived"),
    ({"type": "no_extra_events"}, Fault.EXTRA, "POSITION_UPDATE came 5.00 ms after completion"),
    (query("stages.nothing.payload", operator="==", expected_value=1), Fault.MISSING, "the query found nothing"),
    (query("stages.["), Fault.PLAN, '"stages.[" is no JMESPath query'),
    (query("length(latencies_ns.nothing)", expected_value=1), Fault.PLAN, "the query cannot be answered"),
    ({"type": "phase_of_moon"}, Fault.PLAN, '"phase_of_moon" is no validation type'),
]


COUNTED: list[tuple[str, Any, Fault]] = [
    ("<", 1, Fault.EXTRA),
    ("<=", 0, Fault.EXTRA),
    ("between", [0, 0], Fault.EXTRA),
    ("in", [0], Fault.EXTRA),
    ("approx", 0, Fault.EXTRA),
    (">", 1, Fault.MISSING),
    (">=", 2, Fault.MISSING),
    ("between", [2, 3], Fault.MISSING),
    ("in", [2, 3], Fault.MISSING),
    ("!=", 1, Fault.VALUE),
    ("not_in", [1, 2], Fault.VALUE),
    ("in", [0, 2], Fault.VALUE),
]


@pytest.mark.parametrize(("operator", "expected", "fault"), COUNTED, ids=str)
def test_a_count_is_too_high_or_too_low_by_its_operator(
    app: MemoryTestrade, operator: str, expected: Any, fault: Fault
) -> None:
    """One fill came: too many are extra, too few are missing, and a number that is merely not allowed is neither."""
    outcome = judged(app, count("FILL", operator, 1) | {"expected_event_count": None, "expected_value": expected})
    assert outcome.details == f"1 event of the step meets the criteria, expected {operator} {expected} (FILL)"
    assert (outcome.passed, outcome.fault) == (False, fault)
    said = outcome.attribution.reason if outcome.attribution else ""
    assert "expected" not in said or said == f"1 came and {operator} {expected} were expected"


@pytest.mark.parametrize(
    ("point", "fault", "words"), FAILING, ids=lambda value: value["type"] if isinstance(value, dict) else ""
)
def test_fails(app: MemoryTestrade, point: dict[str, Any], fault: Fault, words: str) -> None:
    """Each with its fault, and in words that need no looking up."""
    outcome = judged(app, point)
    assert outcome.details.startswith(words)
    assert (outcome.passed, outcome.fault) == (False, fault)


PASSING_ON_A_SCREEN: list[dict[str, Any]] = [
    {"type": "processed_image_property", "field_to_check": "width", "expected_value": 617},
    {"type": "processed_image_property", "field_to_check": "roi_coordinates.height", "expected_value": 137},
    {
        "type": "processed_image_property",
        "field_to_check": "preprocessing_latency_ns",
        "operator": "<=",
        "expected_value": 10_000_000,
    },
    {"type": "ocr_text_accuracy", "expected_value": ["Long AAPL 150.26", "Long MSFT 420.00"]},
    {"type": "ocr_text_accuracy", "expected_value": "Long AAPL 150.25\nLong MSFT 420.00", "tolerance": "4 %"},
    {"type": "ocr_text_accuracy", "expected_value": {"AAPL": {"cost_basis": 150.26, "strategy_hint": "Long"}}},
    {"type": "ocr_text_accuracy", "expected_value": {"AAPL.cost_basis": 150.25}, "tolerance": 0.01},
    {"type": "ocr_text_accuracy", "field_to_check": "AAPL.cost_basis", "operator": ">", "expected_value": 150},
    latency("T1_EnhancedOCROutputLog_component_internal_ns", "==", "20 ns"),
]


@pytest.mark.parametrize("point", PASSING_ON_A_SCREEN, ids=lambda point: point["type"])
def test_passes_on_a_screen(app: MemoryTestrade, point: dict[str, Any]) -> None:
    """What TESTRADE saw and read."""
    outcome = judged(app, point, OCR)
    assert (outcome.passed, outcome.details) == (True, "")


FAILING_ON_A_SCREEN: list[tuple[dict[str, Any], str]] = [
    (
        {"type": "ocr_text_accuracy", "expected_value": "Long AAPL 150.25\nLong MSFT 420.00"},
        "character error rate 0.0303 is above 0: read",
    ),
    ({"type": "ocr_text_accuracy", "expected_value": {"AAPL.cost_basis": 150.25}}, "AAPL.cost_basis: 150.26 is not 150.25"),
    ({"type": "ocr_text_accuracy", "expected_value": {"TSLA.cost_basis": 1}}, 'snapshots has no "TSLA"'),
    ({"type": "processed_image_property", "field_to_check": "depth"}, 'the processed image has no "depth"'),
]


@pytest.mark.parametrize(
    ("point", "words"), FAILING_ON_A_SCREEN, ids=lambda value: value["type"] if isinstance(value, dict) else ""
)
def test_fails_on_a_screen(app: MemoryTestrade, point: dict[str, Any], words: str) -> None:
    """With what was read beside what stands there."""
    outcome = judged(app, point, OCR)
    assert not outcome.passed
    assert outcome.details.startswith(words)


def test_the_image_has_to_have_come(app: MemoryTestrade) -> None:
    """A property of nothing is no property."""
    outcome = judged(app, {"type": "processed_image_property", "field_to_check": "width", "expected_value": 0})
    assert (outcome.fault, outcome.details) == (Fault.MISSING, "the processed image never arrived")


def test_every_declared_type_has_its_check() -> None:
    """What plans may name and what can be judged are the same."""
    assert set(CHECKS) == set(VALIDATION_TYPES)
    assert {point["type"] for point in (*PASSING, *PASSING_ON_A_SCREEN)} | {"latency_comparison"} == set(CHECKS)


def test_all_checks_of_a_step_are_judged(app: MemoryTestrade) -> None:
    """A failed one does not hide the others."""
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    points = (count("FILL", "==", 2), field(FILL_STAGE, "side", "==", "BUY"), latency(TOTAL, "<", 1))
    outcomes = capture.run(case(step(BUY, *points, pipeline=TO_FILL))).steps[0].outcomes
    assert [outcome.passed for outcome in outcomes] == [False, True, False]
    assert [outcome.position for outcome in outcomes] == [(2, 3)] * 3


def test_a_state_that_is_still_on_its_way_is_asked_for_again(app: MemoryTestrade) -> None:
    """The position is booked a little after the fill was published."""
    asked = []

    def answer(parameters: Any) -> dict[str, Any]:
        asked.append(parameters["component"])
        return {"positions": {"AAPL": {"total_shares": 100.0 if len(asked) > 1 else 0.0}}}

    app.answers["query_state"] = answer
    assert judged(app, state("position_manager_state", "AAPL", "total_shares", 100)).passed
    assert asked == ["positions", "positions"]


def test_a_symbol_the_step_is_about_has_a_flat_position_if_none_is_held(app: MemoryTestrade) -> None:
    """After a rejection there is nothing, and that is what the plan expects."""
    app.state["positions"] = {}
    app.reactions["trade_command"] = rejects_orders("no")
    assert judged(app, state("position_manager_state", "AAPL", "total_shares", 0)).passed
    assert not judged(app, state("position_manager_state", "AAPL", "total_shares", 1)).passed


def test_a_late_intruder_fails_the_window_it_falls_into(app: MemoryTestrade) -> None:
    """Absence is watched for as long as the plan says."""

    def reject_late(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fills_orders()(app, command, receipt)
        app.emit("REJECT", {}, after_ms=900, correlation_id=command.correlation_id)

    app.reactions["trade_command"] = reject_late
    assert judged(app, absence("REJECT", within="0.8 s")).passed
    assert judged(app, absence("REJECT", within="1 s")).details == "REJECT arrived 900 ms after the injection"


NOTHING, NO_TEXT = "events[?event_type=='FIL'].payload.side", "''"

VACUOUS: list[tuple[dict[str, Any], str]] = [
    (query(NOTHING, operator="subset", expected_value=["SELL"]), "an empty list, so subset ['SELL'] says nothing"),
    (query(NOTHING, operator="!=", expected_value=["BUY"]), "an empty list, so != ['BUY'] says nothing"),
    (query(NOTHING, operator="not_in", expected_value=["BUY"]), "an empty list, so not_in ['BUY'] says nothing"),
    (query(NOTHING, operator="superset", expected_value=[]), "an empty list, so superset [] says nothing"),
    (query(NOTHING, operator="exists"), "an empty list, so exists says nothing"),
    (query(NOTHING, operator="type", expected_value="array"), 'an empty list, so type "array" says nothing'),
    (query("stages.nothing", operator="!=", expected_value="BUY"), 'nothing, so != "BUY" says nothing'),
    (query("merge(`{}`, `{}`)", operator="subset", expected_value={"side": "BUY"}), "an empty object, so subset"),
    (query(NO_TEXT, operator="in", expected_value="BUY"), 'an empty text, so in "BUY"'),
    (query(NO_TEXT, operator="matches_regex", expected_value=".*"), "an empty text, so matches_regex"),
]


@pytest.mark.parametrize(("point", "words"), VACUOUS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_query_that_finds_nothing_says_nothing(app: MemoryTestrade, point: dict[str, Any], words: str) -> None:
    """Null, or an empty list, object or text, passes only where the plan says that it is expected."""
    outcome = judged(app, point)
    assert outcome.details.startswith(f"the query found {words}")
    assert (outcome.passed, outcome.fault, outcome.rests_on_absence) == (False, Fault.MISSING, True)


NOTHING_EXPECTED: list[dict[str, Any]] = [
    query("stages.nothing", operator="not_exists"),
    query("stages.nothing", operator="==", expected_value=None),
    query("stages.nothing", operator="in", expected_value=[None, 1]),
    query("stages.nothing", operator="type", expected_value="null"),
    query("stages.nothing", operator="is_empty"),
    query(NOTHING, operator="is_empty"),
    query(NOTHING, operator="==", expected_value=[]),
    query(NOTHING, operator="approx", expected_value=[]),
    query(NOTHING, operator="in", expected_value=[["SELL"], []]),
    query(NOTHING, operator="length", expected_value=0),
    query(NOTHING, operator="subset", expected_value=[]),
    query(NO_TEXT, operator="==", expected_value=""),
    query("merge(`{}`, `{}`)", operator="==", expected_value={}),
    query(f"length({NOTHING})", operator="==", expected_value=0),
    query(f"length({NOTHING})", operator="<", expected_value=1),
    query("stages.T3_BrokerAckLog.arrived && `false`", operator="==", expected_value=False),
]


@pytest.mark.parametrize("point", NOTHING_EXPECTED, ids=str)
def test_a_query_may_find_nothing_where_that_is_expected(app: MemoryTestrade, point: dict[str, Any]) -> None:
    """Then emptiness is the point; 0 and false are values like others."""
    outcome = judged(app, point)
    assert (outcome.passed, outcome.details) == (True, "")


def fills_and_books_twice(app: MemoryTestrade, command: Any, receipt: Any) -> None:
    fills_orders(fills=(0.5, 0.5))(app, command, receipt)
    app.emit("POSITION_UPDATE", {"symbol": "AAPL"}, after_ms=30, correlation_id=command.correlation_id)


ORDERS_WITH_REPEATED_NAMES: list[tuple[list[Any], str]] = [
    (["FILL", "POSITION_UPDATE", "FILL"], ""),
    ([FILL_STAGE, "POSITION_UPDATE", FILL_STAGE, "POSITION_UPDATE"], ""),
    (["ACK", "FILL", {"event_type": "POSITION_UPDATE"}, "FILL", {"event_type": "POSITION_UPDATE"}], ""),
    (["FILL", "FILL", "POSITION_UPDATE"], "POSITION_UPDATE arrived before FILL #2"),
    (["FILL", "POSITION_UPDATE", "POSITION_UPDATE", "FILL"], "FILL #2 arrived before POSITION_UPDATE #2"),
    (["FILL", "FILL", "FILL"], "FILL came 2 times and stands in the order 3 times"),
    (["ACK", "ACK"], "ACK came once and stands in the order 2 times"),
    (["T3_BrokerAckLog", "FILL", "T3_BrokerAckLog"], "T3_BrokerAckLog came once and stands in the order 2 times"),
    (["ORDER_FILL", "POSITION_UPDATE", "TESTRADE_ORDER_FILL", "TESTRADE_POSITION_UPDATE"], ""),
    (["FILL", {"event_type": "ORDER_FILL"}, "POSITION_UPDATE"], "POSITION_UPDATE arrived before FILL #2"),
    (["TESTRADE_ORDER_FILL", "FILL", "ORDER_FILL"], "TESTRADE_ORDER_FILL came 2 times and stands in the order 3 times"),
    (["VALIDATED_ORDER", "TESTRADE_VALIDATED_ORDER_REQUEST"], "VALIDATED_ORDER came once and stands in the order 2 times"),
    (["T4_BrokerFillLog", "FILL", "POSITION_UPDATE"], ""),
]


@pytest.mark.parametrize(("wanted", "words"), ORDERS_WITH_REPEATED_NAMES, ids=str)
def test_a_name_that_stands_in_an_order_again_is_the_next_event_of_that_name(
    app: MemoryTestrade, wanted: list[Any], words: str
) -> None:
    """Two partial fills with a booking after each; too few of a name are missing, and it is said how many came."""
    app.reactions["trade_command"] = fills_and_books_twice
    outcome = judged(app, {"type": "event_order", "expected_value": wanted})
    assert outcome.passed == (not words)
    assert outcome.details.startswith(words)
    assert outcome.fault is (None if not words else Fault.MISSING if "came" in words else Fault.VALUE)


def fills_after(*delays_ms: float) -> Any:
    """An app that fills one order after the other so long after it acknowledged it."""
    delays = iter(delays_ms)

    def react(app: MemoryTestrade, command: Any, receipt: Any) -> None:
        fills_orders(fills=())(app, command, receipt)
        app.emit("FILL", {"fill_quantity": 100}, after_ms=10 + next(delays), correlation_id=command.correlation_id)

    return react


def test_statistics_over_repetitions_are_judged_after_the_last(app: MemoryTestrade) -> None:
    """One outcome for all of them; a percentile is a time that was measured."""
    app.reactions["trade_command"] = fills_after(10, 50, 20, 30)
    points = [
        latency(TOTAL, "==", expected, statistic=name)
        for name, expected in {"min": 20, "median": 35, "mean": 37.5, "p90": 60, "max": 60}.items()
    ]
    points.append(
        {"type": "latency_between", "from_event": "ACK", "to_event": FILL_STAGE, "statistic": "median", "expected_value": 25}
    )
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    steps = capture.run(case(step(BUY, *points, pipeline=TO_FILL, repeat=4))).steps
    assert [len(one.outcomes) for one in steps] == [0, 0, 0, 6]
    assert [outcome.details for outcome in steps[-1].outcomes] == [""] * 6


STATISTICS_TOO_LONG: list[tuple[str, str, str]] = [
    ("min", "each of them alone is more than the 5.00 ms that are too much", "10.0 ms"),
    ("median", "no other stage took the 20.0 ms that are too much", "30.0 ms"),
    ("mean", "no other stage took the 22.5 ms that are too much", "30.0 ms"),
    ("max", "no other stage took the 45.0 ms that are too much", "50.0 ms"),
]


@pytest.mark.parametrize(("statistic", "words", "fill_took"), STATISTICS_TOO_LONG)
def test_a_statistic_that_is_too_long_is_explained_by_a_repetition_like_it(
    app: MemoryTestrade, statistic: str, words: str, fill_took: str
) -> None:
    """What is too much is what the statistic has too much, not what the slowest repetition has."""
    app.reactions["trade_command"] = fills_after(10, 50, 20, 30)
    total = latency(TOTAL, "<=", "15 ms", statistic=statistic)
    ends = {"from_event": "T3_BrokerAckLog", "to_event": FILL_STAGE, "operator": "<=", "expected_value": "5 ms"}
    between = {"type": "latency_between", "statistic": statistic, **ends}
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    of_total, of_between = capture.run(case(step(BUY, total, between, pipeline=TO_FILL, repeat=4))).steps[-1].outcomes
    assert of_total.attribution is not None
    assert of_total.attribution.reason.endswith(words)
    assert of_total.attribution.forms[-1].value == fill_took
    assert of_between.attribution is not None
    assert of_between.attribution.forms[-1].value == fill_took
    excess = words.split(" the ")[-1]
    assert excess in of_between.attribution.reason


def test_a_step_is_compared_with_an_earlier_one(app: MemoryTestrade) -> None:
    """As a ratio; an unknown step is a mistake of the plan."""

    def compared(other: str, limit: float) -> dict[str, Any]:
        return {
            "type": "latency_comparison",
            "field_to_check": TOTAL,
            "compare_with_step": other,
            "operator": "<=",
            "expected_value": limit,
        }

    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock)
    points = compared("first", 1.0), compared("first", 0.5), compared("nobody", 1.0)
    plan = case(step(BUY, pipeline=TO_FILL, step_id="first"), step(BUY, *points, pipeline=TO_FILL))
    outcomes = capture.run(plan).steps[1].outcomes
    assert [(outcome.passed, outcome.actual) for outcome in outcomes] == [(True, 1.0), (False, 1.0), (False, None)]
    assert outcomes[1].details == "1.0 is not at most 0.5: 20.000 ms here, 20.000 ms in step first (median)"
    assert outcomes[2].details == '"nobody" is no earlier step of this plan (earlier steps: first)'


def test_a_check_of_ones_own(app: MemoryTestrade) -> None:
    """Users add validation types; a name that is taken is refused."""
    checks = built_in_checks()
    checks.register("is_even", lambda view, asked: Finding(reason=None if len(view.events) % 2 == 0 else "odd"))
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock, checks=checks)
    assert capture.run(case(step(BUY, {"type": "is_even"}))).steps[0].outcomes[0].fault is not Fault.PLAN
    with pytest.raises(ValueError, match="defined twice"):
        checks.register("event_order", lambda view, asked: Finding(reason=None))


def test_a_check_of_ones_own_that_goes_wrong_fails_alone(app: MemoryTestrade) -> None:
    """What it raised or returned, and where, as a mistake of the plan; the other checks of the step are judged."""

    def divides(_view: object, _asked: object) -> Finding:
        return Finding(reason=str(1 / 0))

    checks = built_in_checks()
    checks.register("divides", divides)
    checks.register("silent", lambda view, asked: None)  # type: ignore[arg-type, return-value]
    capture = MillisecondOptimizationCapture(app, app, images=lambda folder, name: b"", now_ns=app.clock, checks=checks)
    done = {"type": "pipeline_completion_status", "expected_value": True}
    plan = case(step(BUY, {"type": "divides"}, {"type": "silent"}, done, pipeline=TO_FILL))
    raised, returned, judged = capture.run(plan).steps[0].outcomes
    assert raised.fault is returned.fault is Fault.PLAN and judged.passed
    line = divides.__code__.co_firstlineno + 1
    assert re.fullmatch(rf'validation type "divides" raised ZeroDivisionError: division by zero \(.*{line}\)', raised.details)
    assert re.fullmatch(r'validation type "silent" returned a NoneType \(.*\) \(it returns a Finding\)', returned.details)


@pytest.mark.parametrize(
    ("read", "screen", "rate"), [("abc", "abc", 0), ("abd", "abc", 1 / 3), ("", "abc", 1), ("xabc", "abc", 1 / 3), ("a", "", 1)]
)
def test_the_character_error_rate(read: str, screen: str, rate: float) -> None:
    """Edits per character of the screen."""
    assert character_error_rate(read, screen) == rate
