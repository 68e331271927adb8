"""Where the results of a run lie: in a report folder, in the folder of a capture, or under a session id."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.errors import SettingsError
from pytest_intellisense.reporting.results_log import RESULTS_NAME
from pytest_intellisense.reporting.rows import ReportDocument
from pytest_intellisense.reporting.saved_results import read_report, read_results

_WORKER = re.compile(r"-gw\d+$")
_SESSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_REPORT, _RESULTS = "report.json", "report.jsonl"


@dataclass(frozen=True, slots=True)
class Found:
    """`folders` are those of the captures that are at hand, by the `session_dir` of rows."""

    document: ReportDocument
    folders: Mapping[str, Path]


def load(source: str, captures: Path) -> Found:
    """The report of `source`: a file, a folder, or the id of a session that lies in `captures`. Raises SettingsError."""
    path = Path(source)
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        return _of_file(path)
    if _SESSION_ID.fullmatch(source) and (logs := _logs_of(captures, source)):
        return _of_logs(logs)
    raise SettingsError(
        f"there is no report, folder or session {source}",
        hint=f"name a report folder, a report.json, or a session of {captures} (`intellisense sessions {captures}` lists them)",
    )


def _of_folder(folder: Path) -> Found:
    logs = _logs_of(folder.resolve().parent, folder.resolve().name)
    if logs:
        return _of_logs(logs)
    report, results = folder / _REPORT, folder / _RESULTS
    if not report.is_file() and not results.is_file():
        raise SettingsError(
            f"{folder} holds no results of plans",
            hint=f"a report folder has {_REPORT} or {_RESULTS}, the folder of a capture has {RESULTS_NAME}",
        )
    return _of_file(results if results.is_file() and not _ends_in(report, results) else report)


def _ends_in(report: Path, results: Path) -> bool:
    """Whether the run of `results` came to its end and wrote `report`, which may still be that of the run before."""
    if not report.is_file():
        return False
    document = read_results([results])
    return document.get("state") == "finished" and document["session"] == read_report(report)["session"]


def _of_file(path: Path) -> Found:
    if path.name == RESULTS_NAME:
        return _of_logs([path])
    document = read_report(path) if path.suffix == ".json" else read_results([path])
    named = {row["session_dir"] for row in document["plans"] if row["session_dir"]}
    here = Path.cwd().resolve()
    return Found(document, {name: here / name for name in named if (here / name).resolve().is_relative_to(here)})


def _of_logs(logs: list[Path]) -> Found:
    """Results lie in the folder of their capture, wherever that was moved to."""
    document = read_results(logs)
    of_name = {log.resolve().parent.name: log.resolve().parent for log in logs}
    named = {row["session_dir"] for row in document["plans"]}
    return Found(document, {name: of_name[Path(name).name] for name in named if Path(name).name in of_name})


def _logs_of(captures: Path, session_id: str) -> list[Path]:
    """Of a run on several workers each has a session: all of them together are the run."""
    run = _WORKER.sub("", session_id)
    folders = [captures / run, *sorted(captures.glob(f"{glob.escape(run)}-gw*"))]
    logs = [folder / RESULTS_NAME for folder in folders if (folder / RESULTS_NAME).is_file()]
    return logs if any(log.parent.name == session_id for log in logs) or run == session_id else []
