"""Finding reports below folders and reading them one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from pytest_intellisense.errors import SettingsError

LARGEST_REPORT_BYTES = 500_000_000
KNOWN_VERSION = 1

_Report = TypeVar("_Report")


class _Version(msgspec.Struct):
    schema_version: int


@dataclass(frozen=True, slots=True)
class ReadReport(Generic[_Report]):
    """A file that was looked at; `report` is None where `problem` says why it is left out."""

    path: Path
    report: _Report | None
    problem: str = ""


def report_paths(named: Sequence[Path]) -> list[Path]:
    """The files that are named, and every `*.json` below the folders that are named, each once.

    Raises SettingsError for a path that does not exist and for a folder without any.
    """
    found: dict[Path, Path] = {}
    for path in named:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*.json") if one.is_file() and not one.is_symlink())
            if not inside:
                raise SettingsError(f"{path} has no *.json inside", hint="name a folder of reports, or a report.json")
        elif path.is_file():
            inside = [path]
        else:
            raise SettingsError(f"{path} does not exist", hint="name a folder of reports, or a report.json")
        for one in inside:
            found.setdefault(one.resolve(), one)
    return list(found.values())


def read_reports(paths: Iterable[Path], kind: type[_Report]) -> Iterator[ReadReport[_Report]]:
    """Decode what `kind` declares of every report; one report is in memory at a time."""
    decoder = msgspec.json.Decoder(kind)
    for path in paths:
        yield _read(path, decoder)


def _read(path: Path, decoder: msgspec.json.Decoder[_Report]) -> ReadReport[_Report]:
    try:
        if path.stat().st_size > LARGEST_REPORT_BYTES:
            return ReadReport(path, None, f"is larger than {LARGEST_REPORT_BYTES / 1e6:.0f} MB")
        content = path.read_bytes()
    except OSError as problem:
        return ReadReport(path, None, f"cannot be read: {problem.strerror or problem}")
    try:
        return ReadReport(path, decoder.decode(content))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ReadReport(path, None, _why_not(content))


def _why_not(content: bytes) -> str:
    try:
        msgspec.json.decode(content)
        version = msgspec.json.decode(content, type=_Version).schema_version
    except msgspec.ValidationError:
        return "is JSON, but no report"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return f"is no JSON: {problem}"
    if version == KNOWN_VERSION:
        return "is JSON, but no whole report"
    return f"is a report of schema version {version}, of which version {KNOWN_VERSION} can be read"
