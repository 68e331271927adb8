"""What screen images cost beside Tesseract itself, and what an engine within the process saves.

Every screen of the scenarios is read, most of them with one position, the fullest with six; a round is all of them.

ocr_image_path          the reference application's way (decode, prepare, recognize, condition) to pytesseract alone on the
                        prepared images, both with OMP_THREAD_LIMIT=1 and page segmentation 6
ocr_engine_in_process   pytesseract to tesserocr on the same prepared images; the texts must be equal
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

SCREENS = sorted((Path(__file__).parent.parent / "scenarios" / "screens").glob("*.png"))
ROUNDS = 5


def image_path() -> bool:
    images, config, engine = [screen.read_bytes() for screen in SCREENS], Config(), PytesseractEngine()
    conditioner = Conditioner(config, lambda _symbol: 150.0)
    prepared = [preprocess(decode_image(png), PreprocessingParameters()) for png in images]

    def whole_path() -> None:
        for png in images:
            image = preprocess(decode_image(png), PreprocessingParameters.from_config(config.get))
            reading = engine.read_text(image)
            conditioner.condition(reading.text, reading.confidence)

    def tesseract_alone() -> None:
        for image in prepared:
            pytesseract.image_to_string(image, config="--psm 6")

    os.environ["OMP_THREAD_LIMIT"] = "1"
    times = interleaved({"path": whole_path, "alone": tesseract_alone}, ROUNDS)
    return print_figure("ocr_image_path", median_ratio(times["path"], times["alone"]), at_most=1.15)


def engine_in_process() -> bool:
    prepared = [preprocess(decode_image(screen.read_bytes()), PreprocessingParameters()) for screen in SCREENS]
    outside = PytesseractEngine()
    try:
        inside = TesserocrEngine()
    except EngineMissing as problem:
        print(f"# ocr_engine_in_process not measured: {problem}")
        return True
    for screen, image in zip(SCREENS, prepared, strict=True):
        texts = outside.read_text(image).text, inside.read_text(image).text
        if texts[0] != texts[1]:
            print(f"# the engines disagree on {screen.name}: {texts[0]!r} and {texts[1]!r}")
            return False
    ways = {
        "outside": lambda: [outside.read_text(image) for image in prepared],
        "inside": lambda: [inside.read_text(image) for image in prepared],
    }
    times = interleaved(ways, ROUNDS)
    return print_figure("ocr_engine_in_process", median_ratio(times["outside"], times["inside"]), at_least=2.5)


if __name__ == "__main__":
    met = [image_path(), engine_in_process()]
    sys.exit(0 if all(met) else 1)
