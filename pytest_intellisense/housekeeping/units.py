"""Sizes and ages as people write them: `10GB`, `512MiB`, `30d`, `12h`."""

from __future__ import annotations

import re

from pydantic import ByteSize, TypeAdapter, ValidationError

from pytest_intellisense.errors import SettingsError

_SIZE = TypeAdapter(ByteSize)
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_AGE_S = 100 * 365.25 * 86_400
"""Longer than any clock or timer is asked for: a mistake in writing."""
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|w)\s*")


def size_in_bytes(text: str) -> int:
    """Bytes of `50GB`, `512 MiB` or `1000000`. Raises SettingsError naming the accepted forms."""
    try:
        return int(_SIZE.validate_python(text))
    except ValidationError:
        raise SettingsError(f"not a size: {text!r}", hint="write a number with a unit, such as 500MB, 50GB or 1TiB") from None


def size_text(size_bytes: float) -> str:
    """`3.2 GB`, in powers of 1000, as disks are sold."""
    return ByteSize(round(size_bytes)).human_readable(decimal=True, separator=" ")


def age_in_s(text: str) -> float:
    """Seconds of `30d`, `12h` or `90min`. Raises SettingsError naming the accepted forms."""
    written = _AGE.fullmatch(text)
    age_s = float(written[1]) * _UNIT_S[written[2]] if written else LONGEST_AGE_S
    if age_s >= LONGEST_AGE_S:
        raise SettingsError(
            f"not an age: {text[:40]!r}",
            hint="write a number with s, min, h, d or w, such as 30d or 12h, below a hundred years",
        )
    return age_s


def age_text(age_s: float) -> str:
    """The largest unit that fits at least once: `41 d`, `3 h`, `12 min`, `5 s`."""
    for unit, seconds in (("d", 86_400), ("h", 3600), ("min", 60)):
        if age_s >= seconds:
            return f"{age_s / seconds:.0f} {unit}"
    return f"{max(age_s, 0):.0f} s"
