"""The configuration: documented defaults, ranges, and changes while the application runs."""

from __future__ import annotations

import pytest

from testrade_hooks.reference.config import Config, ConfigRejected
from testrade_hooks.reference.parameters import PARAMETERS


def test_an_untouched_configuration_has_the_documented_values() -> None:
    """The defaults that people know by heart."""
    config = Config()
    documented = {
        "ocr_upscale_factor": 3.0,
        "ocr_threshold_block_size": 25,
        "ocr_threshold_c": -2,
        "ocr_fuzzy_match_threshold": 0.7,
        "stable_cost_confirmation_frames": 3,
        "cost_basis_initial_add_abs_delta_threshold": 0.02,
        "rPnL_initial_reduce_increase_threshold": 50.0,
        "cost_basis_settling_duration_seconds": 5.0,
        "rPnL_settling_duration_seconds": 45.0,
        "reduce_percentage": 50.0,
        "RISK_MAX_ORDER_QTY": 1000,
        "risk_max_notional_per_trade": 25_000.0,
        "risk_max_position_size": 2000,
        "stale_order_timeout_seconds": 11.0,
    }
    assert {name: config.get(name) for name in documented} == documented


def test_every_default_lies_in_its_own_range() -> None:
    """No parameter would refuse the value it starts with."""
    assert [p.name for p in PARAMETERS.values() if p.problem_with(p.default)] == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ocr_upscale_factor", 3.1, "a number from 1.0 to 3.0"),
        ("ocr_upscale_factor", float("nan"), "a number from 1.0 to 3.0"),
        ("ocr_upscale_factor", True, "a number from 1.0 to 3.0"),
        ("ocr_threshold_block_size", 24, "an odd integer from 3 to 99"),
        ("ocr_threshold_c", 1.5, "an integer from -10 to 10"),
        ("enable_flicker_filter", 1, "true or false"),
        ("add_type", "equal", "one of Equal, CostBasis"),
        ("roi_coordinates", [10, 0, 5, 9], "[x1, y1, x2, y2]"),
        ("broker_partial_fills", [10, 0], "share counts above 0"),
        ("halted_symbols", "AAPL", "a list of symbols"),
        ("broker_reject_reason", None, "a string"),
    ],
)
def test_a_value_out_of_range_is_refused_and_the_range_told(name: str, value: object, told: str) -> None:
    """Nothing changes, and the message says what would have been allowed."""
    config = Config()
    before = config.snapshot()
    with pytest.raises(ConfigRejected) as refusal:
        config.apply({"manual_shares": 7, name: value})
    assert name in str(refusal.value)
    assert told in str(refusal.value)
    assert config.snapshot() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ocr_upscale_factor", 1.0),
        ("ocr_upscale_factor", 3),
        ("ocr_threshold_block_size", 99),
        ("broker_partial_fills", [30, 20]),
        ("roi_coordinates", [0, 0, 617, 137]),
    ],
)
def test_a_value_at_the_edge_is_accepted(name: str, value: object) -> None:
    """Ranges are inclusive; whole numbers pass where fractions are meant."""
    config = Config()
    config.apply({name: value})
    assert config.snapshot()[name] == value


@pytest.mark.parametrize("name", ["ocr_apply_text_mask_cleaning", "ocr_enhance_small_symbols"])
def test_the_switches_that_control_json_writes_as_numbers_take_them(name: str) -> None:
    """1 is true, 0 is false, and nothing else is either."""
    config = Config()
    for value in (0, 1):
        config.apply({name: value})
        assert config.get(name) is bool(value)
    for value in (2, 1.0, "1", None):
        with pytest.raises(ConfigRejected, match=f"{name} must be true or false"):
            config.apply({name: value})


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    """A slip of the keyboard gets a suggestion."""
    with pytest.raises(ConfigRejected) as refusal:
        Config().apply({"manual_share": 7})
    assert "did you mean manual_shares?" in str(refusal.value)
    assert "RISK_MAX_ORDER_QTY" in str(refusal.value)


def test_changes_tell_what_was_and_can_be_taken_back() -> None:
    """`reset` returns to the start values, overrides of the start included."""
    config = Config({"manual_shares": 10})
    (change,) = config.apply({"manual_shares": 20})
    assert (change.parameter, change.old_value, change.new_value) == ("manual_shares", 10, 20)
    (back,) = config.reset()
    assert (back.old_value, back.new_value) == (20, 10)
    assert config.reset() == []
