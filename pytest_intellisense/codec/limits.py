"""How much of one entry is kept: what is longer is cut, and its length and hash stand in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from pytest_intellisense.model.timeline import read_json

LARGEST_TEXT_BYTES = 32 * 1024 * 1024
"""Room for an image of 20 MB in base64. Of a longer envelope only the metadata are read."""
LONGEST_VALUE = 1024 * 1024
LARGEST_BODY = 8 * 1024 * 1024
"""In characters, after the images have been taken out."""

TRUNCATED = "truncated"
_KEPT = 1000


class _Outline(msgspec.Struct):
    metadata: dict[str, Any]
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_outline = msgspec.json.Decoder(_Outline).decode


def read_within_limits(text: bytes) -> Any:
    """The JSON value of `text`, without the body of an envelope that is too large. Raises ValueError."""
    if len(text) <= LARGEST_TEXT_BYTES:
        return read_json(text)
    try:
        outline = _outline(text)
    except msgspec.MsgspecError:
        raise ValueError(f"{len(text)} bytes, and no envelope of metadata and payload") from None
    return {"metadata": outline.metadata, "payload": {TRUNCATED: cut_bytes(bytes(outline.payload))}}


def within_limits(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The payload, and whether anything of it had to be cut."""
    size = _size(payload)
    if size <= LONGEST_VALUE:
        return payload, TRUNCATED in payload
    cut: Mapping[str, Any] = _cut_values(payload)
    if _size(cut) > LARGEST_BODY:
        cut = {TRUNCATED: cut_bytes(repr(payload).encode(errors="backslashreplace"))}
    return cut, cut is not payload or TRUNCATED in payload


def cut_text(text: str) -> str:
    data = text.encode(errors="surrogatepass")
    return f"{text[:_KEPT]}… [{TRUNCATED}: {len(text)} characters, sha256 {hashlib.sha256(data).hexdigest()}]"


def cut_bytes(data: bytes) -> dict[str, Any]:
    """What is left of data that is too large: how it began, how long it was, and its hash."""
    start = data[:_KEPT].decode(errors="replace")
    return {"start": start, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _cut_values(value: Any) -> Any:
    if isinstance(value, str):
        return cut_text(value) if len(value) > LONGEST_VALUE else value
    if isinstance(value, dict):
        members = {_cut_values(name): _cut_values(member) for name, member in value.items()}
        return members if any(new is not old for new, old in zip(members.values(), value.values(), strict=True)) else value
    if isinstance(value, list):
        items = [_cut_values(member) for member in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _size(value: Any) -> int:
    """About how many characters the value needs."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return sum(len(name) + _size(member) + 4 for name, member in value.items())
    if isinstance(value, list):
        return sum(_size(member) + 1 for member in value)
    return 8
