"""Draws the screens of the plans: `python scenarios/draw_screens.py` writes `scenarios/screens/*.png` anew.

A screen is the table that a trader sees: strategy, symbol, cost basis, profit or loss per share, realized profit or loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).parent / "screens"
SIZE = (617, 137)
DESKTOP = (800, 400)
REGION_CORNER = (64, 159)
ROW_HEIGHT = 21
TEXT_COLUMNS = (12, 116)
NUMBER_COLUMNS = (300, 430, 590)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    background: Colour
    text: Colour
    up: Colour
    down: Colour
    noise: float = 0.0


DARK = Look((19, 23, 34), (209, 212, 220), up=(38, 186, 154), down=(247, 92, 90))
LIGHT = Look((255, 255, 255), (33, 37, 41), up=(0, 128, 64), down=(198, 30, 30))
FAINT = Look((34, 38, 46), (128, 132, 138), up=(58, 130, 104), down=(150, 76, 74))
NOISY = Look((19, 23, 34), (209, 212, 220), up=(38, 186, 154), down=(247, 92, 90), noise=12.0)
GRAINY = Look((34, 38, 46), (142, 146, 152), up=(62, 142, 112), down=(164, 84, 82), noise=6.0)

LONG_AAPL = "Long AAPL 150.25 +0.12 -35.40"

SCREENS: dict[str, tuple[Look, Sequence[str]]] = {
    "empty": (DARK, []),
    "long_aapl": (DARK, [LONG_AAPL]),
    "long_aapl_light": (LIGHT, [LONG_AAPL]),
    "long_aapl_faint": (FAINT, [LONG_AAPL]),
    "long_aapl_noisy": (NOISY, [LONG_AAPL]),
    "two_symbols_grainy": (GRAINY, [LONG_AAPL, "Long MSFT 420.10 -0.10 0.00"]),
    "long_aapl_flicker": (DARK, ["Long AAPL 158.25 +0.12 -35.40"]),
    "long_aapl_point_lost": (DARK, ["Long AAPL 15025 +0.12 -35.40"]),
    "long_aapl_incomplete": (DARK, ["Long AAPL 150.25"]),
    "long_aapl_misspelt": (DARK, ["Lung AAPL 150.25 +0.12 -35.40"]),
    "trade_long_aapl": (DARK, ["Trade Long AAPL 150.25 +0.12 -35.40"]),
    "add_aapl": (DARK, ["Long AAPL 150.15 -0.15 -35.40"]),
    "add_aapl_large": (DARK, ["Long AAPL 151.30 -1.30 -35.40"]),
    "reduce_aapl": (DARK, ["Long AAPL 150.25 +0.40 24.60"]),
    "reduce_aapl_again": (DARK, ["Long AAPL 150.25 +0.55 84.60"]),
    "reduce_aapl_too_little": (DARK, ["Long AAPL 150.25 +0.20 -15.40"]),
    "closed_aapl": (DARK, ["Closed AAPL 0.00 0.00 24.60"]),
    "long_msft": (DARK, ["Long MSFT 420.10 -0.10 0.00"]),
    "long_tsla": (DARK, ["Long TSLA 249.80 +0.20 1,250.75"]),
    "long_nvda": (DARK, ["Long NVDA 119.95 +0.05 12.50"]),
    "long_nvda_above_limit": (DARK, ["Long NVDA 620.10 -0.10 0.00"]),
    "short_nvda": (DARK, ["Short NVDA 120.40 +0.40 0.00"]),
    "long_testsym": (DARK, ["Long TESTSYM 50.10 -0.10 0.00"]),
    "long_unknown_symbol": (DARK, ["Long QZXW 33.10 +0.10 0.00"]),
    "two_symbols": (DARK, [LONG_AAPL, "Long MSFT 420.10 -0.10 0.00"]),
    "two_symbols_one_closed": (DARK, ["Closed AAPL 0.00 0.00 24.60", "Long MSFT 420.10 -0.10 0.00"]),
    "six_rows": (
        DARK,
        [
            LONG_AAPL,
            "Long MSFT 420.10 -0.10 0.00",
            "Closed TSLA 0.00 0.00 412.80",
            "Short NVDA 120.40 +0.40 -8.15",
            "Closed AMD 0.00 0.00 -1,204.36",
            "Closed F 0.00 0.00 63.07",
        ],
    ),
}


def draw_all() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (look, rows) in SCREENS.items():
        _save(table(look, rows), name)
    desktop = Image.new("RGB", DESKTOP, (43, 48, 59))
    desktop.paste(table(DARK, [LONG_AAPL]), REGION_CORNER)
    _save(desktop, "desktop_long_aapl")


def table(look: Look, rows: Sequence[str]) -> Image.Image:
    image = Image.new("RGB", SIZE, look.background)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSans.ttf", 14)
    for number, row in enumerate(rows):
        _draw_row(draw, font, look, row.split(), 6 + number * ROW_HEIGHT)
    return _with_noise(image, look.noise) if look.noise else image


def _draw_row(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, look: Look, words: list[str], top: int) -> None:
    first_number = next(place for place, word in enumerate(words) if word[-1].isdigit())
    strategy, symbol = " ".join(words[: first_number - 1]), words[first_number - 1]
    for left, word in zip(TEXT_COLUMNS, (strategy, symbol), strict=True):
        draw.text((left, top), word, font=font, fill=look.text)
    for column, number in enumerate(words[first_number:]):
        colour = look.text if column == 0 or number == "0.00" else look.down if number.startswith("-") else look.up
        draw.text((NUMBER_COLUMNS[column], top), number, font=font, fill=colour, anchor="ra")


def _with_noise(image: Image.Image, deviation: float) -> Image.Image:
    noise = np.random.default_rng(seed=1).normal(0.0, deviation, (SIZE[1], SIZE[0], 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def _save(image: Image.Image, name: str) -> None:
    image.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    draw_all()
