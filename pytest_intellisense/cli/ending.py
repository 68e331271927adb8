"""Ending: the wish to end, as signals bring it."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """While it is entered, the first SIGINT, SIGTERM or SIGHUP sets `reason`; a second one is a KeyboardInterrupt.

    A handler runs in the middle of whatever the main thread does, so it takes no lock: `wait` looks at short intervals.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._never = threading.Event()
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        heard = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]  # nohup wants it so
        self._before = {one: signal.signal(one, self._asked) for one in heard}
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, and at once if the end is wished already."""
        if not self.reason:
            self._never.wait(seconds)

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        if self.reason:
            raise KeyboardInterrupt
        self.reason = f"stopped by {signal.Signals(number).name}"
