"""Images are kept as they came; what is wrong with one is known from its header, before anything decodes it."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from helpers.dialects import logged, observe
from helpers.pictures import screen

from testrade_hooks import wire

SCREEN = screen()
HEADER = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, animated: bool = False) -> bytes:
    """A black PNG of one bit a pixel, packed row by row so that making it needs no memory."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    control = chunk(b"acTL", struct.pack(">II", 2, 0)) if animated else b""
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return HEADER + start + control + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


IMAGES = {
    "sound": (SCREEN, ()),
    "bomb": (png(12_000, 12_000), ("image too large to decode: 12000 x 12000, at most 40000000 pixels",)),
    "no pixels": (png(0, 0), ("image without pixels: 0 x 0",)),
    "truncated": (SCREEN[:-20], ("image cut off",)),
    "header only": (SCREEN[:24], ("image cut off",)),
    "less than a header": (SCREEN[:12], ("image of no known kind",)),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ("image of no known kind",)),
    "animated": (png(16, 16, animated=True), ("image animated",)),
    "gif": (b"GIF89a" + bytes(20), ("image of no known kind",)),
    "no image": (b"just some bytes, not a picture", ("image of no known kind",)),
}


@pytest.mark.parametrize(("data", "marks"), IMAGES.values(), ids=IMAGES.keys())
@pytest.mark.parametrize("way", ["base64", "binary"])
def test_an_image_is_kept_as_it_came_and_marked(data: bytes, marks: tuple[str, ...], way: str) -> None:
    """Byte for byte, with hash, size and the pixels its header states."""
    fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", {"roi_used": [0, 0, 1, 1]}, correlation_id="m"))
    if way == "binary":
        fields[b"image_bytes"] = data
    else:
        body = {"frame_base64": base64.b64encode(data).decode()}
        fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", body, correlation_id="m"))
    observed = observe(wire.IMAGE_GRABS, fields)
    assert [picture.data for picture in observed.pictures] == [data]
    assert observed.event.image == observed.pictures[0].ref
    assert observed.event.image.size_bytes == len(data)
    assert observed.event.marks == marks


def test_an_empty_image_is_none() -> None:
    """The event is kept without one."""
    fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", {}, correlation_id="m")) | {b"image_bytes": b""}
    observed = observe(wire.IMAGE_GRABS, fields)
    assert (observed.pictures, observed.event.image, observed.event.marks) == ((), None, ("image empty",))


@pytest.mark.parametrize("way", ["base64", "binary"])
def test_too_many_bytes_are_not_kept(way: str) -> None:
    """Their number and hash are, and the event."""
    data = HEADER + bytes(20_000_001)
    if way == "binary":
        fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", {"roi_used": 1}, correlation_id="m")) | {
            b"image_bytes": data
        }
    else:
        body = {"image_bytes": base64.b64encode(data).decode(), "roi_used": 1}
        fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", body, correlation_id="m"))
    observed = observe(wire.IMAGE_GRABS, fields)
    assert observed.pictures == ()
    assert observed.event.payload["image_bytes"]["truncated"]["bytes"] == len(data)
    assert observed.event.payload["roi_used"] == 1
    assert observed.event.marks == (f"image not kept: {len(data)} bytes, at most 20000000",)


@pytest.mark.parametrize("field", ["frame_base64", "processed_frame_base64", "raw_frame_b64", "image_data", "image_bytes"])
@pytest.mark.parametrize(
    "text", [str.strip, lambda text: f"data:image/png;base64,{text}", lambda text: text[:76] + "\r\n" + text[76:]]
)
def test_every_image_field_is_known_at_any_depth(field: str, text: Any) -> None:
    """In plain base64, as a data URL and in lines."""
    body = {"frames": [{field: text(base64.b64encode(SCREEN).decode())}]}
    observed = observe("ocr:events", logged("TESTRADE_RAW_OCR_EVENT", body))
    assert [picture.data for picture in observed.pictures] == [SCREEN]
    assert observed.event.payload["frames"][0][field] == observed.pictures[0].ref.path


MEASURED = """
import json, re, sys
from helpers.dialects import observe
fields = {name.encode("latin-1"): value.encode("latin-1") for name, value in json.load(sys.stdin).items()}
observed = observe("testrade:image-grabs", fields)
if sys.argv[1] == "decode":
    import io
    from PIL import Image
    Image.MAX_IMAGE_PIXELS = None
    Image.open(io.BytesIO(observed.pictures[0].data)).convert("L")
print(len(observed.pictures), int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.parametrize(("what", "small"), [("read", True), ("decode", False)], ids=["capture", "control: decoding it"])
def test_a_bomb_costs_no_memory(what: str, small: bool) -> None:
    """Captured it needs less than 200 MB; decoding it (the control) needs more."""
    fields = wire.encode(wire.event("TESTRADE_RAW_IMAGE_GRAB", {}, correlation_id="m")) | {b"image_bytes": IMAGES["bomb"][0]}
    given = json.dumps({name.decode("latin-1"): value.decode("latin-1") for name, value in fields.items()})
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, what], input=given, capture_output=True, text=True, cwd=tests, check=True, timeout=60
    )
    kept, megabytes = map(int, done.stdout.split())
    assert kept == 1
    assert (megabytes < 200) is small
