"""The smallest signs of a prepared screen, redrawn so that they are not missed: points, commas, and minus signs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from testrade_hooks.reference.images import Image

Box = Sequence[int]

_CLEARLY_TEXT = 144
_INK = 56
_SOLID = 0.6
_MINUS_GAP = 2
_MINUS_LONGER = 6
_BEGINNING = 3
_HIGHEST_MINUS, _LOWEST_MINUS = 0.3, 0.75
_SOFT_EDGE = 2
_DOT_CLEARANCE = 3


@dataclass(frozen=True, slots=True)
class SymbolSizes:
    """What counts as a small symbol and how it is drawn; lengths are pixels of the enlarged image."""

    max_height: int
    dot_ratio: tuple[float, float]
    dot_radius: int
    hyphen_min_ratio: float
    hyphen_min_height: int


def redraw_small_symbols(text: Image, mask: Image, sizes: SymbolSizes) -> None:
    """Draw points and commas in `text` as full dots, as far as there is room; hyphens longer, of a least height, and clear of
    the digit after them, also where they touched it. `text` is bright on black, `mask` is where it is text."""
    clear = np.asarray(cv2.bitwise_and(mask, cv2.threshold(text, _CLEARLY_TEXT, 255, cv2.THRESH_BINARY)[1]), np.uint8)
    outlines, _ = cv2.findContours(clear, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [cv2.boundingRect(outline) for outline in outlines]
    limit = min(sizes.max_height, statistics.median(box[3] for box in boxes) / 2) if boxes else 0
    lowest, highest = sizes.dot_ratio
    for box in _small_solids(clear, boxes, limit):
        ratio = box[2] / box[3]
        if ratio >= sizes.hyphen_min_ratio:
            if not _has_ink_above_or_below(text, box):
                _draw_hyphen(text, box, sizes.hyphen_min_height)
        elif lowest <= ratio <= highest:
            _draw_dot(text, clear, box, sizes.dot_radius)
    for box in boxes:
        bar = _touching_minus(clear, box, sizes.hyphen_min_ratio, limit) if box[3] > limit else None
        if bar:
            _draw_hyphen(text, bar, sizes.hyphen_min_height)


def _small_solids(clear: Image, boxes: list[Box], limit: float) -> Iterator[Box]:
    """Boxes (left, top, width, height) of filled specks of clear text, at most half as high as the letters around."""
    for left, top, width, height in boxes:
        if height <= limit:
            filled = cv2.countNonZero(clear[top : top + height, left : left + width])
            if filled >= _SOLID * width * height:
                yield left, top, width, height


def _draw_dot(text: Image, clear: Image, box: Box, radius: int) -> None:
    left, top, width, height = box
    x, y = left + width // 2, top + height // 2
    reach = radius + _DOT_CLEARANCE
    first_row, first_column = max(0, y - reach), max(0, x - reach)
    around = clear[first_row : y + reach + 1, first_column : x + reach + 1].copy()
    around[max(0, top - first_row) : top - first_row + height, max(0, left - first_column) : left - first_column + width] = 0
    rows, columns = np.nonzero(around)
    if rows.size:
        nearest = np.maximum(abs(rows + first_row - y), abs(columns + first_column - x)).min()
        radius = min(radius, int(nearest) - _DOT_CLEARANCE)
    if radius > 0:
        cv2.circle(text, (x, y), radius, 255, cv2.FILLED)


def _draw_hyphen(text: Image, box: Box, min_height: int) -> None:
    left, top, width, height = box
    drawn = max(height, min_height)
    first, right = top - (drawn - height) // 2, left + width - 1 - _MINUS_GAP
    text[max(0, top - _SOFT_EDGE) : top + height + _SOFT_EDGE, max(0, left - _SOFT_EDGE) : left + width + _SOFT_EDGE] = 0
    cv2.rectangle(text, (left - _MINUS_LONGER, first), (right, first + drawn - 1), 255, cv2.FILLED)


def _has_ink_above_or_below(text: Image, box: Box) -> bool:
    """So the box is the bar of a plus with a faint upright."""
    left, top, width, height = box
    columns = text[:, left + width // 3 : left + width - width // 3]
    strips = columns[max(0, top - 2 * height) : max(0, top - 2)], columns[top + height + 2 : top + 3 * height]
    return any(strip.size and int(strip.max()) >= _INK for strip in strips)


def _touching_minus(clear: Image, box: Box, min_ratio: float, limit: float) -> Box | None:
    """The minus at the left end of a sign that it touches: a bar at half height, that does not go on behind an upright."""
    left, top, width, height = box
    _, first, _, bar = cv2.boundingRect(clear[top : top + height, left : left + _BEGINNING])
    if bar > limit or not _HIGHEST_MINUS * height <= first + bar / 2 <= _LOWEST_MINUS * height:
        return None
    ink = clear[top : top + height, left : left + width] > 0
    thickness = height - ink[::-1].argmax(axis=0) - ink.argmax(axis=0)
    thin = thickness <= bar + 1
    length = int(thin.argmin())
    if length < min_ratio * bar or thin[length:].sum() >= length / 2:
        return None
    return left, top + first, length, bar
