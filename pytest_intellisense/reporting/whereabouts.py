"""Where the results of a run lie: in a report folder, in the folder of a capture, or under a session id."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from pytest_intellisense.errors import SettingsError
from pytest_intellisense.reporting.results_log import RESULTS_NAME
from pytest_intellisense.reporting.rows import ReportDocument
from pytest_intellisense.reporting.saved_results import read_report, read_results

_WORKER = re.compile(r"-gw\d+$")
_SESSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_IN_REPORT_FOLDER = ("report.jsonl", "report.json")


def load(source: str, captures: Path) -> ReportDocument:
    """The report of `source`: a file, a folder, or the id of a session that lies in `captures`. Raises SettingsError."""
    path = Path(source)
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        return read_report(path) if path.suffix == ".json" else read_results([path])
    if _SESSION_ID.fullmatch(source) and (logs := _logs_of(captures, source)):
        return read_results(logs)
    raise SettingsError(
        f"there is no report, folder or session {source}",
        hint=f"name a report folder, a report.json, or a session of {captures} (`intellisense sessions {captures}` lists them)",
    )


def _of_folder(folder: Path) -> ReportDocument:
    logs = _logs_of(folder.resolve().parent, folder.resolve().name)
    if logs:
        return read_results(logs)
    found = next((folder / name for name in _IN_REPORT_FOLDER if (folder / name).is_file()), None)
    if found is None:
        raise SettingsError(
            f"{folder} holds no results of plans",
            hint=f"a report folder has {' or '.join(_IN_REPORT_FOLDER)}, the folder of a capture has {RESULTS_NAME}",
        )
    return read_report(found) if found.suffix == ".json" else read_results([found])


def _logs_of(captures: Path, session_id: str) -> list[Path]:
    """Of a run on several workers each has a session: all of them together are the run."""
    run = _WORKER.sub("", session_id)
    folders = [captures / run, *sorted(captures.glob(f"{glob.escape(run)}-gw*"))]
    logs = [folder / RESULTS_NAME for folder in folders if (folder / RESULTS_NAME).is_file()]
    return logs if any(log.parent.name == session_id for log in logs) or run == session_id else []
