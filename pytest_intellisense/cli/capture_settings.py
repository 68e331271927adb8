"""What `intellisense capture start` is asked to do: its options, read and checked before anything happens."""

from __future__ import annotations

import argparse
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.cli import given
from pytest_intellisense.cli.criterion import criteria_of
from pytest_intellisense.cli.redis_url import add_redis_arguments, redis_url_of
from pytest_intellisense.cli.schedule import LOCAL, Schedule, schedule_of
from pytest_intellisense.errors import SettingsError

if TYPE_CHECKING:
    from pytest_intellisense.capture.segmented_log import SegmentLimits
    from pytest_intellisense.capture.writer import Durability


@dataclass(frozen=True, slots=True)
class DashcamSettings:
    """Keep so many seconds around every event that meets one of the criteria."""

    before_s: float
    after_s: float
    criteria: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """`streams` empty: all. `duration_s` None: until the schedule's end, or until it is stopped."""

    redis_url: str = field(repr=False)
    output_dir: Path
    session_id: str
    resume: bool
    streams: tuple[str, ...]
    durability: Durability
    limits: SegmentLimits
    schedule: Schedule
    duration_s: float | None
    dashcam: DashcamSettings | None
    reconnect_within_s: float


def add_start_arguments(parser: argparse.ArgumentParser) -> None:
    add_redis_arguments(parser)
    add = parser.add_argument
    add("--output-dir", type=Path, default=Path("captures"), metavar="DIR", help="where sessions lie; default: captures")
    add("--session-id", metavar="ID", help="default: the time in UTC and six random characters")
    add("--resume", metavar="ID", help="go on with a session that was killed or failed, in a new segment, with what is pending")
    add("--senses", metavar="NAMES", help="only these, by comma: ocr, price, broker, image, system, injection")
    add("--streams", metavar="NAMES", help="only these streams, by comma")
    add("--extra-streams", metavar="NAMES", help="these streams too, by comma")
    add("--duration", metavar="TIME", help="stop after this time: 2h, 45min, 30s")
    add(
        "--from", dest="begin", metavar="HH:MM", help="wait until this time of day; at once if it is between --from and --until"
    )
    add("--until", metavar="HH:MM", help="stop at this time of day")
    add("--timezone", default=LOCAL, metavar="ZONE", help="of --from and --until: local (default), market, Europe/Berlin, …")
    add("--segment-size", default="256MB", metavar="SIZE", help="begin a new segment after this much; default: 256MB")
    add("--segment-minutes", type=float, default=15.0, metavar="N", help="begin a new segment after this time; default: 15")
    add("--dashcam-on", action="append", metavar="CRITERION", help="keep only what happens around events like this; repeatable")
    add("--dashcam-before", metavar="TIME", help="… so long before each; default: 30s")
    add("--dashcam-after", metavar="TIME", help="… and so long after it; default: 10s")
    add(
        "--durability",
        choices=("strict", "relaxed"),
        default="strict",
        help="strict (default): on disk before it is acknowledged; relaxed: on disk within a second",
    )
    add("--reconnect-within", default="60s", metavar="TIME", help="give up when Redis stays away for longer; default: 60s")
    add("--detach", action="store_true", help="go to the background when capture is confirmed")
    add("--json", action="store_true", help="print JSON at the end, not a summary")
    add("--detached", action="store_true", help=argparse.SUPPRESS)


def settings_of(arguments: argparse.Namespace) -> CaptureSettings:
    """Raises SettingsError."""
    given.check_not_empty(arguments, "resume", "session_id")
    if arguments.resume and arguments.session_id:
        raise SettingsError("--resume names the session already", hint="leave out --session-id")
    return CaptureSettings(
        redis_url=redis_url_of(arguments),
        output_dir=arguments.output_dir,
        session_id=arguments.resume or arguments.session_id or _new_id(),
        resume=bool(arguments.resume),
        streams=_streams(arguments),
        durability=arguments.durability,
        limits=_limits(arguments),
        schedule=schedule_of(arguments.begin, arguments.until, arguments.timezone, time.time()),
        duration_s=_duration(arguments.duration),
        dashcam=_dashcam(arguments),
        reconnect_within_s=_seconds("--reconnect-within", arguments.reconnect_within) or 0.0,
    )


def _new_id() -> str:
    return f"{time.strftime('%Y%m%d_%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def _streams(arguments: argparse.Namespace) -> tuple[str, ...]:
    from pytest_intellisense.capture.senses import EVERY_STREAM, streams_of

    chosen: tuple[str, ...] = EVERY_STREAM
    options = (("--senses", arguments.senses), ("--streams", arguments.streams), ("--extra-streams", arguments.extra_streams))
    senses, streams, extra = (given.names_in(option, text) for option, text in options)
    if arguments.resume and (senses or streams or extra):
        raise SettingsError("a resumed session goes on with its streams", hint="leave out --senses and --streams")
    if senses or streams:
        chosen = (*streams_of(senses), *streams)
    return tuple(dict.fromkeys((*chosen, *extra)))


def _limits(arguments: argparse.Namespace) -> SegmentLimits:
    from pytest_intellisense.capture.segmented_log import SegmentLimits
    from pytest_intellisense.housekeeping.units import LONGEST_AGE_S, size_in_bytes

    size = size_in_bytes(arguments.segment_size)
    age_s = arguments.segment_minutes * 60
    if size <= 0 or not 0 < age_s < LONGEST_AGE_S:
        raise SettingsError(
            "a segment needs a size and a time above 0", hint="such as --segment-size 256MB --segment-minutes 15"
        )
    return SegmentLimits(size_bytes=size, age_s=age_s)


def _dashcam(arguments: argparse.Namespace) -> DashcamSettings | None:
    if not arguments.dashcam_on:
        if arguments.dashcam_before or arguments.dashcam_after:
            raise SettingsError("the dash-cam needs to know what to look for", hint="add --dashcam-on event_type=…")
        return None
    if arguments.resume:
        raise SettingsError("a resumed session keeps what it kept before", hint="leave out --dashcam-on")
    return DashcamSettings(
        before_s=_seconds("--dashcam-before", arguments.dashcam_before or "30s") or 0.0,
        after_s=_seconds("--dashcam-after", arguments.dashcam_after or "10s") or 0.0,
        criteria=tuple(criteria_of("--dashcam-on", text) for text in arguments.dashcam_on),
    )


def _duration(text: str | None) -> float | None:
    duration_s = _seconds("--duration", text)
    if duration_s == 0:
        raise SettingsError(f"--duration {text}: nothing would be recorded", hint="write a time above 0, such as 2h or 30s")
    return duration_s


def _seconds(option: str, text: str | None) -> float | None:
    from pytest_intellisense.housekeeping.units import age_in_s

    if text is None:
        return None
    try:
        return age_in_s(text)
    except SettingsError as problem:
        raise SettingsError(f"{option}: not a time: {text!r}", hint=problem.hint) from None
