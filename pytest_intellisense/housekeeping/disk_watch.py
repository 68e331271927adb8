"""DiskWatch: says before the disk is full that it will be, and when to stop so that the end can still be written."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pytest_intellisense.capture.disk import failed_on
from pytest_intellisense.errors import DiskProblem
from pytest_intellisense.housekeeping.units import age_text, size_in_bytes, size_text

_WINDOW_S = 60.0
_SAMPLE_EVERY_S = 1.0
_RATE_AFTER_S = 5.0
_MOST_WARNED_OF = 0.10
_MOST_KEPT_FREE = 0.05


@dataclass(frozen=True, slots=True)
class DiskLimits:
    """Below `warn_*` free, or with less than `warn_left_s` seconds to go, the disk is low; below `stop_*` capture stops.

    On a small file system a warning is due at 10 % free at the latest, a stop at 5 %, whatever is written here.
    """

    warn_bytes: int = 10_000_000_000
    stop_bytes: int = 1_000_000_000
    warn_inodes: int = 20_000
    stop_inodes: int = 2_000
    warn_left_s: float = 1800.0

    @classmethod
    def of(cls, *, warn: str, stop: str) -> Self:
        """Limits from texts with units, such as `10GB`. Raises SettingsError."""
        return cls(warn_bytes=size_in_bytes(warn), stop_bytes=size_in_bytes(stop))


@dataclass(frozen=True, slots=True)
class Space:
    """What a file system has left for unprivileged users. Inodes are None where their number is not fixed."""

    free_bytes: int
    total_bytes: int
    free_inodes: int | None
    total_inodes: int | None

    @classmethod
    def at(cls, path: Path) -> Self:
        """Raises CaptureFailed if the file system does not say."""
        try:
            facts = os.statvfs(path)
        except OSError as error:
            raise failed_on(path, error) from error
        counted = facts.f_files > 0
        return cls(
            free_bytes=facts.f_bavail * facts.f_frsize,
            total_bytes=facts.f_blocks * facts.f_frsize,
            free_inodes=facts.f_favail if counted else None,
            total_inodes=facts.f_files if counted else None,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """One look at the disk. `growth_bytes_per_s` and `left_s` are None until they can be known, or nothing grows.

    `left_s` is the time until capture stops if everybody goes on writing as in the last minute.
    """

    level: Literal["enough", "low", "none"]
    free_bytes: int
    free_inodes: int | None
    growth_bytes_per_s: float | None
    left_s: float | None
    sentence: str


class DiskWatch:
    """Watches the file system of `directory`, which must exist. A look costs about two microseconds."""

    def __init__(
        self,
        directory: Path,
        limits: DiskLimits | None = None,
        *,
        space_at: Callable[[Path], Space] = Space.at,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self._limits = limits or DiskLimits()
        self._space_at = space_at
        self._now_s = now_s
        self._samples: deque[tuple[float, Space]] = deque()

    def look(self) -> Room:
        """Raises CaptureFailed if the file system does not answer."""
        space = self._space_at(self.directory)
        self._keep(space)
        byte_rate, inode_rate = self._rates(space)
        left_s = self._left_s(space, byte_rate, inode_rate)
        level = self._level(space, left_s)
        return Room(level, space.free_bytes, space.free_inodes, byte_rate, left_s, self._sentence(level, space, left_s))

    def require(self) -> None:
        """Raises CaptureFailed when it is time to stop."""
        room = self.look()
        if room.level == "none":
            raise DiskProblem(
                f"capture stopped before the disk is full: {room.sentence}",
                hint="everything acknowledged is on disk; make room (intellisense clean) or record to another disk",
            )

    def _keep(self, space: Space) -> None:
        now_s = self._now_s()
        if not self._samples or now_s - self._samples[-1][0] >= _SAMPLE_EVERY_S:
            self._samples.append((now_s, space))
        while now_s - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()

    def _rates(self, space: Space) -> tuple[float | None, float]:
        """Bytes and inodes a second that the file system loses."""
        since_s, then = self._samples[0]
        passed_s = self._now_s() - since_s
        if passed_s < _RATE_AFTER_S:
            return None, 0.0
        inodes = (then.free_inodes or 0) - (space.free_inodes or 0)
        return (then.free_bytes - space.free_bytes) / passed_s, inodes / passed_s

    def _left_s(self, space: Space, byte_rate: float | None, inode_rate: float) -> float | None:
        ends = []
        if byte_rate is not None and byte_rate > 0:
            ends.append(max(0, space.free_bytes - self._stop_bytes(space)) / byte_rate)
        if space.free_inodes is not None and inode_rate > 0:
            ends.append(max(0, space.free_inodes - self._stop_inodes(space)) / inode_rate)
        return min(ends, default=None)

    def _level(self, space: Space, left_s: float | None) -> Literal["enough", "low", "none"]:
        inodes = space.free_inodes
        if space.free_bytes < self._stop_bytes(space) or (inodes is not None and inodes < self._stop_inodes(space)):
            return "none"
        few_bytes = space.free_bytes < min(self._limits.warn_bytes, _MOST_WARNED_OF * space.total_bytes)
        few_inodes = inodes is not None and inodes < min(self._limits.warn_inodes, _MOST_WARNED_OF * (space.total_inodes or 0))
        soon = left_s is not None and left_s < self._limits.warn_left_s
        return "low" if few_bytes or few_inodes or soon else "enough"

    def _stop_bytes(self, space: Space) -> float:
        return min(self._limits.stop_bytes, _MOST_KEPT_FREE * space.total_bytes)

    def _stop_inodes(self, space: Space) -> float:
        return min(self._limits.stop_inodes, _MOST_KEPT_FREE * (space.total_inodes or 0))

    def _sentence(self, level: str, space: Space, left_s: float | None) -> str:
        if level == "enough":
            return ""
        inodes = "" if space.free_inodes is None else f" and room for {space.free_inodes} files"
        free = f"{size_text(space.free_bytes)}{inodes} free at {self.directory}"
        if level == "none":
            return f"{free}; capture needs {size_text(self._stop_bytes(space))} and {self._stop_inodes(space):.0f} files"
        return f"disk low: {free}" + (f", capture stops in about {age_text(left_s)}" if left_s is not None else "")
