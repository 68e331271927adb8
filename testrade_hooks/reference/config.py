"""The configuration in force: read at every use, changed while the application runs."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testrade_hooks.reference.parameters import PARAMETERS


class ConfigRejected(ValueError):
    """A change named an unknown parameter or a value out of range; `str()` names what is allowed."""


@dataclass(frozen=True, slots=True)
class ConfigChange:
    parameter: str
    component: str
    old_value: Any
    new_value: Any


class Config:
    """The value of every parameter. Reads never block and see a change as a whole or not at all."""

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, Any] = {name: parameter.default for name, parameter in PARAMETERS.items()}
        self.apply(overrides or {})
        self._start_values = self._values

    def get(self, name: str) -> Any:
        """The value in force. Raises KeyError for a name that is no parameter."""
        return self._values[name]

    def apply(self, changes: Mapping[str, Any]) -> list[ConfigChange]:
        """Set all of `changes` or none; returns them with their old values. Raises ConfigRejected."""
        problems = [problem for name, value in changes.items() if (problem := _problem(name, value))]
        if problems:
            raise ConfigRejected("; ".join(problems))
        return self._replace({name: PARAMETERS[name].taken(value) for name, value in changes.items()})

    def reset(self) -> list[ConfigChange]:
        """Return to the values at start; returns what that changed."""
        return self._replace({name: value for name, value in self._start_values.items() if self._values[name] != value})

    def snapshot(self) -> dict[str, Any]:
        """Every parameter with its value, as JSON types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._values.items()}

    def _replace(self, changes: Mapping[str, Any]) -> list[ConfigChange]:
        with self._lock:
            before = self._values
            self._values = {**before, **changes}
        return [ConfigChange(name, PARAMETERS[name].component, before[name], value) for name, value in changes.items()]


def _problem(name: str, value: Any) -> str | None:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        close = difflib.get_close_matches(name, PARAMETERS, n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        return f"unknown parameter {name!r}{meant}; known: {', '.join(sorted(PARAMETERS))}"
    problem = parameter.problem_with(value)
    return f"{name} {problem}, not {value!r}" if problem else None
