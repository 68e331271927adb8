"""Commands that TESTRADE answers at once: setting and asking for its state. They belong to no step's chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_intellisense.engine.ids import correlation_id
from pytest_intellisense.engine.ports import InjectionCommand, InjectionResponse, Injector
from pytest_intellisense.errors import EnvironmentProblem

TIMEOUT_S = 4.0
TIMEOUT_AFTER_SILENCE_S = 0.5
"""An application that was silent once is asked again by every plan, in case it came back, but not waited for as long."""


class Requests:
    """Sends such commands; `issued` are the correlation ids of everything that was injected, by these and by steps."""

    def __init__(self, injector: Injector) -> None:
        self.issued: set[str] = set()
        self._injector = injector
        self._was_silent = False

    def attempt(self, command_type: str, parameters: Mapping[str, Any]) -> InjectionResponse:
        """The answer, whatever it says. Raises EnvironmentProblem if there is none within 4 s."""
        own_id = correlation_id("intellisense")
        self.issued.add(own_id)
        command = InjectionCommand(command_type=command_type, parameters=parameters, correlation_id=own_id)
        timeout_s = TIMEOUT_AFTER_SILENCE_S if self._was_silent else TIMEOUT_S
        self._was_silent = True
        response = self._injector.request(command, timeout_s=timeout_s)
        self._was_silent = False
        return response

    def demand(self, command_type: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data of the answer. Raises EnvironmentProblem if TESTRADE did not do as told."""
        response = self.attempt(command_type, parameters)
        if response.status != "success":
            raise EnvironmentProblem(f"TESTRADE did not carry out {command_type}: {response.message or response.status}")
        return response.data

    def query(self, component: str) -> Mapping[str, Any]:
        """Everything of one component: orders, positions, prices, trading_state or config."""
        return self.demand("query_state", {"component": component})

    def reset(self, *, keep_config: bool) -> bool:
        """Put TESTRADE back to its start; False if it has registered nothing for that. Raises EnvironmentProblem."""
        response = self.attempt("reset_state", {"keep_config": keep_config})
        if response.status == "success":
            return True
        if response.status == "error" and _is_unregistered(response.message):
            return False
        raise EnvironmentProblem(f"TESTRADE could not be reset: {response.message or response.status}")


def _is_unregistered(message: str) -> bool:
    return any(word in message.casefold() for word in ("registered", "unknown command", "not supported"))
