"""A cost basis that jumps must be seen again to be believed."""

from __future__ import annotations

from typing import Any

import pytest

from testrade_hooks.reference.flicker import FlickerFilter

SETTINGS: dict[str, Any] = {"enabled": True, "tolerance": 0.05, "confirmations": 3, "add_shares": 10_000}


def judged(costs: list[float], price: float | None = None, **settings: Any) -> list[tuple[str, float]]:
    flicker = FlickerFilter()
    decisions = [flicker.judge("AAPL", cost, price, **{**SETTINGS, **settings}) for cost in costs]
    return [(decision.decision_type, decision.value) for decision in decisions]


def test_one_wrong_frame_changes_nothing() -> None:
    """The stable value goes on."""
    assert judged([150.25, 158.25, 150.25], price=150.0) == [
        ("INITIAL_VALUE_ACCEPTED", 150.25),
        ("FLICKER_REJECTED", 150.25),
        ("NON_FLICKER_ACCEPTED", 150.25),
    ]


@pytest.mark.parametrize("confirmations", [1, 2, 3])
def test_a_value_that_stays_is_believed(confirmations: int) -> None:
    """After as many more sightings as are configured: with 1 it is seen twice."""
    jumps = [decision for decision, _ in judged([150.25] + [158.25] * 5, price=150.0, confirmations=confirmations)][1:]
    assert jumps[: confirmations + 1] == ["FLICKER_REJECTED"] * confirmations + ["FLICKER_CONFIRMED"]
    assert set(jumps[confirmations + 1 :]) <= {"NON_FLICKER_ACCEPTED"}


def test_sightings_count_in_a_row_only() -> None:
    """Another value in between starts anew."""
    decisions = judged([150.25, 158.25, 158.25, 185.25, 158.25, 158.25], price=150.0, confirmations=2)
    assert [decision for decision, _ in decisions[1:]] == ["FLICKER_REJECTED"] * 5


def test_an_add_at_market_moves_the_cost_towards_the_price() -> None:
    """So this is no flicker, and the other direction is one."""
    assert judged([150.25, 165.0], price=180.0)[1] == ("NON_FLICKER_ACCEPTED", 165.0)
    assert judged([150.25, 120.0], price=180.0)[1] == ("FLICKER_REJECTED", 150.25)


def test_the_size_of_an_add_limits_how_far_the_cost_can_move() -> None:
    """One share to one share brings it half of the way."""
    assert judged([100.0, 180.0], price=200.0, add_shares=10_000)[1][0] == "NON_FLICKER_ACCEPTED"
    assert judged([100.0, 180.0], price=200.0, add_shares=1)[1][0] == "FLICKER_REJECTED"


def test_beyond_what_a_trade_can_bring_only_the_tolerance_is_allowed() -> None:
    """To the cent, whatever the price of the share."""
    assert judged([150.0, 150.01], price=150.0, tolerance=0.0)[1][0] == "FLICKER_REJECTED"
    assert judged([150.0, 150.05], price=150.0, tolerance=0.05)[1][0] == "NON_FLICKER_ACCEPTED"
    assert judged([150.0, 150.06], price=150.0, tolerance=0.05)[1][0] == "FLICKER_REJECTED"
    assert judged([150.0, 149.94], price=151.0, tolerance=0.05)[1][0] == "FLICKER_REJECTED"


def test_without_a_price_only_the_tolerance_counts() -> None:
    """Five cents."""
    assert judged([150.25, 150.30])[1][0] == "NON_FLICKER_ACCEPTED"
    assert judged([150.25, 150.31])[1][0] == "FLICKER_REJECTED"
    assert judged([150.25, 150.31], tolerance=0.06)[1][0] == "NON_FLICKER_ACCEPTED"


def test_switched_off_it_believes_everything() -> None:
    """And says so."""
    assert judged([150.25, 999.0], enabled=False)[1] == ("FILTER_DISABLED_ACCEPTED", 999.0)
