"""How each plan went the last times: `history.jsonl` beside the report, a line a plan, so that a row can show a sparkline.

`{"nodeid": "…", "runs": [[started_epoch_s, "passed", end_to_end_ns], …]}`, oldest first, at most `RUNS_KEPT` runs a plan and
`PLANS_KEPT` plans, those that ran longest ago dropped first. A convenience: a line that cannot be read is left out.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

RUNS_KEPT = 20
PLANS_KEPT = 20_000
SIZE_LIMIT_BYTES = 64_000_000


class Run(NamedTuple):
    """`end_to_end_ns` is 0 where nothing was timed."""

    started_epoch_s: float
    outcome: str
    end_to_end_ns: int


class History:
    """Reads the file once, on first use; lines stay text until one is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[str, str] | None = None

    def add(self, nodeid: str, run: Run) -> list[Run]:
        """Append a run and return those before it, oldest first; a plan that is run again in the same run counts once."""
        lines = self._read()
        earlier = [one for one in _runs(lines.pop(nodeid, "")) if one.started_epoch_s != run.started_epoch_s]
        lines[nodeid] = json.dumps({"nodeid": nodeid, "runs": [*earlier, run][-RUNS_KEPT:]})
        return earlier

    def write(self) -> None:
        """Replace the file at once or not at all. Raises OSError."""
        lines = list(self._read().values())[-PLANS_KEPT:]
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def _read(self) -> dict[str, str]:
        if self._lines is None:
            self._lines = dict(_lines(self.path))
        return self._lines


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            return []
        with path.open(encoding="utf-8", errors="replace") as file:
            return [(nodeid, line.rstrip("\n")) for line in file if (nodeid := _nodeid(line))]
    except OSError:
        return []


def _nodeid(line: str) -> str:
    try:
        found = json.loads(line)["nodeid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def _runs(line: str) -> list[Run]:
    try:
        runs = [Run(float(at), str(outcome), int(took)) for at, outcome, took in json.loads(line)["runs"]]
    except (ValueError, KeyError, TypeError, OverflowError):
        return []
    return runs[-RUNS_KEPT:]
