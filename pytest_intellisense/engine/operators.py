"""Comparison operators: each takes (actual, expected, tolerance) and returns why it does not hold, or None."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import Any

from pytest_intellisense.engine.comparisons import EXACT, TOLERANT
from pytest_intellisense.engine.equality import describe, show
from pytest_intellisense.engine.paths import MISSING
from pytest_intellisense.engine.user_code import is_of_users, place_of, told_as_mistake
from pytest_intellisense.errors import PlanError

Comparison = Callable[[Any, Any, Any], str | None]


class OperatorRegistry(Collection[str]):
    """The operators plans may name. `register` adds one; a name that is taken is refused."""

    def __init__(self) -> None:
        self._comparisons: dict[str, Comparison] = {}

    def register(self, name: str, compare: Comparison) -> None:
        """Raises ValueError if `name` is taken."""
        if name in self._comparisons:
            raise ValueError(f'operator "{name}" is defined twice')
        self._comparisons[name] = _told_by_user(name, compare) if is_of_users(compare) else compare

    def compare(self, name: str, actual: Any, expected: Any, tolerance: Any = None) -> str | None:
        """Why `actual` does not stand in relation `name` to `expected`, or None if it does.

        `actual` may be MISSING: only not_exists holds for it. Raises PlanError for an unknown operator, for an
        `expected` or `tolerance` the operator cannot work with, and for a user's operator that raised.
        """
        comparison = self._comparisons.get(name)
        if comparison is None:
            close = get_close_matches(name, self._comparisons, n=1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            raise PlanError(f'"{name}" is no operator', hint=f"{hint}operators: {', '.join(self._comparisons)}")
        if actual is MISSING and name != "not_exists":
            return "there is no such value"
        return comparison(actual, expected, tolerance)

    def __contains__(self, name: object) -> bool:
        return name in self._comparisons

    def __iter__(self) -> Iterator[str]:
        return iter(self._comparisons)

    def __len__(self) -> int:
        return len(self._comparisons)


def _told_by_user(name: str, compare: Comparison) -> Comparison:
    """The same; what is wrong with it is told as a mistake of the user's."""
    what = f'operator "{name}"'

    def comparison(actual: Any, expected: Any, tolerance: Any) -> str | None:
        with told_as_mistake(f"{what}, given {describe(actual)},", compare):
            reason = compare(actual, expected, tolerance)
        if reason is None or (isinstance(reason, str) and reason):
            return reason
        raise PlanError(
            f"{what} returned {show(reason)}{place_of(compare)}",
            hint="it returns None where it holds, otherwise a text that says why it does not",
        )

    return comparison


def _without_tolerance(name: str, compare: Callable[[Any, Any], str | None]) -> Comparison:
    def comparison(actual: Any, expected: Any, tolerance: Any) -> str | None:
        if tolerance is not None:
            raise PlanError(f'operator "{name}" takes no tolerance; ==, != and approx do')
        return compare(actual, expected)

    return comparison


def built_in_operators() -> OperatorRegistry:
    """A fresh registry with every operator that comes with IntelliSense."""
    registry = OperatorRegistry()
    for name, tolerant in TOLERANT.items():
        registry.register(name, tolerant)
    for name, exact in EXACT.items():
        registry.register(name, _without_tolerance(name, exact))
    return registry


OPERATORS = built_in_operators()
