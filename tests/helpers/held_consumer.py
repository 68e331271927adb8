"""The product's consumer before a sink that can be stopped, as behind a slow disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from helpers.capture_bench import CaptureBench

from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer


class HeldConsumer(StreamConsumer):
    """While `held`, what was read waits before it is handed on, and what is published stays unread on the server."""

    def __init__(self, url: str) -> None:
        super().__init__(endpoint_of(url), "held")
        self._free = threading.Event()
        self._free.set()
        self._reached = threading.Event()

    def start(self, sink: Callable[[Batch], None], on_end: Callable[[], None]) -> None:
        def slow(batch: Batch) -> None:
            self._reached.set()
            assert self._free.wait(30)
            sink(batch)

        super().start(slow, on_end)

    @contextmanager
    def held(self, bench: CaptureBench) -> Iterator[None]:
        """Inside, the reader stands in its sink with one entry in its hand."""
        self._reached.clear()
        self._free.clear()
        bench.publish()
        assert self._reached.wait(30)
        try:
            yield
        finally:
            self._free.set()
