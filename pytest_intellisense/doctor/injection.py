"""Who may inject here at this moment. Run ids are not shown: whoever knows one may inject."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from pytest_intellisense.doctor.asking import Asking, CannotSee
from pytest_intellisense.doctor.finding import Finding, note, warn
from testrade_hooks.gate import KILL_SWITCH_KEY, LIVE_MARKER_KEY, PERMIT_KEY


def injection(asking: Asking) -> Iterator[Finding]:
    permit, stopped, live = asking.ask_each([("GET", PERMIT_KEY), ("EXISTS", KILL_SWITCH_KEY), ("EXISTS", LIVE_MARKER_KEY)])
    for answer in (permit, stopped, live):
        if isinstance(answer, CannotSee):
            raise answer
    if live:
        yield note("injection", f"forbidden here for good: {LIVE_MARKER_KEY} is set")
    if stopped:
        yield note("injection", f"stopped by {KILL_SWITCH_KEY}", f"to allow it again: redis-cli del {KILL_SWITCH_KEY}")
    if isinstance(permit, bytes):
        yield _of(permit)
    else:
        yield note("injection", "no application permits it; recording does not need it")


def _of(permit: bytes) -> Finding:
    try:
        said = json.loads(permit)
        mode, left_s = str(said["mode"]), float(said["expires_at_epoch_s"]) - time.time()
    except (ValueError, KeyError, TypeError):
        return warn("injection", f"{PERMIT_KEY} holds no permit of ours", "delete that key")
    return note("injection", f"an application in mode {mode} permits it for {max(0, left_s) / 60:.0f} more minutes")
