"""A cancelled run still tears down and reports: SIGTERM, as CI sends it, becomes the interrupt that pytest handles."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def treat_sigterm_as_interrupt() -> None:
    """Only where nobody else has a handler, and only in the main thread, where handlers can be set."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt("terminated by SIGTERM")
