"""Regular expressions of plans: they mean what they mean in Python, but end."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from pytest_intellisense.engine.equality import show
from pytest_intellisense.errors import PlanError

if TYPE_CHECKING:
    import regex

LONGEST_S = 1.0
_BRACES_THAT_COUNT_NOTHING = re.compile(r"(\\N\{[^}]*\}|\\.)|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL)


class Pattern:
    """Raises PlanError for a text that is no regular expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._compiled = _compiled(text)
        self._too_much: set[str] = set()

    def is_found_in(self, text: str) -> bool:
        """Raises PlanError where that is not known after a second; it is not tried again then."""
        if text not in self._too_much:
            try:
                return self._compiled.search(text, timeout=LONGEST_S) is not None
            except TimeoutError:
                self._too_much.add(text)
        raise PlanError(
            f"{show(self._text)} takes too long on a text of {len(text)} characters",
            hint="simplify it: a repetition within a repetition, such as (a+)+, has too many ways to match",
        )


@functools.lru_cache(maxsize=256)
def pattern_of(text: str) -> Pattern:
    """Raises PlanError for a text that is no regular expression."""
    return Pattern(text)


def _compiled(text: str) -> regex.Pattern[str]:
    """Searched by `regex`, which can give up; what `re` does not read is refused, and what it reads otherwise is escaped."""
    import regex

    try:
        re.compile(text)
        return regex.compile(_BRACES_THAT_COUNT_NOTHING.sub(_literal, text))
    except (re.error, regex.error, RecursionError, OverflowError) as problem:
        raise PlanError(f"{show(text)} is not a regular expression: {problem}") from None


def _literal(found: re.Match[str]) -> str:
    return found[1] or r"\{"
