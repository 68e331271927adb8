"""What a screen image may be, and what is refused before it costs anything."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from testrade_hooks.reference.images import ImageRejected, decode_image, image_size
from testrade_hooks.reference.preprocessing import PreprocessingParameters, preprocess


def encoded(image: Image.Image, image_format: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, image_format)
    return file.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0" * 64


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "BMP"])
def test_the_three_formats_give_the_same_pixels(image_format: str) -> None:
    """Blue, green, red; the size is known from the header."""
    data = encoded(Image.new("RGB", (30, 20), (200, 100, 50)), image_format)
    assert image_size(data) == (30, 20)
    pixels = decode_image(data)
    assert pixels.shape == (20, 30, 3)
    assert np.abs(pixels.astype(int) - (50, 100, 200)).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (33, 17)])
def test_every_kind_of_png_is_decoded_and_prepared(mode: str, size: tuple[int, int]) -> None:
    """Gray, palette, transparent, 16 bit; down to a single pixel."""
    pixels = decode_image(encoded(Image.new(mode, size, 1)))
    assert pixels.shape == (size[1], size[0], 3)
    assert pixels.dtype == np.uint8
    assert preprocess(pixels, PreprocessingParameters()).shape == (size[1] * 3, size[0] * 3)


def test_sixteen_bits_become_eight() -> None:
    """Half of the brightness stays half of the brightness."""
    assert decode_image(encoded(Image.new("I;16", (4, 4), 32768)))[0, 0].tolist() == [127, 127, 127]


def test_transparent_pixels_are_black() -> None:
    """What is half opaque is half as bright."""
    assert decode_image(encoded(Image.new("RGBA", (2, 2), (200, 200, 200, 128))))[0, 0].tolist() == [100, 100, 100]
    assert decode_image(encoded(Image.new("RGBA", (2, 2), (200, 200, 200, 255))))[0, 0].tolist() == [200, 200, 200]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"GIF89a", "neither PNG nor JPEG nor BMP"),
        (b"\x89PNG\r\n\x1a\n", "ends within its header"),
        (b"\xff\xd8\xff\xe0", "ends within its header"),
        (b"\xff\xd8nonsense", "broken header"),
        (b"BM" + b"\0" * 40, "0x0 pixels"),
        (png_that_claims(12000, 12000), "12000x12000 pixels; at most 40,000,000"),
        (png_that_claims(30, 20), "damaged or cut off"),
        (b"BM" + b"\0" * 21_000_000, "at most 20,971,520"),
    ],
)
def test_what_is_no_safe_image_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    """A bomb is refused by its header."""
    with pytest.raises(ImageRejected, match=reason):
        decode_image(data)


def test_an_image_that_was_cut_off_is_refused_or_read_never_a_crash() -> None:
    """Cut after any byte."""
    data = encoded(Image.new("RGB", (16, 16), (200, 100, 50)), "JPEG")
    for length in range(len(data)):
        try:
            assert decode_image(data[:length]).shape == (16, 16, 3)
        except ImageRejected as refused:
            assert str(refused)
