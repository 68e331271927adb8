"""The index of a session: where in its logs the events of a correlation id, a symbol, a type or a time stand.

Everything in it can be made again from the logs; whoever finds it missing, old or broken reads those.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from pytest_intellisense.capture.criteria import Criteria
from pytest_intellisense.capture.disk import failed_on, sync_directory
from pytest_intellisense.capture.paths import INDEX, LOGS
from pytest_intellisense.capture.reader import Recorded, SessionLog
from pytest_intellisense.capture.regular_files import is_regular
from pytest_intellisense.capture.segments import LogFile, logs_named
from pytest_intellisense.codec.symbols import symbols_of
from pytest_intellisense.errors import CaptureFailed

_SCHEMA = 1
_TABLES = """
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;
    CREATE TABLE made (schema INTEGER, lossless INTEGER);
    CREATE TABLE logs (log INTEGER PRIMARY KEY, segment INTEGER, name TEXT, text_size INTEGER);
    CREATE TABLE events (event INTEGER PRIMARY KEY, sequence INTEGER, epoch_ns INTEGER, event_type TEXT, wire_type TEXT,
                         correlation_id TEXT, log INTEGER, offset INTEGER);
    CREATE TABLE symbols (symbol TEXT, event INTEGER, PRIMARY KEY (symbol, event)) WITHOUT ROWID;
"""
_INDEXES = """
    CREATE INDEX by_correlation_id ON events (correlation_id);
    CREATE INDEX by_event_type ON events (event_type);
    CREATE INDEX by_wire_type ON events (wire_type);
    CREATE INDEX by_time ON events (epoch_ns);
"""
_AT_ONCE = 1000


class Found(NamedTuple):
    """Where a line that was looked for stands: `offset` is that in the text of the log."""

    log: LogFile
    offset: int


def write_index(session: SessionLog) -> int:
    """Write the index anew and return how many events it has. Raises CaptureFailed."""
    path = session.directory / INDEX
    temporary = path.with_name(f".{INDEX}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with closing(sqlite3.connect(temporary, isolation_level=None)) as database:
            number = _fill(database, session)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_directory(session.directory)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise failed_on(path, error) from error
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise CaptureFailed(
            f"{path} cannot be written: {error}", hint="the logs are untouched; search reads them instead"
        ) from None
    return number


class Index:
    """A context manager; `fresh` says whether it speaks of the logs as they are now, else it must not be asked."""

    def __init__(self, session: Path) -> None:
        self.fresh = False
        self.lossless = False
        self._session = session
        self._logs: dict[int, LogFile] = {}
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Index:
        path = self._session / INDEX
        if is_regular(path):
            try:
                self._database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
                self.fresh = self._is_fresh(self._database)
            except (sqlite3.Error, OSError, TypeError, ValueError):
                self.fresh = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.close()

    def find(self, criteria: Criteria, limit: int) -> list[Found]:
        """The first `limit` lines, in order. Raises sqlite3.Error for an index that is broken."""
        assert self._database is not None
        conditions, values = _conditions(criteria)
        rows = self._database.execute(
            f"SELECT log, offset FROM events {conditions} ORDER BY sequence, event LIMIT ?",  # noqa: S608 - only our own texts
            (*values, limit),
        )
        return [Found(self._logs[log], offset) for log, offset in rows]

    def _is_fresh(self, database: sqlite3.Connection) -> bool:
        ((schema, lossless),) = database.execute("SELECT schema, lossless FROM made")
        if schema != _SCHEMA:
            return False
        known = {}
        for log, segment, name, text_size in database.execute("SELECT log, segment, name, text_size FROM logs"):
            self._logs[log] = LogFile(self._session, segment, name)
            known[segment, name] = text_size
        self.lossless = bool(lossless)
        return known == {(log.segment, log.name): log.text_size() for log in _event_logs(self._session)}


def _event_logs(session: Path) -> list[LogFile]:
    return [log for name in LOGS for log in logs_named(session, name)]


def _fill(database: sqlite3.Connection, session: SessionLog) -> int:
    database.executescript(_TABLES)
    logs = _event_logs(session.directory)
    numbers = {(log.segment, log.name): number for number, log in enumerate(logs)}
    sizes = [(number, log.segment, log.name, log.text_size()) for number, log in enumerate(logs)]
    records = enumerate(session.records())
    number = 0
    database.execute("BEGIN")
    while some := list(islice(records, _AT_ONCE)):
        database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _event_rows(some, numbers))
        database.executemany("INSERT INTO symbols VALUES (?, ?)", _symbol_rows(some))
        number += len(some)
    database.executemany("INSERT INTO logs VALUES (?, ?, ?, ?)", sizes)
    database.execute("INSERT INTO made VALUES (?, ?)", (_SCHEMA, session.damage.lossless))
    database.execute("COMMIT")
    database.executescript(_INDEXES)
    return number


def _event_rows(records: Iterable[tuple[int, Recorded]], logs: dict[tuple[int, str], int]) -> Iterator[tuple[object, ...]]:
    for row, (sequence, event, _, log, line) in records:
        types = event.event_type, event.wire_type
        where = logs[log.segment, log.name], line.offset
        yield row, sequence, event.received_epoch_ns, *types, event.correlation_id, *where


def _symbol_rows(records: Iterable[tuple[int, Recorded]]) -> Iterator[tuple[str, int]]:
    for row, record in records:
        yield from ((symbol, row) for symbol in symbols_of(record.event.payload))


def _conditions(criteria: Criteria) -> tuple[str, list[object]]:
    stated: list[tuple[str, list[object]]] = []
    if criteria.correlation_id is not None:
        stated.append(("correlation_id = ?", [criteria.correlation_id]))
    if criteria.event_type is not None:
        stated.append(("(event_type = ? OR wire_type = ?)", [criteria.event_type, criteria.event_type]))
    if criteria.since_epoch_ns is not None:
        stated.append(("epoch_ns >= ?", [criteria.since_epoch_ns]))
    if criteria.until_epoch_ns is not None:
        stated.append(("epoch_ns < ?", [criteria.until_epoch_ns]))
    if criteria.symbol is not None:
        stated.append(("event IN (SELECT event FROM symbols WHERE symbol = ?)", [criteria.symbol]))
    texts = " AND ".join(text for text, _ in stated)
    return f"WHERE {texts}" if texts else "", [value for _, values in stated for value in values]
