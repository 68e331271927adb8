"""Any value as plain JSON of bounded size: what rows hold, and all that may cross to another process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

from pytest_intellisense.errors import without_secrets

TEXT_LIMIT = 2_000
ITEM_LIMIT = 100
DEPTH_LIMIT = 8
DIGIT_LIMIT = 400


def plain(value: Any, *, text_limit: int = TEXT_LIMIT, depth: int = DEPTH_LIMIT) -> Any:
    """Convert to None, bool, int, float, str, list, dict of exactly these types; what is too long is folded and says so.

    A Decimal stays a number where a float holds it exactly as written; NaN, infinities and bytes become words.
    Credentials in URLs are left out.
    """
    if value is None or type(value) is bool:
        return value
    if isinstance(value, str):
        return _text(value, text_limit)
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value):,} bytes)"
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return _mapping(value, text_limit, depth)
    if isinstance(value, list | tuple):
        return _items(list(value), text_limit, depth)
    if isinstance(value, AbstractSet):
        return _items(sorted(value, key=repr), text_limit, depth)
    return _text(str(value), text_limit)


def _text(value: str, limit: int) -> str:
    whole = without_secrets(str.__str__(value).encode("utf-8", "backslashreplace").decode("utf-8"))
    return whole if len(whole) <= limit else f"{whole[:limit]}… ({len(whole):,} characters)"


def _integer(value: int) -> int | str:
    return value if value.bit_length() <= DIGIT_LIMIT * 3 else f"(integer of {value.bit_length():,} bits)"


def _decimal(value: Decimal) -> float | int | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and value.adjusted() < 15:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def _mapping(value: Mapping[Any, Any], text_limit: int, depth: int) -> dict[str, Any]:
    folded = {
        _text(key if isinstance(key, str) else str(key), 200): plain(item, text_limit=text_limit, depth=depth - 1)
        for key, item in list(value.items())[:ITEM_LIMIT]
    }
    if len(value) > ITEM_LIMIT:
        folded["…"] = f"({len(value):,} keys)"
    return folded


def _items(value: list[Any], text_limit: int, depth: int) -> list[Any]:
    folded = [plain(item, text_limit=text_limit, depth=depth - 1) for item in value[:ITEM_LIMIT]]
    return folded if len(value) <= ITEM_LIMIT else [*folded, f"… ({len(value):,} items)"]
