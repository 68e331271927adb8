"""Images inside events: found, taken out, named by their content."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_intellisense.codec.images import image_size
from pytest_intellisense.model.timeline import ImageRef

FOLDER = "images"
_BASE64_FIELDS = ("frame_base64", "image_bytes", "processed_frame_base64")
_MIN_BASE64 = 16
_SUFFIXES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"BM", "bmp"))


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes as they came, and how the log refers to them."""

    ref: ImageRef
    data: bytes


def picture_of(data: bytes) -> Picture:
    """Name `data` by its content; equal images share one file."""
    sha256 = hashlib.sha256(data).hexdigest()
    suffix = next((suffix for magic, suffix in _SUFFIXES if data.startswith(magic)), "bin")
    width, height = image_size(data) or (None, None)
    return Picture(ImageRef(f"{FOLDER}/{sha256}.{suffix}", sha256, len(data), width, height), data)


def take_out(payload: Mapping[str, Any], binary: bytes | None) -> tuple[Mapping[str, Any], list[Picture]]:
    """The payload with every base64 image replaced by its file's path, and the images; the binary field comes first."""
    pictures = [] if binary is None else [picture_of(binary)]
    replaced = {}
    for name in _BASE64_FIELDS:
        data = _decoded(payload.get(name))
        if data is not None:
            picture = picture_of(data)
            replaced[name] = picture.ref.path
            pictures.append(picture)
    return ({**payload, **replaced} if replaced else payload), pictures


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str) or len(value) < _MIN_BASE64:
        return None
    try:
        return binascii.a2b_base64(value.rpartition(",")[2], strict_mode=True)
    except (binascii.Error, ValueError):
        return None
