"""Captures that lie in a folder, which of them are running, and in which process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pytest_intellisense.errors import EnvironmentProblem, SettingsError
from pytest_intellisense.housekeeping.capture_root import CaptureRoot
from pytest_intellisense.housekeeping.session_folder import SessionGone

_SAME_START_S = 2.0


@dataclass(frozen=True, slots=True)
class FoundCapture:
    """`in_use`: somebody holds the lock of its directory. `state` is killed for one that nobody holds and that did not end."""

    session_id: str
    directory: Path
    in_use: bool
    facts: Mapping[str, Any]

    @property
    def state(self) -> str:
        stated = str(self.facts.get("state", "unknown"))
        return "killed" if stated in ("recording", "scheduled") and not self.in_use else stated

    def process(self) -> psutil.Process:
        """The process that records it. Raises EnvironmentProblem unless all says that it is this one and no other."""
        pid = int(self.facts["pid"])
        started = float(self.facts["recorder"]["process_started_epoch_s"])
        try:
            process = psutil.Process(pid)
            same = abs(process.create_time() - started) < _SAME_START_S and "capture" in process.cmdline()
        except psutil.Error:
            same = False
        if not same or not self.in_use:
            raise EnvironmentProblem(
                f"process {pid} is not the one that records {self.session_id}: it began at another time or does something else",
                hint="nothing was signalled; look with `ps` who holds the directory, and end that by hand",
            )
        return process


def captures_in(output_dir: Path) -> list[FoundCapture]:
    """Every session that `intellisense capture` recorded, the oldest first. Raises EnvironmentProblem."""
    if not output_dir.is_dir():
        return []
    with CaptureRoot(output_dir) as root:
        found = []
        for summary in root.sessions():
            try:
                with root.session(summary.session_id) as session:
                    facts = session.facts
            except SessionGone:
                continue
            if "recorder" in facts:
                found.append(FoundCapture(summary.session_id, output_dir / summary.session_id, summary.in_use, facts))
    return found


def the_capture(output_dir: Path, session_id: str | None) -> FoundCapture:
    """The one that is named, or the only one that is running. Raises SettingsError."""
    found = captures_in(output_dir)
    where = f"in {output_dir}{os.sep}"
    if session_id:
        named = [one for one in found if one.session_id == session_id]
        if not named:
            raise SettingsError(f"there is no capture {session_id} {where}", hint=_there_are(found))
        return named[0]
    running = [one for one in found if one.in_use]
    if len(running) == 1:
        return running[0]
    if running:
        raise SettingsError(f"{len(running)} captures are running {where}", hint=f"name one by --session-id: {_names(running)}")
    raise SettingsError(f"no capture is running {where}", hint=_there_are(found))


def _there_are(found: list[FoundCapture]) -> str:
    return f"the newest there: {_names(found[-5:])}" if found else "is it recorded into another folder? give --output-dir"


def _names(found: list[FoundCapture]) -> str:
    return ", ".join(one.session_id for one in found)
