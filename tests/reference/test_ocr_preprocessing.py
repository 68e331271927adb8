"""Seventeen parameters, eight steps: what each of them does to a screen."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from testrade_hooks.reference import images
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.parameters import PARAMETERS as CONFIGURATION
from testrade_hooks.reference.preprocessing import (
    PARAMETERS,
    PreprocessingParameters,
    PreprocessingRejected,
    preprocess,
)

DEFAULTS = PreprocessingParameters()


def screen(*, light: bool = False, noise: float = 9.0) -> images.Image:
    """A line in white, green and red with a grain, as BGR."""
    ground, ink = ((250, 250, 250), (20, 20, 20)) if light else ((20, 24, 32), (220, 220, 220))
    image = Image.new("RGB", (420, 40), ground)
    draw = ImageDraw.Draw(image)
    for left, word, colour in (
        (10, "Long AAPL 1,150.25", ink),
        (200, "+0.12", (0, 170, 90)),
        (300, "-35.40", (220, 60, 60)),
    ):
        draw.text((left, 8), word, font=ImageFont.load_default(15), fill=colour)
    grain = np.random.default_rng(7).normal(0, noise, (40, 420, 3))
    return (np.asarray(image)[:, :, ::-1] + grain).clip(0, 255).astype(np.uint8)


def ink_share(prepared: images.Image) -> float:
    return float((prepared < 128).mean())


def test_there_are_seventeen_with_the_documented_defaults() -> None:
    """The defaults of the configuration and of the parameters are the same."""
    assert len(PARAMETERS) == 17 == len(fields(PreprocessingParameters))
    assert PreprocessingParameters.from_config(Config().get) == DEFAULTS
    assert DEFAULTS.as_payload() == {
        "upscale_factor": 3.0,
        "force_black_text_on_white": True,
        "unsharp_strength": 2.0,
        "threshold_block_size": 25,
        "threshold_c": -2,
        "red_boost": 1.0,
        "green_boost": 1.0,
        "apply_text_mask_cleaning": True,
        "text_mask_min_contour_area": 10,
        "text_mask_min_width": 2,
        "text_mask_min_height": 2,
        "enhance_small_symbols": True,
        "symbol_max_height_for_enhancement_upscaled": 20,
        "period_comma_aspect_ratio_range_upscaled": [0.5, 1.8],
        "period_comma_draw_radius_upscaled": 3,
        "hyphen_like_min_aspect_ratio_upscaled": 1.8,
        "hyphen_like_draw_min_height_upscaled": 2,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"upscale_factor": 2.5},
        {"force_black_text_on_white": False},
        {"unsharp_strength": 3.0},
        {"threshold_block_size": 7},
        {"threshold_c": -10},
        {"red_boost": 0.5},
        {"green_boost": 0.5},
        {"apply_text_mask_cleaning": False},
        {"text_mask_min_contour_area": 20},
        {"text_mask_min_width": 10},
        {"text_mask_min_height": 10},
        {"enhance_small_symbols": False},
        {"symbol_max_height_for_enhancement_upscaled": 5},
        {"period_comma_aspect_ratio_range_upscaled": (1.0, 2.0)},
        {"period_comma_draw_radius_upscaled": 6},
        {"hyphen_like_min_aspect_ratio_upscaled": 5.0},
        {"hyphen_like_draw_min_height_upscaled": 10},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_parameter_changes_the_prepared_image(change: dict[str, Any]) -> None:
    """Each one alone, on the same screen."""
    grainy = screen(noise=16)
    before, after = preprocess(grainy, DEFAULTS), preprocess(grainy, replace(DEFAULTS, **change))
    assert before.shape != after.shape or not np.array_equal(before, after)


@pytest.mark.parametrize(
    ("change", "base"),
    [
        ({"text_mask_min_contour_area": 20}, {"apply_text_mask_cleaning": False}),
        ({"period_comma_draw_radius_upscaled": 6}, {"enhance_small_symbols": False}),
        ({"red_boost": 1.0, "green_boost": 1.0, "unsharp_strength": 1.0}, {"unsharp_strength": 1.0}),
    ],
)
def test_a_step_that_is_off_ignores_its_parameters(change: dict[str, Any], base: dict[str, Any]) -> None:
    """Strength and boosts of 1 are off as well."""
    off = replace(DEFAULTS, **base)
    assert np.array_equal(preprocess(screen(), off), preprocess(screen(), replace(off, **change)))


@pytest.mark.parametrize("light", [False, True])
def test_text_comes_out_black_on_plain_white(light: bool) -> None:
    """From dark and from light screens; the grain is gone."""
    prepared = preprocess(screen(light=light, noise=4), DEFAULTS)
    assert 0.01 < ink_share(prepared) < 0.15
    assert (prepared > 128).mean() > 0.85
    assert prepared[:18].min() > 200


def test_not_forced_light_text_stays_light() -> None:
    """And dark text stays dark."""
    as_it_is = replace(DEFAULTS, force_black_text_on_white=False)
    assert ink_share(preprocess(screen(), as_it_is)) > 0.85
    assert ink_share(preprocess(screen(light=True), as_it_is)) < 0.15


def test_red_and_green_text_is_as_black_as_white_text() -> None:
    """Gray is the distance from the background, not the brightness."""
    prepared = preprocess(screen(noise=0), DEFAULTS)
    assert [int(prepared[:, 3 * left : 3 * left + 180].min()) for left in (10, 200, 300)] == [0, 0, 0]


def test_a_step_up_is_not_a_memory_bomb() -> None:
    """Forty million pixels are the most that come out."""
    prepared = preprocess(np.zeros((3000, 4000, 3), np.uint8), DEFAULTS)
    assert 39_000_000 < prepared.size <= 40_100_000


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("upscale_factor", 3.5, r"upscale_factor \(ocr_upscale_factor\) must be a number from 1.0 to 3.0, not 3.5"),
        ("threshold_block_size", 24, r"\(ocr_threshold_block_size\) must be an odd integer from 3"),
        ("threshold_c", -11, "from -10 to 10, not -11"),
        ("force_black_text_on_white", 1, "must be true or false"),
        ("period_comma_aspect_ratio_range_upscaled", (0.5, 2.5), r"\(ocr_period_comma_ratio_max\) must be a number from 1.0"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any, told: str) -> None:
    """With the configuration's name and what is allowed."""
    with pytest.raises(PreprocessingRejected, match=told):
        replace(DEFAULTS, **{name: value})


def test_both_ends_of_every_range_work() -> None:
    """No combination of two extremes fails."""
    for name, settings in PARAMETERS.items():
        for end in ("minimum", "maximum"):
            values: tuple[Any, ...] = tuple(getattr(CONFIGURATION[setting], end) for setting in settings)
            if values[0] is not None:
                value: Any = values if len(values) > 1 else type(CONFIGURATION[settings[0]].default)(values[0])
                change: dict[str, Any] = {name: value}
                assert preprocess(screen(), replace(DEFAULTS, **change)).size
