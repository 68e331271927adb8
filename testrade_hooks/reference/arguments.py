"""Reads the parameters of a command, saying what is wrong with those that cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any


class ParameterProblem(ValueError):
    """A parameter is missing or has a value that is not allowed; `str()` names both."""


class Arguments:
    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters

    def text(self, name: str, default: str | None = None) -> str:
        value = self._parameters.get(name, default)
        if not isinstance(value, str) or not value:
            raise ParameterProblem(f"{name} must be a string, not {value!r}")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self._parameters.get(name, default)
        if value not in allowed:
            raise ParameterProblem(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
        return str(value)

    def number(self, name: str, *, above: float = -math.inf) -> float:
        value = self.optional_number(name, above=above)
        if value is None:
            raise ParameterProblem(f"{name} is missing")
        return value

    def optional_number(self, name: str, *, above: float = -math.inf) -> float | None:
        value = self._parameters.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= above:
            limit = f" above {above:g}" if math.isfinite(above) else ""
            raise ParameterProblem(f"{name} must be a number{limit}, not {value!r}")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._parameters.get(name, default)
        if not isinstance(value, bool):
            raise ParameterProblem(f"{name} must be true or false, not {value!r}")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._parameters.get(name)
        if not isinstance(value, Mapping):
            raise ParameterProblem(f"{name} must be an object, not {value!r}")
        return value

    def region(self, name: str) -> tuple[int, int, int, int] | None:
        """`[x1, y1, x2, y2]` in pixels, if given."""
        value = self._parameters.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 4 or not all(type(edge) is int for edge in value):
            raise ParameterProblem(f"{name} must be [x1, y1, x2, y2], not {value!r}")
        x1, y1, x2, y2 = value
        return x1, y1, x2, y2

    def get(self, name: str, default: Any = None) -> Any:
        return self._parameters.get(name, default)
