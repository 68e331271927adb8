"""Reads a prepared image with Tesseract: as a subprocess through pytesseract, or in the process through tesserocr."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from testrade_hooks.reference.images import Image

LANGUAGE = "eng"
PAGE_SEGMENTATION = 6
READABLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.,()$ "
"""What a table of positions is made of: a 7 is not taken for a stroke, nor a minus for a quotation mark."""
TIMEOUT_S = 10.0


class EngineMissing(RuntimeError):
    """The OCR engine is not installed; `str()` says what to install."""


class OcrFailed(RuntimeError):
    """The engine is there and could not read this image in time or at all."""


@dataclass(frozen=True, slots=True)
class OcrReading:
    """`text`: lines joined by a line feed, words by one space. `confidence`: mean over the words, 0 to 100; 0 without words."""

    text: str
    confidence: float


class OcrEngine(Protocol):
    def read_text(self, prepared: Image) -> OcrReading:
        """Raises EngineMissing or OcrFailed."""


class PytesseractEngine:
    """One `tesseract` process an image, on one thread: it is faster alone than with its helpers."""

    def read_text(self, prepared: Image) -> OcrReading:
        import pytesseract

        try:
            with _one_tesseract_thread():
                table = pytesseract.image_to_data(prepared, lang=LANGUAGE, config=_OPTIONS, timeout=TIMEOUT_S)
        except pytesseract.TesseractNotFoundError:
            raise EngineMissing(
                f"Tesseract is not installed ({pytesseract.pytesseract.tesseract_cmd!r} is not on PATH): "
                "apt-get install tesseract-ocr, or brew install tesseract"
            ) from None
        except RuntimeError as problem:
            raise OcrFailed(f"Tesseract could not read the image: {problem}") from None
        return _reading(_words_of_table(table))


class TesserocrEngine:
    """Tesseract inside the process, about three times as fast; each thread keeps its own loaded engine."""

    def __init__(self) -> None:
        try:
            import tesserocr
        except ImportError:
            raise EngineMissing("tesserocr is not installed: pip install 'pytest-intellisense[tesserocr]'") from None
        self._tesserocr = tesserocr
        self._data = language_data()
        self._kept = threading.local()

    def read_text(self, prepared: Image) -> OcrReading:
        api = self._api()
        height, width = prepared.shape
        api.SetImageBytes(prepared.tobytes(), width, height, 1, width)
        if not api.Recognize(int(TIMEOUT_S * 1000)):
            raise OcrFailed(f"Tesseract did not read the image within {TIMEOUT_S:g} s")
        return _reading(_words_of_table(api.GetTSVText(0)))

    def _api(self) -> Any:
        if not hasattr(self._kept, "api"):
            self._kept.api = self._tesserocr.PyTessBaseAPI(path=str(self._data), lang=LANGUAGE, psm=PAGE_SEGMENTATION)
            self._kept.api.SetVariable("tessedit_char_whitelist", READABLE)
        return self._kept.api


def read_text(prepared: Image) -> OcrReading:
    """Read with pytesseract. Raises EngineMissing or OcrFailed."""
    return PytesseractEngine().read_text(prepared)


def language_data() -> Path:
    """The folder with Tesseract's English data. Raises EngineMissing."""
    named = os.environ.get("TESSDATA_PREFIX")
    roots = [Path(named)] if named else []
    for prefix in ("/usr/share", "/usr/local/share", "/opt/homebrew/share"):
        roots += [Path(prefix, "tessdata"), *sorted(Path(prefix, "tesseract-ocr").glob("*/tessdata"), reverse=True)]
    for root in roots:
        if (root / f"{LANGUAGE}.traineddata").is_file():
            return root
    raise EngineMissing(
        f"Tesseract's {LANGUAGE}.traineddata is not found: apt-get install tesseract-ocr, brew install tesseract, "
        "or name its folder in TESSDATA_PREFIX"
    )


class _Word(NamedTuple):
    line: tuple[str, ...]
    left: int
    right: int
    height: int
    confidence: float
    text: str

    def goes_on_with(self, following: _Word) -> bool:
        """So near that no column lies between, and unfinished: a font of even width sets a point or a minus apart."""
        gap, height = following.left - self.right, max(self.height, following.height)
        unfinished = _UNFINISHED.fullmatch(self.text) and _REST_OF_A_NUMBER.fullmatch(following.text)
        return bool(unfinished) and gap < height * _WITHIN_A_NUMBER


_OPTIONS = f"--psm {PAGE_SEGMENTATION} -c 'tessedit_char_whitelist={READABLE}'"
_environment = threading.Lock()


@contextlib.contextmanager
def _one_tesseract_thread() -> Iterator[None]:
    """pytesseract hands our environment to the process; the setting is there only as long as it runs."""
    with _environment:
        before = os.environ.get("OMP_THREAD_LIMIT")
        os.environ["OMP_THREAD_LIMIT"] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ["OMP_THREAD_LIMIT"]
            else:
                os.environ["OMP_THREAD_LIMIT"] = before


_WORD_LEVEL = "5"
_UNFINISHED = re.compile(r"[+\-($]*[0-9.,]*(?<![.,][0-9]{2})")
_REST_OF_A_NUMBER = re.compile(r"[0-9.,]+\)?")
_WITHIN_A_NUMBER = 0.5
"""Share of the height of its digits: a space between two columns is wider in every font."""


def _words_of_table(table: str) -> Iterator[_Word]:
    """Columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.

    Parentheses belong to numbers: beside letters they are read where there is nothing.
    """
    for row in table.splitlines():
        cells = row.split("\t")
        if cells[0] == _WORD_LEVEL and cells[-1].strip():
            left, _, width, height = map(int, cells[6:10])
            text = cells[-1] if re.search("[0-9]", cells[-1]) else cells[-1].strip("()") or cells[-1]
            yield _Word(tuple(cells[1:5]), left, left + width, height, float(cells[10]), text)


def _reading(words: Iterable[_Word]) -> OcrReading:
    lines: dict[tuple[str, ...], list[_Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    confidences = [word.confidence for line in lines.values() for word in line]
    return OcrReading(
        text="\n".join(_text(line) for line in lines.values()),
        confidence=round(statistics.fmean(confidences), 2) if confidences else 0.0,
    )


def _text(line: list[_Word]) -> str:
    text = line[0].text
    for word, following in pairwise(line):
        text += following.text if word.goes_on_with(following) else f" {following.text}"
    return text
