"""Python can be interrupted at an instruction that belongs to no line, and pytest cannot show such a traceback."""

from __future__ import annotations

import signal
import threading
from types import SimpleNamespace

import pytest

from pytest_intellisense.collecting.interrupts import interrupt


def test_an_interrupt_between_two_lines_comes_again() -> None:
    """Nothing is raised there; the same signal is sent once more, to land on a line."""
    came_again = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: came_again.set())
    try:
        interrupt(signal.SIGUSR1, SimpleNamespace(f_lineno=None))
        assert came_again.wait(30)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_an_interrupt_on_a_line_is_raised() -> None:
    """The control."""
    with pytest.raises(KeyboardInterrupt, match="SIGUSR1"):
        interrupt(signal.SIGUSR1, SimpleNamespace(f_lineno=12))
