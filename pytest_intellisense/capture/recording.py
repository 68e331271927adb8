"""Recording: batches become files and lines in a thread of their own, as many as there are with one sync."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pytest_intellisense.capture.records import AnyRecord
from pytest_intellisense.capture.writer import LogWriter

_MOST_WAITING_BYTES = 64 * 1024 * 1024
_SYNC_AFTER_BYTES = 8 * 1024 * 1024
"""Each sync waits for the journal of the file system, once a log; more at once would only cost memory."""

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
        self._waiting: list[AnyRecord] = []
        self._waiting_bytes = 0
        self._busy = False
        self._hurry = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="intellisense-log", daemon=True)
        self._thread.start()

    def put(self, record: AnyRecord) -> None:
        """Take a record; blocks while too much waits. Raises the failure of the writing thread."""
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

    def flush(self) -> None:
        """Return when everything taken is on disk, or the writing has failed."""
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._waiting or self._busy) or self.failure is not None)
            self._hurry -= 1

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while (records := self._taken()) is not None:
                if records:
                    self._before_write()
                    for record in records:
                        self._writer.write(record.pictures, record.texts())
                    self._writer.settle()
                    self._on_kept(records)
                else:
                    self._writer.sync()
        except BaseException as error:  # noqa: BLE001 - kept for whoever waits for events
            with self._changed:
                self.failure = error
                self._changed.notify_all()
            self._on_failure()

    def _taken(self) -> list[AnyRecord] | None:
        """What is to be written now. Nothing of that: lines that were written are to be synced. None: the end."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            while not self._changed.wait_for(self._is_urgent, _GATHER_S) and not self._waiting:
                if self._writer.sync_due_in_s() == 0:
                    return []
            records = self._next_records()
            self._busy = bool(records)
            self._changed.notify_all()
            return records or None

    def _is_urgent(self) -> bool:
        return self._closing or bool(self._waiting and self._hurry) or self._waiting_bytes >= _SYNC_AFTER_BYTES

    def _next_records(self) -> list[AnyRecord]:
        count = size = 0
        while count < len(self._waiting) and size < _SYNC_AFTER_BYTES:
            size += self._waiting[count].size
            count += 1
        records, self._waiting = self._waiting[:count], self._waiting[count:]
        self._waiting_bytes -= size
        return records
