"""Reports show a small picture of what was captured, and none of what is dangerous to decode."""

from __future__ import annotations

import io
import struct

import pytest
from helpers.pictures import screen
from PIL import Image

from pytest_intellisense.reporting import pictures


def gif(width: int, height: int) -> bytes:
    """A GIF whose capture knew no size: its header states one, and one pixel is in it."""
    packed = io.BytesIO()
    Image.new("P", (1, 1)).save(packed, "GIF")
    data = packed.getvalue()
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


def test_a_screen_is_shown() -> None:
    """The control."""
    assert pictures.small(screen())
    assert pictures.small(gif(40, 40))


@pytest.mark.parametrize("size", [(7_000, 7_000), (12_000, 12_000), (65_535, 65_535)])
def test_a_bomb_of_any_kind_is_not_decoded(size: tuple[int, int]) -> None:
    """Whatever the kind of image, its pixels are counted before they are unpacked."""
    assert pictures.small(gif(*size)) == ""


@pytest.mark.parametrize("data", [b"", b"<svg/>", screen()[:60], b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_not_shown(data: bytes) -> None:
    """Nothing is raised."""
    assert pictures.small(data) == ""
