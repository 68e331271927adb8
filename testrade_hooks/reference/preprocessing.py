"""Turns a screen region into what Tesseract reads: eight steps, seventeen parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import cv2
import numpy as np

from testrade_hooks.reference.images import MAX_PIXELS, Image
from testrade_hooks.reference.parameters import PARAMETERS as CONFIGURATION
from testrade_hooks.reference.small_symbols import SymbolSizes, redraw_small_symbols

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "upscale_factor": ("ocr_upscale_factor",),
    "force_black_text_on_white": ("ocr_force_black_text_on_white",),
    "unsharp_strength": ("ocr_unsharp_strength",),
    "threshold_block_size": ("ocr_threshold_block_size",),
    "threshold_c": ("ocr_threshold_c",),
    "red_boost": ("ocr_red_boost",),
    "green_boost": ("ocr_green_boost",),
    "apply_text_mask_cleaning": ("ocr_apply_text_mask_cleaning",),
    "text_mask_min_contour_area": ("ocr_text_mask_min_contour_area",),
    "text_mask_min_width": ("ocr_text_mask_min_width",),
    "text_mask_min_height": ("ocr_text_mask_min_height",),
    "enhance_small_symbols": ("ocr_enhance_small_symbols",),
    "symbol_max_height_for_enhancement_upscaled": ("ocr_symbol_max_height",),
    "period_comma_aspect_ratio_range_upscaled": ("ocr_period_comma_ratio_min", "ocr_period_comma_ratio_max"),
    "period_comma_draw_radius_upscaled": ("ocr_period_comma_radius",),
    "hyphen_like_min_aspect_ratio_upscaled": ("ocr_hyphen_min_ratio",),
    "hyphen_like_draw_min_height_upscaled": ("ocr_hyphen_min_height",),
}
"""The seventeen parameters, each with the configuration names (default and range stand there) that set it."""


class PreprocessingRejected(ValueError):
    """A parameter is out of its range; `str()` names it and what is allowed."""


def _default(parameter: str) -> Any:
    values = tuple(CONFIGURATION[name].default for name in PARAMETERS[parameter])
    return values if len(values) > 1 else values[0]


@dataclass(frozen=True, slots=True)
class PreprocessingParameters:
    """The seventeen parameters; lengths and areas are pixels of the enlarged image. Raises PreprocessingRejected."""

    upscale_factor: float = _default("upscale_factor")
    force_black_text_on_white: bool = _default("force_black_text_on_white")
    unsharp_strength: float = _default("unsharp_strength")
    threshold_block_size: int = _default("threshold_block_size")
    threshold_c: int = _default("threshold_c")
    red_boost: float = _default("red_boost")
    green_boost: float = _default("green_boost")
    apply_text_mask_cleaning: bool = _default("apply_text_mask_cleaning")
    text_mask_min_contour_area: int = _default("text_mask_min_contour_area")
    text_mask_min_width: int = _default("text_mask_min_width")
    text_mask_min_height: int = _default("text_mask_min_height")
    enhance_small_symbols: bool = _default("enhance_small_symbols")
    symbol_max_height_for_enhancement_upscaled: int = _default("symbol_max_height_for_enhancement_upscaled")
    period_comma_aspect_ratio_range_upscaled: tuple[float, float] = _default("period_comma_aspect_ratio_range_upscaled")
    period_comma_draw_radius_upscaled: int = _default("period_comma_draw_radius_upscaled")
    hyphen_like_min_aspect_ratio_upscaled: float = _default("hyphen_like_min_aspect_ratio_upscaled")
    hyphen_like_draw_min_height_upscaled: int = _default("hyphen_like_draw_min_height_upscaled")

    def __post_init__(self) -> None:
        for parameter in fields(self):
            names = PARAMETERS[parameter.name]
            value = getattr(self, parameter.name)
            for name, part in zip(names, value if len(names) > 1 else (value,), strict=True):
                problem = CONFIGURATION[name].problem_with(part)
                if problem:
                    raise PreprocessingRejected(f"{parameter.name} ({name}) {problem}, not {part!r}")

    @classmethod
    def from_config(cls, get: Callable[[str], Any]) -> Self:
        """Read all parameters from the configuration in force."""
        values: dict[str, Any] = {}
        for parameter, names in PARAMETERS.items():
            value = tuple(get(name) for name in names)
            values[parameter] = value if len(value) > 1 else value[0]
        return cls(**values)

    def as_payload(self) -> dict[str, Any]:
        """All seventeen by name, as JSON types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


