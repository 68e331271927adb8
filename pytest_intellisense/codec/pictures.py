"""Images inside events: found, taken out, named by their content. Their headers are read, nothing is decoded."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.codec.images import LARGEST_IMAGE_BYTES, MOST_PIXELS, image_size
from pytest_intellisense.codec.limits import TRUNCATED, cut_bytes
from pytest_intellisense.model.timeline import ImageRef

FOLDER = "images"
IMAGE_FIELDS = frozenset({"frame_base64", "processed_frame_base64", "raw_frame_b64", "image_data", "image_bytes"})
"""The fields that hold an image in base64, or a reference to one."""

_MIN_BASE64 = 16
_LONGEST_BASE64 = LARGEST_IMAGE_BYTES * 4 // 3 + LARGEST_IMAGE_BYTES // 30
_PNG = b"\x89PNG\r\n\x1a\n"
_SUFFIXES = ((_PNG, "png"), (b"\xff\xd8\xff", "jpg"), (b"BM", "bmp"))
_ENDS = {"png": b"IEND\xaeB`\x82", "jpg": b"\xff\xd9"}
_WHITESPACE = str.maketrans("", "", " \t\r\n")


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes as they came, and how the log refers to them."""

    ref: ImageRef
    data: bytes


@dataclass(slots=True)
class Images:
    """What was found in one event; `marks` say what is wrong with an image."""

    pictures: list[Picture] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def keep(self, data: bytes) -> ImageRef | None:
        """Take an image in; None if it is too large or empty, and so not kept."""
        if not data:
            self._mark("image empty")
            return None
        if len(data) > LARGEST_IMAGE_BYTES:
            self._mark(f"image not kept: {len(data)} bytes, at most {LARGEST_IMAGE_BYTES}")
            return None
        picture = picture_of(data)
        if all(picture.ref != known.ref for known in self.pictures):
            self.pictures.append(picture)
            problem = _problem(picture)
            if problem:
                self._mark(problem)
        return picture.ref

    def _mark(self, mark: str) -> None:
        if mark not in self.marks:
            self.marks.append(mark)


def picture_of(data: bytes) -> Picture:
    """Name `data` by its content; equal images share one file."""
    sha256 = hashlib.sha256(data).hexdigest()
    width, height = image_size(data) or (None, None)
    return Picture(ImageRef(f"{FOLDER}/{sha256}.{_suffix(data)}", sha256, len(data), width, height), data)


def take_out(
    payload: Mapping[str, Any], binary: bytes | None, fields: frozenset[str] = IMAGE_FIELDS
) -> tuple[Mapping[str, Any], Images]:
    """The payload with every base64 image in `fields` replaced by its file's path, and the images.

    The binary field comes first. An image that is too large leaves its size and hash.
    """
    images = Images()
    if binary is not None:
        images.keep(binary)
        if len(binary) > LARGEST_IMAGE_BYTES:
            payload = {**payload, "image_bytes": {TRUNCATED: cut_bytes(binary)}}
    return _without_images(payload, images, fields), images


def _without_images(value: Any, images: Images, fields: frozenset[str]) -> Any:
    """The very object, if there is no image in it."""
    if isinstance(value, dict):
        replaced = {}
        for name, member in value.items():
            new = _image_or(member, images) if name in fields else _without_images(member, images, fields)
            if new is not member:
                replaced[name] = new
        return {**value, **replaced} if replaced else value
    if isinstance(value, list):
        members = [_without_images(member, images, fields) for member in value]
        return members if any(new is not old for new, old in zip(members, value, strict=True)) else value
    return value


def _image_or(value: object, images: Images) -> object:
    if not isinstance(value, str) or len(value) < _MIN_BASE64:
        return value
    data = image_in(value)
    if data is None:
        return value
    ref = images.keep(data)
    return ref.path if ref else {TRUNCATED: cut_bytes(data)}


def image_in(value: str) -> bytes | None:
    """What `value` says in base64, or None: it says nothing so, or more than is kept."""
    text = value.rpartition(",")[2] if value.startswith("data:") else value
    if len(text) > _LONGEST_BASE64:
        return None
    try:
        return binascii.a2b_base64(text.translate(_WHITESPACE) if "\n" in text else text, strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def _suffix(data: bytes) -> str:
    return next((suffix for magic, suffix in _SUFFIXES if data.startswith(magic)), "bin")


def _problem(picture: Picture) -> str:
    """What whoever wants to see the image has to know first, from its header and its end."""
    ref, suffix = picture.ref, _suffix(picture.data)
    if ref.width_px is None or ref.height_px is None:
        return "image of no known kind"
    if ref.width_px <= 0 or ref.height_px <= 0:
        return f"image without pixels: {ref.width_px} x {ref.height_px}"
    if ref.width_px * ref.height_px > MOST_PIXELS:
        return f"image too large to decode: {ref.width_px} x {ref.height_px}, at most {MOST_PIXELS} pixels"
    if not picture.data.rstrip(b"\0").endswith(_ENDS.get(suffix, b"")):
        return "image cut off"
    return "image animated" if suffix == "png" and b"acTL" in picture.data[:256] else ""
