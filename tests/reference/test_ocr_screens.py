"""What is read from screens: those of the plans, and others."""

from __future__ import annotations

import io
import random
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


FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansCondensed.ttf", "DejaVuSansMono.ttf")
GREEN, RED, LIGHT, DARK = (38, 186, 154), (247, 92, 90), (209, 212, 220), (19, 23, 34)


def typeface(font: str, size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(font, size)
    except OSError:
        pytest.skip(f"the font {font} is not installed: apt-get install fonts-dejavu")


def table(rows: list[tuple[str, ...]], font: str, size: int) -> bytes:
    """A region of the usual size with five columns, the numbers flush right, profits green and losses red."""
    letters = typeface(font, size)
    image = Image.new("RGB", (617, 137), DARK)
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        for x, anchor, word in zip((12, 116, 300, 430, 590), ("la", "la", "ra", "ra", "ra"), row, strict=True):
            ink = {"+": GREEN, "-": RED}.get(word[0], LIGHT)
            draw.text((x, 5 + number * (size + 6)), word, font=letters, fill=ink, anchor=anchor)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def random_rows(seed: int, live: dict[str, float]) -> list[tuple[str, ...]]:
    """Losses of all sizes, most of which begin with the digits that are misread most."""
    chance = random.Random(seed)
    rows = []
    for symbol in chance.sample(sorted(live), 5):
        cost = round(live[symbol] * chance.uniform(0.99, 1.01), 2)
        dollars = int(chance.choice("777123569") + "".join(chance.choices("0123456789", k=chance.randrange(5))))
        realized = f"-{dollars:,}.{chance.randrange(100):02d}"
        rows.append(("Long", symbol, f"{cost:.2f}", f"{live[symbol] - cost:+.2f}", realized))
    return rows


def misread_rows(font: str, size: int, seed: int) -> tuple[list[str], list[str]]:
    """The rows of a drawn table that are not read, and those that are read as something else."""
    live = {"AAPL": 150.0, "MSFT": 420.0, "NVDA": 120.0, "AMD": 160.0, "SPY": 495.0, "PLTR": 30.0, "META": 490.0, "INTC": 22.0}
    rows = random_rows(seed, live)
    text = text_on(table(rows, font, size))
    snapshots = Conditioner(Config(), live.get).condition(text, 90.0).snapshots
    unread, wrong = [], []
    for strategy, symbol, *numbers in rows:
        if symbol not in snapshots:
            unread.append(f"{symbol} of {text}")
        elif list(snapshots[symbol].values()) != [symbol, strategy, *(float(number.replace(",", "")) for number in numbers)]:
            wrong.append(f"{symbol} {numbers} is {snapshots[symbol]}")
    return unread, wrong


@pytest.mark.parametrize(
    ("font", "size", "row"),
    [
        ("DejaVuSans.ttf", 15, ("Long", "TSLA", "251.80", "-1.80", "-704.98")),
        ("DejaVuSans.ttf", 16, ("Long", "INTC", "22.06", "-0.06", "-76.29")),
        ("DejaVuSans.ttf", 16, ("Long", "PLTR", "30.00", "+0.00", "-72,976.94")),
        ("DejaVuSans.ttf", 16, ("Long", "COIN", "209.19", "+0.81", "-20,771.76")),
        ("DejaVuSansMono.ttf", 17, ("Long", "SPY", "498.08", "-3.08", "-70.14")),
    ],
)
def test_a_seven_behind_a_minus_is_a_seven(font: str, size: int, row: tuple[str, ...]) -> None:
    """Neither a one nor a stroke, and no digit is split off."""
    assert text_on(table([row], font, size)) == " ".join(row)


@pytest.mark.parametrize("size", [14, 16, 18])
@pytest.mark.parametrize("digits", ["0.09", "6.41", "841.24"])
def test_a_minus_that_touches_its_digit_is_a_minus(digits: str, size: int) -> None:
    """Some fonts set them so close; a plus stays a plus."""
    letters = typeface("DejaVuSansCondensed.ttf", size)
    image = Image.open(io.BytesIO(table([("Long", "INTC", "22.10", "+0.26", digits)], "DejaVuSansCondensed.ttf", size)))
    left = 590 - letters.getlength(digits)
    ImageDraw.Draw(image).text((left + 2, 5), "-", font=letters, fill=LIGHT, anchor="ra")
    file = io.BytesIO()
    image.save(file, "PNG")
    assert text_on(file.getvalue()) == f"Long INTC 22.10 +0.26 -{digits}"


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("size", [13, 15, 16, 18])
def test_tables_in_fonts_and_sizes_of_user_interfaces_are_read_exactly(font: str, size: int) -> None:
    """Every field of every row."""
    assert misread_rows(font, size, seed=size) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("font", FONTS)
def test_of_many_tables_hardly_a_row_is_not_read_and_next_to_none_is_read_wrong(font: str) -> None:
    """Seven sizes, six tables each: of 210 rows at most four and at most one."""
    results = [misread_rows(font, size, seed) for size in range(12, 19) for seed in range(6)]
    unread, wrong = ([row for result in results for row in result[kind]] for kind in (0, 1))
    assert (len(unread) <= 4, len(wrong) <= 1) == (True, True), (unread, wrong)