# Tesseract gets one small image at a time: handing pieces of it to threads costs more than it brings.
cv2.setNumThreads(1)

_LEVELS = np.arange(256)[:, None]
_FAINT = 48
_TRACE = 40
_SHARPENING_SIGMA = 16.0
"""About half the height of a letter: a narrower one makes strokes thin and takes the foot of a 7 away."""


def preprocess(image: Image, parameters: PreprocessingParameters) -> Image:
    """The prepared image: one channel, plain background, anti-aliased text. `image` is 8-bit BGR of any size from 1x1 on."""
    boosted = _boosted(_enlarged(image, parameters.upscale_factor), parameters)
    background = _background(boosted)
    text = _sharpened(_contrast_to(background, boosted), parameters.unsharp_strength)
    mask = _text_mask(text, parameters)
    if parameters.apply_text_mask_cleaning:
        mask = _cleaned(mask, parameters)
    text = _pixels(cv2.bitwise_and(text, cv2.dilate(mask, np.ones((3, 3), np.uint8))))
    if parameters.enhance_small_symbols:
        redraw_small_symbols(text, mask, _symbol_sizes(parameters))
    light_text_stays = float(background.mean()) < 128 and not parameters.force_black_text_on_white
    return _pixels(text if light_text_stays else cv2.bitwise_not(text))


def _pixels(matrix: Any) -> Image:
    return np.asarray(matrix, np.uint8)


def _enlarged(image: Image, factor: float) -> Image:
    """Enlarged by `factor`, or by less where the result would be a memory bomb."""
    height, width = image.shape[:2]
    factor = min(factor, (MAX_PIXELS / (width * height)) ** 0.5)
    if factor <= 1:
        return image
    return _pixels(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))


def _boosted(image: Image, parameters: PreprocessingParameters) -> Image:
    if parameters.red_boost == parameters.green_boost == 1:
        return image
    boosts = (1.0, parameters.green_boost, parameters.red_boost)
    return _pixels(cv2.LUT(image, _pixels((_LEVELS * boosts).clip(0, 255).round()[None])))


def _background(image: Image) -> Image:
    return _pixels(np.median(image[::4, ::4].reshape(-1, 3), axis=0))


def _contrast_to(background: Image, image: Image) -> Image:
    """Gray by the distance from the background colour, so red, green and white text come out equally strong."""
    blue, green, red = cv2.split(cv2.absdiff(image, np.append(background, 0).astype(np.float64)))
    distance = cv2.max(cv2.max(blue, green), red)
    strongest = cv2.minMaxLoc(distance)[1]
    return _pixels(cv2.convertScaleAbs(distance, alpha=255 / max(strongest, _FAINT)))


def _sharpened(text: Image, strength: float) -> Image:
    height, width = text.shape
    quarter = cv2.resize(text, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(quarter, (0, 0), _SHARPENING_SIGMA / 4), (width, height))  # so wide a blur is slow
    return _pixels(cv2.addWeighted(text, strength, blurred, 1 - strength, 0))


def _text_mask(text: Image, parameters: PreprocessingParameters) -> Image:
    """Where the text is brighter than its surroundings by more than minus `threshold_c`, and more than a trace."""
    method, kind = cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY
    mask = cv2.adaptiveThreshold(text, 255, method, kind, parameters.threshold_block_size, parameters.threshold_c)
    return _pixels(cv2.bitwise_and(mask, cv2.threshold(text, _TRACE, 255, kind)[1]))


def _cleaned(mask: Image, parameters: PreprocessingParameters) -> Image:
    """Without the specks that are too small to be a point of text. Their area is counted in pixels."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    specks = []
    for outline in outlines:
        _, _, width, height = cv2.boundingRect(outline)
        pixels_within = cv2.contourArea(outline) + len(outline) / 2 + 1
        if (
            pixels_within < parameters.text_mask_min_contour_area
            or width < parameters.text_mask_min_width
            or height < parameters.text_mask_min_height
        ):
            specks.append(outline)
    return _pixels(cv2.drawContours(mask.copy(), specks, -1, 0, cv2.FILLED))


def _symbol_sizes(parameters: PreprocessingParameters) -> SymbolSizes:
    return SymbolSizes(
        max_height=parameters.symbol_max_height_for_enhancement_upscaled,
        dot_ratio=parameters.period_comma_aspect_ratio_range_upscaled,
        dot_radius=parameters.period_comma_draw_radius_upscaled,
        hyphen_min_ratio=parameters.hyphen_like_min_aspect_ratio_upscaled,
        hyphen_min_height=parameters.hyphen_like_draw_min_height_upscaled,
    )
