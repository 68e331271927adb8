"""The reference application as the system under test: in this process, on a Redis that belongs to this run alone."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pytest_intellisense.errors import EnvironmentProblem
from testrade_hooks.gate import LONGEST_PERMIT_LIFE_S, AppGate

if TYPE_CHECKING:
    from pytest_intellisense.streams.connection import Endpoint
    from testrade_hooks.reference.app import ReferenceApp

MAX_PER_S = 10_000
MAX_COMMANDS = 10_000_000
"""Caps of both gates on a Redis of our own: nobody else can be flooded there."""


class EmbeddedTarget:
    """Starts and ends the reference application. Nothing but its streams is ever touched."""

    name = "reference application (embedded)"

    def __init__(self, endpoint: Endpoint, *, run_id: str) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
        self._app: ReferenceApp | None = None

    def start(self) -> None:
        """Raises EnvironmentProblem if Tesseract or OpenCV is not usable."""
        try:
            from testrade_hooks.reference.app import ReferenceApp
        except ImportError as problem:
            raise EnvironmentProblem(
                f"the reference application cannot be loaded: {problem}",
                hint="OpenCV links libGL and glib: apt-get install libgl1 libglib2.0-0",
            ) from None
        gate = AppGate(
            self._endpoint.open(),
            mode="TEST",
            allowed=True,
            run_id=self._run_id,
            lifetime_s=LONGEST_PERMIT_LIFE_S,
            max_per_s=MAX_PER_S,
            max_commands=MAX_COMMANDS,
        )
        app = ReferenceApp(self._endpoint.open, gate=gate)
        app.start()
        self._app = app

    @functools.cache  # noqa: B019 - one target a run; asking Tesseract starts a process
    def require_ocr(self) -> None:
        """Raises EnvironmentProblem if Tesseract is not installed."""
        import pytesseract

        try:
            pytesseract.get_tesseract_version()
        except (pytesseract.TesseractNotFoundError, SystemExit):
            raise EnvironmentProblem(
                "Tesseract is not installed: the reference application cannot read screens",
                hint="apt-get install tesseract-ocr, or brew install tesseract",
            ) from None

    def close(self) -> None:
        if self._app is not None:
            self._app.close()
