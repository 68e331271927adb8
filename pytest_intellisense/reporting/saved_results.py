"""Reports and results that were written earlier, read again: a finished run, or one that was ended in the middle."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pytest_intellisense.errors import SettingsError
from pytest_intellisense.reporting.results_log import BegunLine, EndLine, PlanLine, RunLine
from pytest_intellisense.reporting.rows import SCHEMA_VERSION, PlanRow, ReportDocument, SessionRow
from pytest_intellisense.reporting.to_row import unread_row

MOST_BYTES = 1024 * 1024 * 1024
_INTERRUPTED = 2
_OF_KIND: dict[str, type[msgspec.Struct]] = {"run": RunLine, "begun": BegunLine, "plan": PlanLine, "end": EndLine}


def read_report(path: Path) -> ReportDocument:
    """A `report.json`. Raises SettingsError for a file that is none, or one of another schema version."""
    raw = _decoded(_content(path), str(path))
    return _checked(raw, path)


def read_results(paths: Sequence[Path]) -> ReportDocument:
    """The logs of one run, one of each process that ran plans. Raises SettingsError as `read_report`."""
    run = _Run()
    for path in paths:
        run.read(path)
    return run.document()


@dataclass
class _Run:
    """What the logs of a run say together."""

    at_begin: SessionRow | None = None
    at_end: SessionRow | None = None
    selected: dict[str, None] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    plans: dict[str, PlanRow] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    cut_short: bool = False

    def read(self, path: Path) -> None:
        ended = False
        for line in _lines(path, self.notes):
            if isinstance(line, RunLine):
                self.at_begin = _earlier(self.at_begin, line.session)
                self.selected.update(dict.fromkeys(line.selected))
            elif isinstance(line, BegunLine):
                self.begun[line.nodeid] = line.epoch_s
            elif isinstance(line, PlanLine):
                self._take_plan(line.plan)
            elif isinstance(line, EndLine):
                self.at_end = _earlier(self.at_end, line.session)
                ended = line.exit_status != _INTERRUPTED
        self.cut_short = self.cut_short or not ended

    def document(self) -> ReportDocument:
        plans = [*self.plans.values(), *self._unfinished()]
        cut_short = any(row["verdict"] == "interrupted" for row in plans)
        document = ReportDocument(
            schema_version=SCHEMA_VERSION,
            session=self.at_end or self.at_begin,
            plans=plans,
            state="interrupted" if cut_short else "finished",
        )
        if self.notes:
            document["notes"] = self.notes
        return document

    def _take_plan(self, row: PlanRow) -> None:
        self.begun.pop(row["nodeid"], None)
        if (earlier := self.plans.pop(row["nodeid"], None)) is not None and "attempts" not in row:
            row["attempts"] = earlier.get("attempts", 1) + 1
        self.plans[row["nodeid"]] = row

    def _unfinished(self) -> Iterator[PlanRow]:
        """The plans that began and have no result; of a run that was cut short also those that never began."""
        for nodeid, epoch_s in self.begun.items():
            row = _interrupted(nodeid, "the run ended while this plan was running")
            row["started_epoch_s"] = epoch_s
            yield row
        for nodeid in self.selected if self.cut_short else ():
            if nodeid not in self.plans and nodeid not in self.begun:
                yield _interrupted(nodeid, "the run ended before this plan began")


def _earlier(one: SessionRow | None, other: SessionRow | None) -> SessionRow | None:
    found = [session for session in (one, other) if session]
    return min(found, key=lambda session: session["started_epoch_s"], default=None)


def _interrupted(nodeid: str, sentence: str) -> PlanRow:
    path, _, name = nodeid.partition("::")
    row = unread_row(Path(PurePosixPath(path)), nodeid=nodeid, rootdir=Path(), verdict="interrupted")
    row["plan_name"] = name or path
    row["outcome"] = "interrupted"
    row["sentence"] = sentence
    return row


def _lines(path: Path, notes: list[str]) -> Iterator[msgspec.Struct]:
    *whole, rest = _content(path).split(b"\n")
    if rest:
        notes.append(f"{path}: its last line is incomplete, the process ended while it wrote it")
    unread = 0
    for line in whole:
        try:
            raw = msgspec.json.decode(line)
            kind = _OF_KIND.get(raw.get("kind"))
            _require_version(raw, path)
            if kind is not None:
                yield _as_written(raw, msgspec.convert(raw, kind))
        except (msgspec.DecodeError, AttributeError, RecursionError):
            unread += 1
    if whole and unread == len(whole):
        raise SettingsError(
            f"{path} holds no results", hint="name a report.jsonl or results.jsonl, a report.json, or their folder"
        )
    if unread:
        notes.append(f"{path}: {unread} damaged lines were left out")


def _as_written(raw: dict[str, Any], line: msgspec.Struct) -> msgspec.Struct:
    """With the keys that a later release has added."""
    return PlanLine(raw["plan"]) if isinstance(line, PlanLine) else line


def _checked(raw: Any, path: Path) -> ReportDocument:
    if not isinstance(raw, dict) or "schema_version" not in raw:
        raise SettingsError(f"{path} is not a report: it has no schema_version", hint="name a report.json of this plugin")
    _require_version(raw, path)
    try:
        msgspec.convert(raw, ReportDocument)
    except (msgspec.ValidationError, RecursionError) as problem:
        raise SettingsError(
            f"{path} is not a report: {problem}", hint="its form is report.schema.json of this plugin"
        ) from None
    return raw  # type: ignore[return-value]


def _require_version(raw: dict[str, Any], path: Path) -> None:
    version = raw.get("schema_version", SCHEMA_VERSION)
    if version == SCHEMA_VERSION:
        return
    newer = isinstance(version, int) and version > SCHEMA_VERSION
    todo = "update pytest-intellisense here" if newer else "read it with the release of pytest-intellisense that wrote it"
    raise SettingsError(
        f"{path} has schema version {version!r}; this release reads version {SCHEMA_VERSION}",
        hint=f"{todo}, or run the shards with one release",
    )


def _decoded(content: bytes, shown: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise SettingsError(f"{shown} is not JSON: {problem}", hint="name a report.json of this plugin") from None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
                raise SettingsError(f"{path} is not a report: it is no file, or larger than {MOST_BYTES:,} bytes")
            return file.read()
    except OSError as problem:
        raise SettingsError(f"{path} cannot be read: {problem.strerror}") from None
