"""From raw text to snapshots, and what is decided on the way."""

from __future__ import annotations

from typing import Any

import pytest

from testrade_hooks.reference.conditioner import ConditionedFrame, Conditioner
from testrade_hooks.reference.config import Config

PRICES = {"AAPL": 150.0, "MSFT": 420.0, "IQ": 3.0, "GOOG": 165.0, "V": 275.0}
LINE = "Long AAPL 150.25 +0.12 -35.40"


def read(text: str, **config: Any) -> ConditionedFrame:
    return Conditioner(Config(config), PRICES.get).condition(text, 91.0)


def snapshot(text: str, **config: Any) -> tuple[Any, ...]:
    (only,) = read(text, **config).snapshots.values()
    return tuple(only.values())


def refusal(text: str, **config: Any) -> tuple[str, str]:
    frame = read(text, **config)
    assert not frame.snapshots
    (decision,) = frame.decisions
    assert decision.event_name == "OCRValidationDecision"
    return decision.decision_type, decision.reason


def test_a_line_becomes_a_snapshot() -> None:
    """Symbol, strategy word, and three amounts in dollars."""
    assert read(LINE).snapshots == {
        "AAPL": {
            "symbol": "AAPL",
            "strategy_hint": "Long",
            "cost_basis": 150.25,
            "pnl_per_share": 0.12,
            "realized_pnl": -35.4,
        }
    }


def test_the_counters_are_of_one_frame() -> None:
    """The second frame starts at nothing."""
    conditioner = Conditioner(Config(), PRICES.get)
    assert conditioner.condition(f"{LINE}\nLong MSFT 42010 +0.10 0.00\nnonsense", 91.0).counters == {
        "symbols_processed": 2,
        "lines_processed": 3,
        "flickers_rejected": 0,
        "decimal_corrections_applied": 1,
        "validation_failures": 1,
    }
    assert conditioner.condition("Long AAPL 190.00 +0.12 0.00", 91.0).counters["flickers_rejected"] == 1
    assert set(conditioner.condition("", 0.0).counters.values()) == {0}


@pytest.mark.parametrize(("text", "reason"), [("", "no text"), (" \n ", "no text"), ("Balance\n12", "none of 2 lines")])
def test_nothing_to_trade_has_a_reason(text: str, reason: str) -> None:
    """An empty screen, and one without a position."""
    assert reason in (read(text).no_trade_reason or "")


def test_of_two_lines_with_one_symbol_the_later_wins() -> None:
    """As on the screen, from top to bottom."""
    assert snapshot(f"{LINE}\nClosed AAPL 0.00 0.00 12.00")[1:] == ("Closed", 0.0, 0.0, 12.0)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Lung", "Long"), ("Lonq", "Long"), ("Lng", "Long"), ("LONG", "Long"), ("Cl0sed", "Closed"), ("5hort", "Short")],
)
def test_a_misread_strategy_word_is_understood(word: str, meant: str) -> None:
    """Seven tenths alike are enough."""
    assert snapshot(f"{word} AAPL 150.25 +0.12 0.00")[1] == meant


def test_how_alike_is_configured() -> None:
    """Lung is Long to three quarters."""
    assert snapshot(f"Lung {LINE[5:]}", ocr_fuzzy_match_threshold=0.75)[1] == "Long"
    assert refusal(f"Lung {LINE[5:]}", ocr_fuzzy_match_threshold=0.76)[0] == "STRATEGY_VALIDATION_FAILURE"


def test_a_leading_trade_is_skipped() -> None:
    """Whatever its case."""
    assert snapshot(f"Trade {LINE}") == snapshot(f"TRADE {LINE}") == snapshot(LINE)


