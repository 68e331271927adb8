"""Reads the parameters of a command, saying what is wrong with those that cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from testrade_hooks import wire

_SHOWN_CHARACTERS = 120


class ParameterProblem(ValueError):
    """A parameter is missing or has a value that is not allowed; `str()` names both."""


class Arguments:
    """Raises ParameterProblem for what cannot be meant: from the start for numbers that are none, at any depth."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        for name, value in parameters.items():
            try:
                wire.to_json(value)
            except (ValueError, RecursionError):
                raise ParameterProblem(f"{name} must not hold NaN, an infinity or endless nesting: {_shown(value)}") from None
        self._parameters = parameters

    def text(self, name: str, default: str | None = None) -> str:
        value = self._parameters.get(name, default)
        if not isinstance(value, str) or not value:
            raise ParameterProblem(f"{name} must be a string, not {_shown(value)}")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._parameters.get(name) is None else self.text(name)

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self._parameters.get(name, default)
        if value not in allowed:
            raise ParameterProblem(f"{name} must be one of {', '.join(allowed)}, not {_shown(value)}")
        return str(value)

    def optional_integer(self, name: str) -> int | None:
        value = self._parameters.get(name)
        if value is not None and type(value) is not int:
            raise ParameterProblem(f"{name} must be an integer, not {_shown(value)}")
        return value

    def number(self, name: str, *, above: float = -math.inf) -> float:
        value = self.optional_number(name, above=above)
        if value is None:
            raise ParameterProblem(f"{name} is missing")
        return value

    def optional_number(self, name: str, *, above: float = -math.inf) -> float | None:
        value = self._parameters.get(name)
        if value is None:
            return None
        if not _is_number(value) or value <= above:
            limit = f" above {above:g}" if math.isfinite(above) else ""
            raise ParameterProblem(f"{name} must be a number{limit}, not {_shown(value)}")
        return float(value)

    def optional_number_within(self, name: str, lowest: float, highest: float = math.inf) -> float | None:
        """Both limits are allowed."""
        value = self._parameters.get(name)
        if value is None:
            return None
        if not _is_number(value) or not lowest <= value <= highest:
            limits = f"from {lowest:g} to {highest:g}" if math.isfinite(highest) else f"of at least {lowest:g}"
            raise ParameterProblem(f"{name} must be a number {limits}, not {_shown(value)}")
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._parameters.get(name, default)
        if not isinstance(value, bool):
            raise ParameterProblem(f"{name} must be true or false, not {_shown(value)}")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._parameters.get(name)
        if not isinstance(value, Mapping):
            raise ParameterProblem(f"{name} must be an object, not {_shown(value)}")
        return value

    def region(self, name: str) -> tuple[int, int, int, int] | None:
        """`[x1, y1, x2, y2]` in pixels, if given."""
        value = self._parameters.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 4 or not all(type(edge) is int for edge in value):
            raise ParameterProblem(f"{name} must be [x1, y1, x2, y2], not {_shown(value)}")
        x1, y1, x2, y2 = value
        return x1, y1, x2, y2

    def get(self, name: str, default: Any = None) -> Any:
        return self._parameters.get(name, default)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
