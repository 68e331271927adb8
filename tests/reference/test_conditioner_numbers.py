"""Numbers as Tesseract returns them, and what they mean."""

from __future__ import annotations

import pytest

from testrade_hooks.reference.decimal_correction import corrected_cost
from testrade_hooks.reference.screen_numbers import number_text, per_share_of, realized_of


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("150.25", "150.25"),
        ("1,250.75", "1250.75"),
        ("1.250.75", "1250.75"),
        ("+0.12", "+0.12"),
        ("-35.40", "-35.40"),
        ("150.25K", "150.25"),
        ("O.O0", "0.00"),
        ("150.25l", "150.25"),
        ("1.250,75", "1250.75"),
        ("-1,204,356.20", "-1204356.20"),
        ("1,25075", "125075"),
        ("+0,06", "+0.06"),
        (".25", ".25"),
        ("15025", "15025"),
        ("150.125", "150.125"),
    ],
)
def test_a_token_is_a_number(token: str, text: str) -> None:
    """Thousands and trailing letters go, an O is a nought, the separator before the cents is the point."""
    assert number_text(token) == text


@pytest.mark.parametrize(
    "token",
    [
        "O.OO",
        "junk",
        "-",
        "12-5",
        "1S0.21",
        "S35.40",
        "150.2l",
        "1502l",
        "-/0.14",
        "|50.25",
        "420.2.5",
        "-6,",
        "150.",
        "1,250",
        "41,23.45",
        "--6.51",
        "9" * 13,
        "\u0661\u0662.\u0663\u0664",
    ],
)
def test_a_token_that_cannot_be_read_for_certain_is_no_number(token: str) -> None:
    """Strange characters within, a letter that may be a digit, groups of other than three digits, a cut-off end."""
    assert number_text(token) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+0.12", 0.12),
        ("-0.12", -0.12),
        ("1250", 12.5),
        ("42", 0.42),
        ("-42", -0.42),
        ("7", 0.0),
        ("+7", 0.0),
        ("+0,06", 0.06),
        ("006", 0.06),
        ("-06", -0.06),
        ("4123.45", 123.45),
        ("4,123.45", 4123.45),
        ("4.25", 4.25),
        ("45.00", 45.0),
        ("0.00", 0.0),
    ],
)
def test_profit_per_share(text: str, value: float) -> None:
    """Cents without a point; a four that stands for a plus, and fours that do not."""
    assert per_share_of(text, strategy="Long", cost=100.0, price=200.0) == value


@pytest.mark.parametrize(
    ("strategy", "cost", "value"),
    [
        ("Long", 150.25, -0.25),
        ("Long", 149.75, 0.25),
        ("Short", 150.25, 0.25),
        ("Short", 149.75, -0.25),
        ("Closed", 150.25, 0.25),
    ],
)
def test_without_a_sign_the_live_price_tells_it(strategy: str, cost: float, value: float) -> None:
    """A closed position has no profit per share that could tell."""
    assert per_share_of("0.25", strategy=strategy, cost=cost, price=150.0) == value


def test_without_a_price_an_unsigned_number_is_a_profit() -> None:
    """There is nothing to tell otherwise."""
    assert per_share_of("0.25", strategy="Long", cost=150.25, price=None) == 0.25


def test_a_four_is_a_plus_where_only_that_fits_the_market() -> None:
    """+0.12 read as 40.12; a loss of 40 is not even near."""
    assert per_share_of("40.12", strategy="Long", cost=149.88, price=150.0) == 0.12
    assert per_share_of("40.12", strategy="Long", cost=109.88, price=150.0) == 40.12


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("412.80", 412.8),
        ("+412.80", 412.8),
        ("-35.40", -35.4),
        ("4123.45", 123.45),
        ("4,123.45", 4123.45),
        ("-4123.45", -4123.45),
        ("6000", 60.0),
        ("5", 0.0),
    ],
)
def test_realized_profit(text: str, value: float) -> None:
    """No sign is a profit; a four before three digits is a misread plus, unless a comma tells that it is a digit."""
    assert realized_of(text) == value


@pytest.mark.parametrize(
    ("read", "price", "value", "skipped"),
    [
        (150.25, 150.0, 150.25, "RATIO_WITHIN_ACCEPTABLE_RANGE"),
        (3000.0, 150.0, 3000.0, "RATIO_WITHIN_ACCEPTABLE_RANGE"),
        (7.5, 150.0, 7.5, "RATIO_WITHIN_ACCEPTABLE_RANGE"),
        (0.0, 150.0, 0.0, "RATIO_WITHIN_ACCEPTABLE_RANGE"),
        (15025.0, 150.0, 150.25, ""),
        (1.5025, 150.0, 150.25, ""),
        (150250000.0, 150.0, 150.25, ""),
        (150250000000.0, 150.0, 150250000000.0, "EXPONENT_EXCEEDS_MAXIMUM"),
        (150.25, None, 150.25, "NO_VALID_REFERENCE_PRICE"),
        (150.25, 0.0, 150.25, "NO_VALID_REFERENCE_PRICE"),
    ],
)
def test_the_live_price_puts_a_lost_decimal_point_back(read: float, price: float | None, value: float, skipped: str) -> None:
    """From a twentieth to twenty times the price nothing is touched; six places are the most."""
    correction = corrected_cost(read, price)
    assert (correction.value, correction.skip_reason) == (value, skipped)
