"""Tesseract outside and inside of the process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from testrade_hooks.reference import images, ocr_engine
from testrade_hooks.reference.ocr_engine import (
    EngineMissing,
    OcrFailed,
    OcrReading,
    PytesseractEngine,
    TesserocrEngine,
    read_text,
)
from testrade_hooks.reference.preprocessing import PreprocessingParameters, preprocess

SCREENS = Path(__file__).parents[2] / "scenarios" / "screens"


def prepared(name: str) -> images.Image:
    return preprocess(images.decode_image((SCREENS / f"{name}.png").read_bytes()), PreprocessingParameters())


def test_lines_and_confidence_come_from_one_reading() -> None:
    """Lines by line feeds, words by spaces; confidence is the mean over the words."""
    reading = read_text(prepared("two_symbols"))
    assert reading.text == "Long AAPL 150.25 +0.12 -35.40\nLong MSFT 420.10 -0.10 0.00"
    assert 85 < reading.confidence <= 100


def test_nothing_on_the_screen_is_an_empty_text() -> None:
    """Without any confidence."""
    assert read_text(prepared("empty")) == OcrReading("", 0.0)
    assert read_text(np.full((3, 3), 255, np.uint8)) == OcrReading("", 0.0)


@pytest.mark.parametrize("before", [None, "3"])
def test_the_environment_of_the_application_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    """The limit of threads is for the Tesseract process alone."""
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)
    if before:
        monkeypatch.setenv("OMP_THREAD_LIMIT", before)
    read_text(prepared("long_msft"))
    assert os.environ.get("OMP_THREAD_LIMIT") == before


def test_a_missing_tesseract_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On Debian and on macOS."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match=r"apt-get install tesseract-ocr, or brew install tesseract"):
        PytesseractEngine().read_text(np.full((40, 40), 255, np.uint8))


def test_a_tesseract_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is a failure of this image, not of the application."""
    monkeypatch.setattr(ocr_engine, "TIMEOUT_S", 0.001)
    with pytest.raises(OcrFailed, match="timeout"):
        read_text(prepared("six_rows"))


def test_a_tesseract_that_fails_tells_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Here: its language data is somewhere else."""
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(OcrFailed, match=r"eng\.traineddata"):
        read_text(prepared("long_msft"))


@pytest.mark.skipif(sys.platform != "linux", reason="the in-process engine comes as a wheel for Linux only")
def test_inside_the_process_the_text_is_the_same() -> None:
    """The kept engine reads one image after the other."""
    inside = TesserocrEngine()
    for name in ("six_rows", "empty", "long_aapl_noisy", "two_symbols"):
        assert inside.read_text(prepared(name)).text == read_text(prepared(name)).text


def test_without_tesserocr_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is optional."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    with pytest.raises(EngineMissing, match=r"pip install 'pytest-intellisense\[tesserocr\]'"):
        TesserocrEngine()
