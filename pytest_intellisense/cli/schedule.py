"""When a capture begins and ends: after a duration, or at times of day in a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from pytest_intellisense.errors import SettingsError

MARKET = "market"
LOCAL = "local"
_MARKET_ZONE = "America/New_York"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`begin` None: at once. `end` None: when it is stopped. Seconds since 1970."""

    begin_epoch_s: float | None = None
    end_epoch_s: float | None = None


def schedule_of(begin: str | None, end: str | None, zone: str, now_epoch_s: float) -> Schedule:
    """The window that is open now, or else the next one. Raises SettingsError for what is no time of day or zone."""
    where = zone_of(zone)
    now = datetime.fromtimestamp(now_epoch_s, where)
    opening, closing = _time_of_day("--from", begin), _time_of_day("--until", end)
    if opening is None or closing is None:
        return Schedule(_next(opening, now, where), _next(closing, now, where))
    for days in (-1, 0, 1):
        begins = _at(now, days, opening, where)
        ends = _at(now, days + (closing <= opening), closing, where)
        if now_epoch_s < ends:
            return Schedule(begins if begins > now_epoch_s else None, ends)
    raise AssertionError("tomorrow ends later than now")


def zone_of(name: str) -> tzinfo | None:
    """None is the zone of this machine. Raises SettingsError."""
    if name == LOCAL:
        return None
    try:
        return ZoneInfo(_MARKET_ZONE if name == MARKET else name)
    except (OSError, ValueError, KeyError):  # zoneinfo's own error is a KeyError
        raise SettingsError(
            f"--timezone: unknown time zone {name!r}",
            hint="give local, market (New York) or a name such as Europe/Berlin; if that is right, install the system's tzdata",
        ) from None


def _time_of_day(option: str, text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%H:%M:%S" if text.count(":") == 2 else "%H:%M").time()
    except ValueError:
        raise SettingsError(f"{option}: not a time of day: {text!r}", hint="write HH:MM or HH:MM:SS, such as 09:25") from None


def _next(wanted: time | None, now: datetime, zone: tzinfo | None) -> float | None:
    if wanted is None:
        return None
    today = _at(now, 0, wanted, zone)
    return today if today > now.timestamp() else _at(now, 1, wanted, zone)


def _at(now: datetime, days: int, wanted: time, zone: tzinfo | None) -> float:
    """The instant of a time of day so many days from now, as the clocks of the zone will show it then."""
    return datetime.combine(now.date() + timedelta(days=days), wanted, zone).timestamp()