@pytest.mark.parametrize(
    ("text", "decision_type", "reason"),
    [
        ("Hello AAPL 150.25 +0.12 0.00", "STRATEGY_VALIDATION_FAILURE", "does not begin with one of Long"),
        ("Long 150.25 +0.12 0.00", "SYMBOL_VALIDATION_FAILURE", "no symbol of 1 to 6"),
        ("Long TESTSYM 50.10 +0.12 0.00", "SYMBOL_VALIDATION_FAILURE", "no symbol of 1 to 6"),
        ("Long", "SYMBOL_VALIDATION_FAILURE", "no symbol"),
        ("Long QZXW 33.10 +0.10 0.00", "JIT_VALIDATION_FAILURE", "SYMBOL_NO_PRICE_DATA: no price of QZXW"),
        ("Long AAPL 150.25", "INSUFFICIENT_NUMERIC_TOKENS", "1 numbers after the symbol; 3 are needed"),
        ("Long AAPL 150.25 junk 0.00", "INSUFFICIENT_NUMERIC_TOKENS", "2 numbers"),
        ("Long AAPL +0.12 -35.40 100", "INSUFFICIENT_NUMERIC_TOKENS", "+0.12 has a sign"),
        ("Long AAPL 150 25 +0.12 -35.40", "INSUFFICIENT_NUMERIC_TOKENS", "150 25 is cut in two"),
        ("Long AAPL 15 0.25 +0.12 -35.40", "INSUFFICIENT_NUMERIC_TOKENS", "4 numbers after the symbol; 3 are needed"),
        ("Long AAPL 150.25 +0.12 -6, 157.83", "INSUFFICIENT_NUMERIC_TOKENS", "the unreadable '-6,'"),
        ("Long AAPL 150.25 xx -35.40 120.00", "INSUFFICIENT_NUMERIC_TOKENS", "3 numbers and the unreadable 'xx'"),
        ("Long AAPL xxx 1.12 -35.40 4", "INSUFFICIENT_NUMERIC_TOKENS", "3 numbers and the unreadable 'xxx'"),
        ("Long AAPL 150.25 -3.08 -/0.14", "INSUFFICIENT_NUMERIC_TOKENS", "the unreadable '-/0.14'"),
        ("Long AAPL 150.25 -3.08 / 0.14", "INSUFFICIENT_NUMERIC_TOKENS", "the unreadable '/'"),
        ("Long AAPL 150.25 0 . 12 -35.40", "INSUFFICIENT_NUMERIC_TOKENS", "the unreadable '.'"),
        ("Long AAPL 150.25 +0.12 (35.40", "INSUFFICIENT_NUMERIC_TOKENS", "the unreadable '(35.40'"),
        (f"Long AAPL 150.25 +0.12 {'9' * 400}", "INSUFFICIENT_NUMERIC_TOKENS", f"the unreadable '{'9' * 20}'"),
        ("Long A/PL 150.25 +0.12 -35.40", "SYMBOL_VALIDATION_FAILURE", "no symbol"),
    ],
)
def test_a_line_that_is_no_position_is_refused_with_the_reason(text: str, decision_type: str, reason: str) -> None:
    """A shifted column is noticed, and so is a field that cannot be read for certain."""
    told = refusal(text)
    assert told[0] == decision_type
    assert reason in told[1]


def test_a_line_that_is_refused_takes_back_what_an_earlier_one_said() -> None:
    """Of two lines with one symbol the later counts: what it says is not known."""
    frame = read(f"{LINE}\nLong AAPL 150.25 xx 60.00\nLong MSFT 420.10 +0.10 0.00")
    assert list(frame.snapshots) == ["MSFT"]


def test_a_line_that_is_refused_leaves_its_symbol_as_it_was() -> None:
    """Neither its cost nor its strategy word counts."""
    conditioner = Conditioner(Config(), PRICES.get)
    conditioner.condition(LINE, 91.0)
    conditioner.condition("Closed AAPL 190.00 xx 0.00", 91.0)
    assert [d.reason for d in conditioner.condition(LINE, 91.0).decisions][-3] == "a trade could have brought it"


