"""The hooks of the regression gate in the process that owns the terminal: launches first, then the workers may begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_intellisense.errors import IntelliSenseError

if TYPE_CHECKING:
    from pytest_intellisense.collecting.gate_run import GateRun

LAUNCHES = "intellisense_launches"
"""Key of xdist's worker input: the file that holds what was launched."""


class GateHooks:
    def __init__(self, run: GateRun) -> None:
        self._run = run
        self._file: Path | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        tell = reporter.write_line if reporter else lambda _text: None
        try:
            self._file = self._run.launch(session.config, tell)
        except IntelliSenseError as problem:
            raise pytest.UsageError(f"{problem}\n{problem.hint}") from None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if self._file is not None:
            node.workerinput[LAUNCHES] = str(self._file)

    def pytest_unconfigure(self) -> None:
        self._run.close(self._file)
