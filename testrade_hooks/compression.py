"""Bodies that the application made smaller under pressure: packed, stripped or triaged."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Mapping
from typing import Any

DECOMPRESSED = "decompressed"
LARGEST_UNPACKED_BYTES = 32 * 1024 * 1024
"""A few kB can unpack to gigabytes; what is larger stays packed."""

_EITHER_HEADER = zlib.MAX_WBITS | 32
_LESS_THAN_SENT = {"_was_stripped": "stripped by the sender", "_was_aggressively_triaged": "triaged by the sender"}
_OF_PACKING = ("_is_compressed", "_compression_type", "_compressed_data")


def unpacked(body: Mapping[str, Any], loads: Callable[[bytes], Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body as it was before it was packed, and marks that say what happened to it.

    What cannot be unpacked stays as it is, and its mark says why.
    """
    marks = tuple(mark for flag, mark in _LESS_THAN_SENT.items() if body.get(flag))
    if not body.get("_is_compressed"):
        return dict(body), marks
    try:
        inner = _inner(body, loads)
    except ValueError as problem:
        return dict(body), (*marks, f"compressed, not readable: {problem}")
    beside = {name: value for name, value in body.items() if name not in _OF_PACKING}
    marks += tuple(mark for flag, mark in _LESS_THAN_SENT.items() if inner.get(flag) and mark not in marks)
    return {**beside, **inner}, (*marks, DECOMPRESSED)


def _inner(body: Mapping[str, Any], loads: Callable[[bytes], Any]) -> dict[str, Any]:
    kind, packed = body.get("_compression_type", "zlib"), body.get("_compressed_data")
    if kind not in ("zlib", "gzip"):
        raise ValueError(f"no known compression: {str(kind)[:40]!r}")
    if not isinstance(packed, str):
        raise ValueError("there is no _compressed_data")
    try:
        text = _inflated(binascii.unhexlify(packed))
        inner = loads(text)
    except (zlib.error, RecursionError) as problem:
        raise ValueError(str(problem)) from None
    return inner if isinstance(inner, dict) else {"value": inner}


def _inflated(packed: bytes) -> bytes:
    machine = zlib.decompressobj(_EITHER_HEADER)
    text = machine.decompress(packed, LARGEST_UNPACKED_BYTES)
    if machine.unconsumed_tail:
        raise ValueError(f"more than {LARGEST_UNPACKED_BYTES} bytes when unpacked")
    if not machine.eof:
        raise ValueError("the packed data is cut off")
    return text
