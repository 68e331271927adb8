"""Pauses of Python's garbage collector, where it would look again and again through what stays, or is gone in a moment."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """For the whole process, so for short times only; a collector that somebody has switched off stays so."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
