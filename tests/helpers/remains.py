"""What is left of a recording after an accident, held against what had been acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import redis

from pytest_intellisense.capture.paths import SESSION_FILE
from pytest_intellisense.capture.reader import read_session


@dataclass(frozen=True)
class Remains:
    """`lost`: acknowledged and not in the log. `dangling`: lines whose image is missing or another one.

    `damaged`: lines that cannot be read, a torn last line apart: an accident may tear one per log, never more.
    """

    acknowledged: int = 0
    lost: int = 0
    dangling: int = 0
    torn: int = 0
    damaged: int = 0

    @classmethod
    def of(cls, session: Path, acknowledged: Iterable[str]) -> Self:
        told = set(acknowledged)
        if not (session / SESSION_FILE).exists():  # before the first sync there may be nothing, and nothing is acknowledged
            return cls(len(told), len(told))
        log = read_session(session)
        events = list(log)
        dangling = sum(1 for event in events if event.image and not _sound(session / event.image.path, event.image.sha256))
        lost = len(told - {event.entry_id for event in events})
        damage = log.damage
        damaged = damage.damaged_lines + damage.missing_lines + damage.contradictions + damage.unreadable_files
        return cls(len(told), lost, dangling, damage.torn_tails, damaged)

    def __add__(self, other: Remains) -> Remains:
        return Remains(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def sound(self) -> bool:
        return (self.lost, self.dangling, self.damaged) == (0, 0, 0)

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged, {self.lost} lost, {self.dangling} lines without their image, "
            f"{self.damaged} damaged, {self.torn} torn tails"
        )


def acknowledged_in(ledger: Path) -> list[str]:
    """The ids that a `log_workload` process had acknowledged when it ended."""
    return ledger.read_text().split() if ledger.exists() else []


def _sound(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def acknowledged_on(client: redis.Redis, stream: str, group: str) -> list[str]:
    """The ids that `group` was given and has acknowledged, as the server tells."""
    groups = {facts["name"].decode(): facts for facts in client.xinfo_groups(stream)}
    delivered = [entry_id.decode() for entry_id, _ in client.xrange(stream, max=groups[group]["last-delivered-id"])]
    pending = {one["message_id"].decode() for one in client.xpending_range(stream, group, "-", "+", 1_000_000)}
    return [entry_id for entry_id in delivered if entry_id not in pending]
