"""Times as commands print and read them: always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pytest_intellisense.errors import SettingsError

_EPOCH = re.compile(r"\d{9,10}(\.\d+)?")


def utc_text(epoch_ns: int) -> str:
    """`2026-11-23 14:30:00.123Z`."""
    seconds, rest = divmod(epoch_ns, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03}Z"
    except (OverflowError, ValueError, OSError):
        return f"{epoch_ns} ns"


def epoch_ns_of(text: str) -> int:
    """Nanoseconds since 1970 of an ISO date and time, UTC if it names no zone, or of seconds. Raises SettingsError."""
    if _EPOCH.fullmatch(text):
        return round(float(text) * 1000) * 1_000_000
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"not a time: {text!r}", hint="write 2026-11-23T14:30 (UTC), 2026-11-23T09:30-05:00, or seconds since 1970"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000


def duration_text(seconds: float) -> str:
    """`1 h 02 min 03 s`, `4 min 05 s`, `6.7 s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours} h {minutes:02} min {rest:02.0f} s"
    return f"{minutes} min {rest:02.0f} s" if minutes else f"{rest:.1f} s"
