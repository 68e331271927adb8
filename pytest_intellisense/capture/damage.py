"""Damage: what is wrong with the files of a recorded session, counted and placed."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_PLACES = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is wrong. `file` is relative to the session; lines count from 1; None: the file as a whole."""

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}" if self.line is None else f"{self.file}:{self.line}: {self.what}"


@dataclass(slots=True)
class Damage:
    """`missing_lines` were written once, by the numbers of their neighbours or by session.json; `repeats` do no harm.
    `uncounted_lines` are sound and more than session.json counted when it vouched for the whole.

    `contradictions` are entries that are recorded twice with different content; the first one counts.
    `places` has the first thousand of everything but repeats.
    """

    torn_tails: int = 0
    damaged_lines: int = 0
    missing_lines: int = 0
    displaced_lines: int = 0
    uncounted_lines: int = 0
    contradictions: int = 0
    unreadable_files: int = 0
    repeats: int = 0
    places: list[Place] = field(default_factory=list)

    @property
    def bad_lines(self) -> int:
        return self.torn_tails + self.damaged_lines

    @property
    def lossless(self) -> bool:
        return not (
            self.torn_tails
            or self.damaged_lines
            or self.missing_lines
            or self.displaced_lines
            or self.uncounted_lines
            or self.contradictions
            or self.unreadable_files
        )

    def torn(self, file: str, line: int, what: str) -> None:
        self.torn_tails += 1
        self._place(file, line, what)

    def damaged(self, file: str, line: int, what: str) -> None:
        self.damaged_lines += 1
        self._place(file, line, what)

    def missing(self, file: str, line: int, number: int) -> None:
        self.missing_lines += number
        self._place(file, line, f"{_lines(number)} missing here")

    def missing_at_the_end(self, file: str, number: int) -> None:
        self.missing_lines += number
        self._place(file, None, f"{_lines(number)} missing at the end")

    def missing_somewhere(self, file: str, number: int, where: str) -> None:
        """session.json counts a log through all segments: it cannot tell in which of them lines are missing."""
        self.missing_lines += number
        self._place(file, None, f"{_lines(number)} missing, by the count in session.json, at the end of any of {where}")

    def uncounted(self, file: str, number: int) -> None:
        self.uncounted_lines += number
        self._place(file, None, f"{_lines(number)} there that session.json did not count")

    def displaced(self, file: str, line: int, what: str) -> None:
        self.displaced_lines += 1
        self._place(file, line, what)

    def contradicts(self, file: str, line: int, what: str) -> None:
        self.contradictions += 1
        self._place(file, line, what)

    def unreadable(self, file: str, line: int | None, what: str) -> None:
        self.unreadable_files += 1
        self._place(file, line, what)

    def _place(self, file: str, line: int | None, what: str) -> None:
        if len(self.places) < MOST_PLACES:
            self.places.append(Place(file, line, what))


def _lines(number: int) -> str:
    return f"{number} {'line is' if number == 1 else 'lines are'}"
