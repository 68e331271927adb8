"""Pictures for reports: PNG as it was where that is small, a scaled picture of few colours where it is not."""

from __future__ import annotations

import base64
import io

FULL_LIMIT_BYTES = 60_000
SMALL_WIDTH_PX = 320
SMALL_COLOURS = 16
PIXEL_LIMIT = 40_000_000


def full(content: bytes) -> str:
    """The picture pixel by pixel if it is a PNG of at most 60 kB, else a scaled one; base64, "" if it cannot be read."""
    if content.startswith(b"\x89PNG") and len(content) <= FULL_LIMIT_BYTES:
        return base64.b64encode(content).decode("ascii")
    return _scaled(content, width=1000, colours=64)


def small(content: bytes) -> str:
    """A picture of a few kB, good enough to recognise; base64 PNG, "" if it cannot be read."""
    return _scaled(content, width=SMALL_WIDTH_PX, colours=SMALL_COLOURS)


def _scaled(content: bytes, *, width: int, colours: int) -> str:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as source:
            if source.width * source.height > PIXEL_LIMIT:
                return ""
            picture = source.convert("RGB")
            if picture.width > width:
                picture = picture.resize((width, max(1, round(picture.height * width / picture.width))))
            packed = io.BytesIO()
            picture.quantize(colours).save(packed, "PNG", optimize=True)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ""
    return base64.b64encode(packed.getvalue()).decode("ascii")
