"""`intellisense capture start`: record a running TESTRADE until it is stopped."""

from __future__ import annotations

import argparse
import json
import os
import sys

from pytest_intellisense.cli.capture_outcome import exit_code_of, summary_of
from pytest_intellisense.cli.capture_run import CaptureRun
from pytest_intellisense.cli.capture_settings import settings_of
from pytest_intellisense.cli.detaching import LOG_NAME, detach, go_on_in
from pytest_intellisense.cli.ending import Ending
from pytest_intellisense.cli.exits import NOTHING_READABLE

_SEEN_BY_ALL = "the password in --redis-url stands in the list of processes; --password-file or the environment keep it out"


def start(arguments: argparse.Namespace) -> int:
    """The exit code. Raises SettingsError, EnvironmentProblem and CaptureFailed until the recording has begun."""
    settings = settings_of(arguments)
    if arguments.redis_url and ":" in arguments.redis_url.partition("://")[2].rpartition("@")[0]:
        print(f"note: {_SEEN_BY_ALL}", file=sys.stderr)
    if arguments.detach:
        return detach(arguments, settings)
    with Ending() as ending:
        run = CaptureRun(settings, ending)
        if run.begins_later:
            _announce(f"{settings.session_id}: waiting for the time to begin (pid {os.getpid()})", run, arguments.detached)
            if not run.wait_for_begin():
                return NOTHING_READABLE
        run.start()
        streams = len(run.capture.streams)
        where = f"{streams} streams of Redis at {run.capture.address}"
        _announce(f"{settings.session_id}: recording {where} (pid {os.getpid()})", run, arguments.detached)
        run.record()
    return show_outcome(run, as_json=arguments.json)


def show_outcome(run: CaptureRun, *, as_json: bool) -> int:
    facts = run.capture.facts()
    code = exit_code_of(facts)
    if as_json:
        print(json.dumps(facts | {"exit_code": code}, indent=2))
    else:
        print("\n".join(summary_of(facts, run.directory)))
    return code


def _announce(text: str, run: CaptureRun, detached: bool) -> None:
    """Whoever started us in the background waits for this line, and for no other."""
    print(text, flush=True)
    if detached:
        go_on_in(run.directory / LOG_NAME)