def test_a_refusal_tells_what_was_read() -> None:
    """Line, tokens, stage and threshold."""
    (decision,) = read("Long AAPL 150.25").decisions
    assert decision.context == {
        "raw_line": "Long AAPL 150.25",
        "tokens": ["Long", "AAPL", "150.25"],
        "symbol": "AAPL",
        "confidence": 91.0,
        "validation_stage": "numbers",
        "fuzzy_match_threshold": 0.7,
    }


@pytest.mark.parametrize(
    ("read_as", "symbol"),
    [("aapl", "AAPL"), ("Aapl", "AAPL"), ("AAPl", "AAPL"), ("G00G", "GOOG"), ("1Q", "IQ"), ("lQ", "IQ"), ("!Q", "IQ")],
)
def test_a_misread_symbol_is_understood_where_the_market_knows_it(read_as: str, symbol: str) -> None:
    """Symbols are capital letters; digits in them are tried as letters if the symbol has no price as it stands."""
    assert snapshot(f"Long {read_as} 150.25 +0.12 0.00")[0] == symbol


def test_a_lone_letter_read_twice_is_one_letter() -> None:
    """V often comes out as Vv."""
    assert snapshot("Long Vv 275.10 -0.10 0.00")[0] == "V"


def test_what_does_not_belong_to_a_line_vanishes() -> None:
    """Grid strokes, dollar signs, colons, stray points; typographic minus signs count."""
    noisy = "| Long . AAPL | $150.25 \u2212 0.12 _ (35.40) §"
    assert snapshot(noisy) == ("AAPL", "Long", 150.25, -0.12, -35.4)


def test_a_number_cut_at_its_point_is_one_number() -> None:
    """Wide fonts are read so."""
    assert snapshot("Long AAPL 150. 25 +0 .12 - 35.40") == snapshot(LINE)


def test_a_known_symbol_without_a_price_goes_on() -> None:
    """Its cost can only not be corrected."""
    prices = dict(PRICES)
    conditioner = Conditioner(Config(), prices.get)
    conditioner.condition(LINE, 91.0)
    del prices["AAPL"]
    frame = conditioner.condition(LINE, 91.0)
    assert frame.snapshots["AAPL"]["cost_basis"] == 150.25
    assert frame.decisions[0].reason == "NO_VALID_REFERENCE_PRICE"
    conditioner.reset()
    assert conditioner.condition(LINE, 91.0).decisions[0].decision_type == "JIT_VALIDATION_FAILURE"


def test_only_the_cost_is_corrected() -> None:
    """The other two columns say so."""
    frame = read("Long AAPL 15025 +0.12 4000000")
    decisions = [d for d in frame.decisions if d.event_name == "OCRDecimalCorrectionDecision"]
    assert {d.context["field"]: (d.decision_type, d.context["skip_reason"]) for d in decisions} == {
        "cost_basis": ("DECIMAL_CORRECTION_APPLIED", None),
        "pnl_per_share": ("DECIMAL_CORRECTION_SKIPPED", "FIELD_NOT_COST_BASIS"),
        "realized_pnl": ("DECIMAL_CORRECTION_SKIPPED", "FIELD_NOT_COST_BASIS"),
    }
    assert frame.snapshots["AAPL"]["cost_basis"] == 150.25


def test_opening_and_closing_forget_the_cost() -> None:
    """The next cost is a first value again."""
    conditioner = Conditioner(Config(), PRICES.get)
    for text, decided in [
        ("Long AAPL 150.25 +0.12 0.00", "INITIAL_VALUE_ACCEPTED"),
        ("Long AAPL 190.25 +0.12 0.00", "FLICKER_REJECTED"),
        ("Closed AAPL 0.00 0.00 12.00", "INITIAL_VALUE_ACCEPTED"),
        ("Closed AAPL 0.00 0.00 12.00", "NON_FLICKER_ACCEPTED"),
        ("Long AAPL 190.25 +0.12 0.00", "INITIAL_VALUE_ACCEPTED"),
    ]:
        flickers = [d for d in conditioner.condition(text, 91.0).decisions if d.event_name == "OCRFlickerDecision"]
        assert [d.decision_type for d in flickers] == [decided]
