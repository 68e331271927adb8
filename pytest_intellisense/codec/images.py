"""Images of a plan: read within limits of path, bytes and pixels, before anything decodes them."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

from pytest_intellisense.codec.plan_paths import PathRefused, inside

LARGEST_IMAGE_BYTES = 20_000_000
MOST_PIXELS = 40_000_000
_HEADER_BYTES = 1 << 18

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def load_image(folder: Path, root: Path, relative: str) -> bytes:
    """The bytes of a PNG, JPEG or BMP file of at most 20 MB and 40 megapixels inside `root`. Raises PlanError."""
    return _read(inside(folder, root, relative), relative, LARGEST_IMAGE_BYTES)


def check_image(folder: Path, root: Path, relative: str) -> None:
    """Raise PathRefused for what `load_image` would refuse; reads the header only."""
    _read(inside(folder, root, relative), relative, _HEADER_BYTES)


def image_size(header: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels as the header of a PNG, JPEG or BMP says; None for anything else."""
    if header.startswith(_PNG) and header[12:16] == b"IHDR" and len(header) >= 24:
        width, height = struct.unpack(">II", header[16:24])
        return width, height
    if header.startswith(b"BM") and len(header) >= 26:
        width, height = struct.unpack("<ii", header[18:26])
        return width, abs(height)
    if header.startswith(_JPEG):
        return _jpeg_size(header)
    return None


def _jpeg_size(header: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(header) and header[at] == 0xFF:
        marker = header[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", header[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", header[at + 2 : at + 4])[0]
    return None


def _read(file: Path, relative: str, limit: int) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise PathRefused(f'"{relative}" cannot be read: {problem.strerror}') from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise PathRefused(f'"{relative}" is not a file')
        if facts.st_size > LARGEST_IMAGE_BYTES:
            size, most = facts.st_size / 1e6, LARGEST_IMAGE_BYTES / 1e6
            raise PathRefused(f'"{relative}" has {size:.1f} MB: at most {most:.0f} MB are read')
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            content = opened.read(limit)
    finally:
        os.close(descriptor)
    _check_pixels(content, relative)
    return content


def _check_pixels(content: bytes, relative: str) -> None:
    if not content:
        raise PathRefused(f'"{relative}" is empty')
    size = image_size(content)
    if size is None:
        raise PathRefused(f'"{relative}" is no PNG, JPEG or BMP image')
    width, height = size
    if width <= 0 or height <= 0:
        raise PathRefused(f'"{relative}" has no pixels: {width} x {height}')
    if width * height > MOST_PIXELS:
        megapixels, most = width * height / 1e6, MOST_PIXELS / 1e6
        raise PathRefused(f'"{relative}" has {width} x {height} = {megapixels:.0f} megapixels: at most {most:.0f} are decoded')
