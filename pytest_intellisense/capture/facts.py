"""session.json: who recorded what, with which versions, how much of it, and what is missing."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from pytest_intellisense.errors import without_secrets
from pytest_intellisense.model.results import LossReport
from testrade_hooks import clock

FORMAT = 1


def session_facts(
    *,
    session_id: str,
    state: str,
    started: clock.Reading,
    redis: str,
    streams: Sequence[str],
    durability: str,
    contract_generation: str,
    counts: Mapping[str, int],
    loss: LossReport,
) -> dict[str, Any]:
    """`state`: recording, complete or failed; a session left at recording was killed."""
    now = clock.now()
    return {
        "format": FORMAT,
        "session_id": session_id,
        "state": state,
        "started_epoch_ns": started.epoch_ns,
        "written_epoch_ns": now.epoch_ns,
        "clock_domains": sorted({started.domain, now.domain}),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "redis": without_secrets(redis),
        "streams": list(streams),
        "durability": durability,
        "contract_generation": contract_generation,
        "counts": dict(counts),
        "losses": {**asdict(loss), "notes": list(loss.notes)},
        "versions": {
            "python": platform.python_version(),
            "pytest-intellisense": version("pytest-intellisense"),
            "redis-py": version("redis"),
        },
    }
