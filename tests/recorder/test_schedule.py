"""`--from`, `--until`, `--timezone`: the window that is open now, or else the next one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pytest_intellisense.cli.schedule import Schedule, schedule_of

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("now", "begin", "end"),
    [
        ("2026-11-23 08:00", "2026-11-23 09:25", "2026-11-23 16:05"),
        ("2026-11-23 09:25", None, "2026-11-23 16:05"),
        ("2026-11-23 12:00", None, "2026-11-23 16:05"),
        ("2026-11-23 16:05", "2026-11-24 09:25", "2026-11-24 16:05"),
    ],
    ids=["before", "at the opening", "within", "at the close"],
)
def test_a_trading_day(now: str, begin: str | None, end: str) -> None:
    """Before it we wait, within it we begin at once, after it we wait for the next day."""
    planned = schedule_of("09:25", "16:05", "market", at(now))
    assert planned == Schedule(at(begin) if begin else None, at(end))


def test_a_window_over_midnight() -> None:
    """The evening belongs to the day on which it began."""
    assert schedule_of("22:00", "02:00", "market", at("2026-11-24 01:00")) == Schedule(None, at("2026-11-24 02:00"))
    planned = schedule_of("22:00", "02:00", "market", at("2026-11-24 03:00"))
    assert planned == Schedule(at("2026-11-24 22:00"), at("2026-11-25 02:00"))


def test_one_side_alone() -> None:
    """--until alone begins at once; --from alone ends when it is stopped."""
    assert schedule_of(None, "16:05", "market", at("2026-11-23 17:00")) == Schedule(None, at("2026-11-24 16:05"))
    assert schedule_of("09:25", None, "market", at("2026-11-23 17:00")) == Schedule(at("2026-11-24 09:25"), None)
    assert schedule_of(None, None, "local", at("2026-11-23 17:00")) == Schedule()


def test_the_clocks_of_the_zone_count() -> None:
    """A time of day is what the clocks there show, also in the night in which they are changed."""
    berlin = ZoneInfo("Europe/Berlin")
    evening = at("2026-10-24 23:00", berlin)
    planned = schedule_of("09:00", "10:00", "Europe/Berlin", evening)
    assert planned.begin_epoch_s == at("2026-10-25 09:00", berlin)
    assert planned.begin_epoch_s - evening == 11 * 3600
