"""A cancelled run still tears down and reports: Ctrl-C, and SIGTERM as CI sends it, end it the way pytest handles."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

_AGAIN_AFTER_S = 0.01


def interrupt_on_signals() -> None:
    """Only where nobody else has a handler, and only in the main thread, where handlers can be set."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) == usual:
            signal.signal(number, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    # Python has instructions that belong to no line; pytest cannot show a traceback that ends in one.
    if frame is not None and frame.f_lineno is None:
        threading.Timer(_AGAIN_AFTER_S, os.kill, (os.getpid(), number)).start()
        return
    if number == signal.SIGTERM:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt(signal.Signals(number).name)
