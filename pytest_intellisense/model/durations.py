"""Durations as people write them: `"400 ms"`, `"1.5 s"`, `"250 us"`, `"900 ns"`; kept as whole nanoseconds."""

from __future__ import annotations

import re
from decimal import Decimal

_UNIT_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000}
_WRITTEN = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|min)\s*")


def parse_ns(value: object, *, bare_unit: str) -> int:
    """Nanoseconds of `value`; a bare number counts in `bare_unit`. Raises ValueError naming the accepted forms."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return round(Decimal(str(value)) * _UNIT_NS[bare_unit])
    if isinstance(value, str) and (written := _WRITTEN.fullmatch(value)):
        return round(Decimal(written[1]) * _UNIT_NS[written[2]])
    raise ValueError(f'{value!r} is not a duration: write a number of {bare_unit} or a text like "400 ms" (ns, us, ms, s, min)')


def format_ns(value_ns: int | float) -> str:
    """Three significant digits and a fitting unit: `3.10 ms`, `61.0 ms`, `1.77 s`."""
    size = abs(value_ns)
    for unit, scale in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if size >= scale * 0.9995:
            scaled = value_ns / scale
            digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{digits}f} {unit}"
    return f"{value_ns:.0f} ns"
