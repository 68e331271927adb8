"""One clock reading: a monotonic time, a wall time and the clock domain that makes the first comparable."""

from __future__ import annotations

import functools
import sys
import time
import uuid
from pathlib import Path
from typing import NamedTuple


class Reading(NamedTuple):
    """`monotonic_ns` may be subtracted from another reading of the same `domain`, and only from that."""

    monotonic_ns: int
    epoch_ns: int
    domain: str


@functools.cache
def clock_domain() -> str:
    """Name the clock behind `time.perf_counter_ns()` of this process.

    On Linux it is CLOCK_MONOTONIC, shared by all processes of one boot and one time namespace.
    Where that cannot be established the domain is this process alone.
    """
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            namespace = str(Path("/proc/self/ns/time").readlink())
        except OSError:
            pass
        else:
            return f"{boot[:8]}/{namespace}"
    return f"process/{uuid.uuid4().hex[:12]}"


def now() -> Reading:
    return Reading(time.perf_counter_ns(), time.time_ns(), clock_domain())
