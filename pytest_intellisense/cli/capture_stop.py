"""`intellisense capture stop`: end a running capture as its own Ctrl-C would."""

from __future__ import annotations

import argparse
import contextlib
import json
import time

import psutil

from pytest_intellisense.cli.capture_outcome import exit_code_of, summary_of
from pytest_intellisense.cli.running import the_capture
from pytest_intellisense.errors import EnvironmentProblem, SettingsError

_END_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.02


def stop(arguments: argparse.Namespace) -> int:
    """The exit code of the capture. Raises SettingsError and EnvironmentProblem."""
    capture = the_capture(arguments.output_dir, arguments.session_id)
    if not capture.in_use:
        raise SettingsError(f"capture {capture.session_id} is not running: {capture.state}")
    process = capture.process()
    process.terminate()
    _wait_for(process, capture.session_id)
    facts = the_capture(arguments.output_dir, capture.session_id).facts
    code = exit_code_of(facts)
    if arguments.json:
        print(json.dumps({**facts, "exit_code": code}, indent=2))
    else:
        print("\n".join(summary_of(facts, capture.directory)))
    return code


def _wait_for(process: psutil.Process, session_id: str) -> None:
    """Return when it has ended, also if whoever started it does not care."""
    deadline = time.monotonic() + _END_WITHIN_S
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise EnvironmentProblem(
                    f"capture {session_id} (pid {process.pid}) has not ended within {_END_WITHIN_S:g} s",
                    hint="it is writing what it had read; look again with `intellisense capture status`",
                )
            time.sleep(_LOOK_EVERY_S)
