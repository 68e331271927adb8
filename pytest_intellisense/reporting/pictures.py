"""Pictures for reports: pixel by pixel where that is small, a scaled picture of few colours where it is not. All are WebP."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FULL_LIMIT_BYTES = 11_500
FULL_SIZES = ((1000, 64), (640, 32), (320, 16))
SMALL_WIDTH_PX = 320
SMALL_COLOURS = 16
LOSSLESS_PIXEL_LIMIT = 2_000_000
PIXEL_LIMIT = 40_000_000


def full(content: bytes) -> str:
    """The picture pixel by pixel if that takes at most `FULL_LIMIT_BYTES`, else scaled; base64, "" if it cannot be read."""
    picture = _opened(content)
    if picture is None:
        return ""
    packed = _lossless(picture if picture.width * picture.height <= LOSSLESS_PIXEL_LIMIT else _scaled(picture, *FULL_SIZES[0]))
    for width, colours in FULL_SIZES:
        if len(packed) <= FULL_LIMIT_BYTES:
            break
        packed = _lossless(_scaled(picture, width, colours))
    return base64.b64encode(packed).decode("ascii")


def small(content: bytes) -> str:
    """A picture of a few kB, good enough to recognise; base64, "" if it cannot be read."""
    picture = _opened(content)
    if picture is None:
        return ""
    return base64.b64encode(_lossless(_scaled(picture, SMALL_WIDTH_PX, SMALL_COLOURS))).decode("ascii")


def _opened(content: bytes) -> Image | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as source:
            return source.convert("RGB") if source.width * source.height <= PIXEL_LIMIT else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _scaled(picture: Image, width: int, colours: int) -> Image:
    if picture.width > width:
        picture = picture.resize((width, max(1, round(picture.height * width / picture.width))))
    return picture.quantize(colours).convert("RGB")


def _lossless(picture: Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "WEBP", lossless=True, method=4)
    return packed.getvalue()
