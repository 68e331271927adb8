"""What one screen image costs beside Tesseract itself, and what an engine within the process saves.

OCR_IMAGE_PATH       the reference application's way (decode, prepare, recognize, condition) to pytesseract alone on the
                     prepared image, both with OMP_THREAD_LIMIT=1 and page segmentation 6
OCR_ENGINE_IN_PROCESS   pytesseract to tesserocr on the same prepared image; the texts must be equal
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytesseract
from timing import interleaved, median_ratio, print_figure

from testrade_hooks.reference.conditioner import Conditioner
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.images import decode_image
from testrade_hooks.reference.ocr_engine import EngineMissing, PytesseractEngine, TesserocrEngine
from testrade_hooks.reference.preprocessing import PreprocessingParameters, preprocess

SCREEN = Path(__file__).parent.parent / "scenarios" / "screens" / "six_rows.png"
ROUNDS = 15


def image_path() -> bool:
    png, config, engine = SCREEN.read_bytes(), Config(), PytesseractEngine()
    conditioner = Conditioner(config, lambda _symbol: 150.0)
    prepared = preprocess(decode_image(png), PreprocessingParameters())

    def whole_path() -> None:
        image = preprocess(decode_image(png), PreprocessingParameters.from_config(config.get))
        reading = engine.read_text(image)
        conditioner.condition(reading.text, reading.confidence)

    def tesseract_alone() -> None:
        pytesseract.image_to_string(prepared, config="--psm 6")

    os.environ["OMP_THREAD_LIMIT"] = "1"
    times = interleaved({"path": whole_path, "alone": tesseract_alone}, ROUNDS)
    return print_figure("ocr_image_path", median_ratio(times["path"], times["alone"]), at_most=1.15)


def engine_in_process() -> bool:
    prepared = preprocess(decode_image(SCREEN.read_bytes()), PreprocessingParameters())
    outside = PytesseractEngine()
    try:
        inside = TesserocrEngine()
    except EngineMissing as problem:
        print(f"# OCR_ENGINE_IN_PROCESS not measured: {problem}")
        return True
    texts = outside.read_text(prepared).text, inside.read_text(prepared).text
    if texts[0] != texts[1]:
        print(f"# the engines disagree: {texts[0]!r} and {texts[1]!r}")
        return False
    ways = {"outside": lambda: outside.read_text(prepared), "inside": lambda: inside.read_text(prepared)}
    times = interleaved(ways, ROUNDS)
    return print_figure("ocr_engine_in_process", median_ratio(times["outside"], times["inside"]), at_least=2.5)


if __name__ == "__main__":
    met = [image_path(), engine_in_process()]
    sys.exit(0 if all(met) else 1)
