"""What is read from screens: those of the plans, and others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from testrade_hooks.reference.conditioner import Conditioner
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.images import decode_image
from testrade_hooks.reference.ocr_engine import read_text
from testrade_hooks.reference.preprocessing import PreprocessingParameters, preprocess

SCREENS = Path(__file__).parents[2] / "scenarios" / "screens"

AAPL, MSFT = "Long AAPL 150.25 +0.12 -35.40", "Long MSFT 420.10 -0.10 0.00"
ON_SCREEN = {
    "empty": "",
    "long_aapl": AAPL,
    "long_aapl_light": AAPL,
    "long_aapl_faint": AAPL,
    "long_aapl_noisy": AAPL,
    "two_symbols_grainy": f"{AAPL}\n{MSFT}",
    "long_aapl_flicker": "Long AAPL 158.25 +0.12 -35.40",
    "long_aapl_point_lost": "Long AAPL 15025 +0.12 -35.40",
    "long_aapl_incomplete": "Long AAPL 150.25",
    "long_aapl_misspelt": "Lung AAPL 150.25 +0.12 -35.40",
    "trade_long_aapl": "Trade Long AAPL 150.25 +0.12 -35.40",
    "add_aapl": "Long AAPL 150.15 -0.15 -35.40",
    "add_aapl_large": "Long AAPL 151.30 -1.30 -35.40",
    "reduce_aapl": "Long AAPL 150.25 +0.40 24.60",
    "reduce_aapl_again": "Long AAPL 150.25 +0.55 84.60",
    "reduce_aapl_too_little": "Long AAPL 150.25 +0.20 -15.40",
    "closed_aapl": "Closed AAPL 0.00 0.00 24.60",
    "long_msft": MSFT,
    "long_tsla": "Long TSLA 249.80 +0.20 1,250.75",
    "long_nvda": "Long NVDA 119.95 +0.05 12.50",
    "long_nvda_above_limit": "Long NVDA 620.10 -0.10 0.00",
    "short_nvda": "Short NVDA 120.40 +0.40 0.00",
    "long_testsym": "Long TESTSYM 50.10 -0.10 0.00",
    "long_unknown_symbol": "Long QZXW 33.10 +0.10 0.00",
    "two_symbols": f"{AAPL}\n{MSFT}",
    "two_symbols_one_closed": f"Closed AAPL 0.00 0.00 24.60\n{MSFT}",
    "six_rows": "\n".join(
        [
            AAPL,
            MSFT,
            "Closed TSLA 0.00 0.00 412.80",
            "Short NVDA 120.40 +0.40 -8.15",
            "Closed AMD 0.00 0.00 -1,204.36",
            "Closed F 0.00 0.00 63.07",
        ]
    ),
}


def text_on(png: bytes) -> str:
    return read_text(preprocess(decode_image(png), PreprocessingParameters())).text


def test_every_screen_of_the_plans_is_known_here() -> None:
    """The whole screen with its region is read by the application."""
    assert {path.stem for path in SCREENS.glob("*.png")} == {*ON_SCREEN, "desktop_long_aapl"}


@pytest.mark.parametrize("name", ON_SCREEN)
def test_a_screen_of_the_plans_is_read_to_the_letter(name: str) -> None:
    """Also light, faint and noisy ones."""
    assert text_on((SCREENS / f"{name}.png").read_bytes()) == ON_SCREEN[name]


def drawn(rows: list[str], size: int, *, ink: tuple[int, int, int], ground: tuple[int, int, int]) -> bytes:
    """Another font, other columns, another size than the screens of the plans have."""
    image = Image.new("RGB", (700, 30 + 28 * len(rows)), ground)
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        for left, word in zip((14, 110, 230, 370, 500), row.split(), strict=True):
            draw.text((left, 12 + 28 * number), word, font=ImageFont.load_default(size), fill=ink)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("size", "look"),
    [
        (14, {"ink": (235, 235, 235), "ground": (0, 0, 0)}),
        (15, {"ink": (240, 70, 70), "ground": (28, 30, 38)}),
        (16, {"ink": (0, 200, 90), "ground": (16, 16, 40)}),
        (15, {"ink": (30, 30, 30), "ground": (245, 245, 245)}),
    ],
)
def test_other_screens_are_understood_too(size: int, look: dict[str, Any]) -> None:
    """Every field of every row, through the whole way from PNG to snapshot."""
    rows = [
        "Long AMZN 186.40 +1.15 -27.80",
        "Closed META 0.00 0.00 318.25",
        "Short GOOG 163.90 -1.10 -640.55",
        "Long SPY 494.75 -0.25 72.00",
    ]
    live = {"AMZN": 187.55, "META": 490.0, "GOOG": 165.0, "SPY": 494.5}
    frame = Conditioner(Config(), live.get).condition(text_on(drawn(rows, size, **look)), 90.0)
    assert {symbol: tuple(snapshot.values()) for symbol, snapshot in frame.snapshots.items()} == {
        "AMZN": ("AMZN", "Long", 186.4, 1.15, -27.8),
        "META": ("META", "Closed", 0.0, 0.0, 318.25),
        "GOOG": ("GOOG", "Short", 163.9, -1.1, -640.55),
        "SPY": ("SPY", "Long", 494.75, -0.25, 72.0),
    }
