"""A TESTRADE that already runs: nothing to start, nothing to end."""

from __future__ import annotations


class ExternalTarget:
    """The application behind a Redis URL. Whether it is alive, the bootstrap finds out on the streams."""

    name = "running application"

    def start(self) -> None:
        """There is nothing to start."""

    def require_ocr(self) -> None:
        """Only the application itself knows; it says so on its streams."""

    def close(self) -> None:
        """There is nothing to end."""
