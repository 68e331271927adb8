"""Decodes a screen image into pixels, refusing what would cost too much before anything is decoded."""

from __future__ import annotations

import os

# OpenCV reads its own limit once, while it is imported.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(50_000_000))

import struct
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000


class ImageRejected(ValueError):
    """The bytes are no image that can be read safely; `str()` says why and what is allowed."""


def decode_image(data: bytes) -> Image:
    """The pixels as 8-bit BGR; transparency is laid on black. Raises ImageRejected.

    Allowed are up to 20 MB of PNG, JPEG or BMP with up to 40 million pixels.
    """
    if not data:
        raise ImageRejected("the image is empty (0 bytes)")
    if len(data) > MAX_BYTES:
        raise ImageRejected(f"the image has {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    width, height = image_size(data)
    if width < 1 or height < 1:
        raise ImageRejected(f"the image says it is {width}x{height} pixels")
    if width * height > MAX_PIXELS:
        raise ImageRejected(f"the image is {width}x{height} pixels; at most {MAX_PIXELS:,} pixels are read")
    return _as_bgr(_decoded(data))


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header, nothing decoded. Raises ImageRejected for another format or a broken header."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(b"\xff\xd8"):
            width, height = _jpeg_size(data)
        elif data.startswith(b"BM"):
            width, height = (abs(edge) for edge in struct.unpack_from("<ii", data, 18))
        else:
            raise ImageRejected("the image is neither PNG nor JPEG nor BMP")
    except struct.error:
        raise ImageRejected("the image ends within its header") from None
    return width, height


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg_size(data: bytes) -> tuple[int, int]:
    position = 2
    while True:
        mark, kind = struct.unpack_from(">BB", data, position)
        if mark != 0xFF:
            raise ImageRejected("the JPEG image has a broken header")
        if kind == 0xFF:
            position += 1
        elif kind in _JPEG_WITHOUT_LENGTH:
            position += 2
        elif kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        else:
            position += 2 + struct.unpack_from(">H", data, position + 2)[0]


def _decoded(data: bytes) -> npt.NDArray[Any]:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise ImageRejected("the image cannot be decoded: it is damaged or cut off")
    return image


def _as_bgr(image: npt.NDArray[Any]) -> Image:
    pixels = np.asarray(image, np.uint8) if image.dtype == np.uint8 else _scaled_to_8_bit(image)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if pixels.shape[2] == 4:
        opacity = pixels[:, :, 3:].astype(np.uint16)
        return np.asarray(pixels[:, :, :3] * opacity // 255, np.uint8)
    return pixels


def _scaled_to_8_bit(image: npt.NDArray[Any]) -> Image:
    full = np.iinfo(image.dtype).max if np.issubdtype(image.dtype, np.integer) else 1
    return np.asarray((image * (255.0 / full)).clip(0, 255), np.uint8)
