"""Reading a recorded session back, whatever happened to it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.paths import LOGS, SESSION_FILE, UNPARSED
from pytest_intellisense.codec.log_lines import DamagedLine, event_of, read_line
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.model.timeline import TimelineEvent


@dataclass(slots=True)
class Damage:
    """What is wrong with a session's files. `missing_lines` were written once, by the numbers of their neighbours."""

    torn_tails: list[str] = field(default_factory=list)
    damaged_lines: list[str] = field(default_factory=list)
    missing_lines: int = 0
    duplicates: int = 0

    @property
    def lossless(self) -> bool:
        return not (self.torn_tails or self.damaged_lines or self.missing_lines)


class SessionLog:
    """A recorded session: iterating gives every event once, in the order of `global_sequence_id`, and fills `damage`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damage = Damage()

    def __iter__(self) -> Iterator[TimelineEvent]:
        self.damage = Damage()
        seen: set[tuple[str, int, str]] = set()
        logs = (self._records(self.directory / name) for name in LOGS)
        for generation, event in heapq.merge(*logs, key=lambda pair: pair[1].global_sequence_id):
            key = (event.stream, generation, event.entry_id)
            if event.entry_id and key in seen:
                self.damage.duplicates += 1
                continue
            seen.add(key)
            yield event

    def facts(self) -> dict[str, Any]:
        """session.json. Raises CaptureFailed if it cannot be read."""
        path = self.directory / SESSION_FILE
        try:
            facts: dict[str, Any] = json.loads(path.read_bytes())
        except (OSError, ValueError) as problem:
            raise CaptureFailed(f"{path} cannot be read: {problem}") from None
        return facts

    def unparsed(self) -> Iterator[dict[str, Any]]:
        """The entries that could not be read as events, raw, with the reason."""
        return map(json.loads, self._lines(self.directory / UNPARSED))

    def _records(self, path: Path) -> Iterator[tuple[int, TimelineEvent]]:
        for text in self._lines(path):
            try:
                event, generation = event_of(text)
                yield generation, event
            except DamagedLine as problem:
                self.damage.damaged_lines.append(f"{path.name}: {problem}")

    def _lines(self, path: Path) -> Iterator[bytes]:
        """The texts of the records of one file; reads `\\n` as the only line end, so that no text can break a line."""
        if not path.exists():
            return
        expected = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    self.damage.torn_tails.append(f"{path.name}: line {number} ends after {len(line)} bytes")
                    return
                try:
                    seq, text = read_line(line)
                except DamagedLine as problem:
                    self.damage.damaged_lines.append(f"{path.name}: line {number}: {problem}")
                    expected += 1
                    continue
                self.damage.missing_lines += max(0, seq - expected)
                expected = seq + 1
                yield text


def read_session(directory: Path) -> SessionLog:
    """The session recorded in `directory`. Raises CaptureFailed if there is none."""
    if not (directory / SESSION_FILE).exists():
        raise CaptureFailed(f"{directory} is not a recorded session: it has no {SESSION_FILE}")
    return SessionLog(directory)
