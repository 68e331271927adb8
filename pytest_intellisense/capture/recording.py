"""Recording: batches become files and lines beside the reading, as many as there are with one sync."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.capture.writer import LogWriter

_MOST_WAITING_BYTES = 64 * 1024 * 1024
_SYNC_AFTER_BYTES = 8 * 1024 * 1024
"""Each sync waits for the journal of the file system, once a log; more at once would only cost memory."""

_WRITE_AFTER_BYTES = 64 * 1024
"""What a backlog brings is written at once, by the thread that read it: a moment later it is out of the processor's cache."""

_GATHER_S = 0.02
"""The writing thread looks this often. Waking it at an arrival would compete with whoever waits for the event; whoever needs
it on disk asks by `flush`."""


class Recording:
    """Keeps records in the order of `put`; `on_kept` is told what is on disk, from the writing thread.

    At most 64 MiB wait: a slow disk slows the reading down. After a failure nothing more is taken or told. What `before_write`
    raises, asked each time, is a failure: what was to be written then is neither on disk nor told.
    """

    def __init__(
        self,
        writer: LogWriter,
        on_kept: Callable[[Sequence[AnyRecord]], None],
        on_failure: Callable[[], None],
        before_write: Callable[[], None] = lambda: None,
    ) -> None:
        self.failure: BaseException | None = None
        self._writer = writer
        self._on_kept = on_kept
        self._on_failure = on_failure
        self._before_write = before_write
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        """Held by whoever uses the writer."""
        self._waiting: list[AnyRecord] = []
        self._waiting_bytes = 0
        self._written: list[AnyRecord] = []
        self._unsynced_bytes = 0
        self._hurry = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="intellisense-log", daemon=True)
        self._thread.start()

    def put(self, record: AnyRecord) -> None:
        """Take a record; blocks while too much waits. Raises the failure of the recording."""
        size = record.size
        with self._changed:
            while self._waiting_bytes >= _MOST_WAITING_BYTES and self.failure is None:
                self._changed.wait()
            if self.failure is not None:
                raise self.failure
            self._waiting.append(record)
            self._waiting_bytes += size
            if self._is_urgent():
                self._changed.notify_all()
            is_backlog = self._waiting_bytes >= _WRITE_AFTER_BYTES and self._unsynced_bytes < _SYNC_AFTER_BYTES
        if is_backlog and self._writing.acquire(blocking=False):
            try:
                self._write_waiting()
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._writing.release()

    def flush(self) -> None:
        """Return when everything taken is on disk, or the writing has failed."""
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._waiting or self._written) or self.failure is not None)
            self._hurry -= 1

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._is_to_go_on():
                with self._writing:
                    if self.failure is None:
                        self._write_waiting()
                        self._settle_written()
        except BaseException as error:  # noqa: BLE001 - kept for whoever waits for events
            self._fail(error)

    def _is_to_go_on(self) -> bool:
        """Wait until there is something to do. False: everything is done, or nothing can be done any more."""
        with self._changed:
            while not self._changed.wait_for(self._is_urgent, _GATHER_S):
                if self._waiting or self._written or self._writer.sync_due_in_s() == 0:
                    break
            return self.failure is None and not (self._closing and not (self._waiting or self._written))

    def _is_urgent(self) -> bool:
        something = bool(self._waiting or self._written)
        return self._closing or (something and self._hurry > 0) or self._unsynced_bytes >= _SYNC_AFTER_BYTES

    def _write_waiting(self) -> None:
        """Only for whoever holds `_writing`."""
        with self._changed:
            records, size = self._waiting, self._waiting_bytes
            self._waiting, self._waiting_bytes = [], 0
            self._unsynced_bytes += size
            self._written += records
            if self._is_urgent() or size >= _MOST_WAITING_BYTES:
                self._changed.notify_all()
        if records:
            self._before_write()
        for record in records:
            self._writer.write(record.pictures, record.texts())

    def _settle_written(self) -> None:
        """Only for whoever holds `_writing`."""
        self._writer.settle()
        if self._written:
            self._on_kept(self._written)
        with self._changed:
            self._written = []
            self._unsynced_bytes = 0
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self.failure = self.failure or error
            self._changed.notify_all()
        self._on_failure()
