"""LiveLine: one line that says how a running capture is doing; on a terminal it is rewritten, elsewhere repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from pytest_intellisense.housekeeping.units import size_text

if TYPE_CHECKING:
    from pytest_intellisense.capture.live import LiveCapture
    from pytest_intellisense.capture.live_statistics import Rates
    from pytest_intellisense.cli.lag_watch import Lag

_REPEAT_EVERY_S = 10.0


class LiveLine:
    """`show` may be called as often as you like; `say` is for what must not be overwritten."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewritten = stream.isatty()
        self._shown_at = float("-inf")
        self._open = False

    def show(self, text: str) -> None:
        if self._rewritten:
            self._stream.write(f"\r\x1b[K{text}")
            self._open = True
        elif time.monotonic() - self._shown_at >= _REPEAT_EVERY_S:
            self._stream.write(f"{text}\n")
            self._shown_at = time.monotonic()
        self._stream.flush()

    def say(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}\n" if self._open else f"{text}\n")
        self._open = False
        self._stream.flush()


def live_text(capture: LiveCapture, rates: Rates, lag: Lag, running_s: float) -> str:
    """`00:12:34  ocr 12.1/s price 812/s … | 97.2 % correlated | behind 0, 0.0 s | 3.2 GB/h | lost 0`"""
    seen = capture.statistics
    senses = " ".join(f"{name} {_rate(rate)}/s" for name, rate in rates.by_sense_per_s.items() if seen.by_sense[name])
    correlated = f"{100 * seen.correlated / seen.events:.1f} % correlated" if seen.events else "no event yet"
    behind = "?" if lag.entries is None else f"{lag.entries:,}"
    parts = [senses or "waiting", correlated, f"behind {behind}, {seen.delay_ns / 1e9:.1f} s"]
    parts += [f"{size_text(rates.disk_bytes_per_h)}/h", f"lost {capture.loss.lost:,}"]
    if capture.dashcam is not None:
        parts.append(f"{capture.dashcam.hits} kept moments")
    return f"{clock_text(running_s)}  {' | '.join(parts)}"


def clock_text(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 9.95 else f"{per_s:.1f}"
