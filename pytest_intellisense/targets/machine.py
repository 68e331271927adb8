"""The machine that everything runs on: what it is, and how quiet it is. What a system does not tell is None."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_intellisense.analytics.measurements import Machine, Noise, Origin

_CALIBRATIONS = 3
_GIT_TIMEOUT_S = 5
_WORK = bytes(range(256)) * 256


def machine() -> Machine:
    from pytest_intellisense.analytics.measurements import Machine

    return Machine(
        cpu=_cpu(),
        processors=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        architecture=platform.machine(),
        system=platform.system(),
        memory_gb=round(psutil.virtual_memory().total / 2**30),
    )


def origin(folder: Path, config: Mapping[str, str], versions: Mapping[str, str]) -> Origin:
    """What a run of `folder` is measured on and of. `config` is what beside the build decides its speed."""
    from pytest_intellisense.analytics.measurements import Origin

    written = json.dumps(dict(sorted(config.items())))
    commit = _git(folder, "rev-parse", "HEAD")
    return Origin(
        machine=machine(),
        clock="perf_counter_ns",
        versions={"python": platform.python_version(), **versions},
        config=dict(config),
        config_hash=hashlib.sha256(written.encode()).hexdigest()[:16],
        commit=commit,
        modified=bool(commit and _git(folder, "status", "--porcelain", "--untracked-files=no")),
    )


class NoiseMeter:
    """Measures from its making to `read`; `calibrate` times a fixed piece of work before each run of what is measured."""

    def __init__(self) -> None:
        self._calibration_ns: list[int] = []
        self._scheduled = _scheduled()
        self._stolen = _stolen()

    def calibrate(self) -> None:
        for _ in range(_CALIBRATIONS):
            started = time.perf_counter_ns()
            hashlib.sha256(_WORK).digest()
            sum(number * number for number in range(2_000))
            self._calibration_ns.append(time.perf_counter_ns() - started)

    def read(self) -> Noise:
        from pytest_intellisense.analytics.measurements import Noise

        return Noise(
            calibration_ns=self._calibration_ns,
            waited=_share(self._scheduled, _scheduled()),
            steal=_share(self._stolen, _stolen()),
            pressure=_pressure(),
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        )


Pair = tuple[int, int] | None


def _share(before: Pair, after: Pair) -> float | None:
    """The growth of the first number by that of the second."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return max(after[0] - before[0], 0) / (after[1] - before[1])


def _scheduled() -> Pair:
    """Nanoseconds that the threads of this process waited for a processor, and that they had one."""
    waited, ran = 0, 0
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError, ValueError):
                on, off, _ = (task / "schedstat").read_text().split()
                ran, waited = ran + int(on), waited + int(off)
    return (waited, ran) if ran else None


def _stolen() -> Pair:
    """Ticks that the hypervisor gave to others, and all ticks."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return ticks[7], sum(ticks)
    return None


def _pressure() -> float | None:
    """Share of the last ten seconds in which some process waited for a processor (Linux pressure stall information)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return float(Path("/proc/pressure/cpu").read_text().split("avg10=")[1].split()[0]) / 100
    return None


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model", "Hardware")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(folder: Path, *words: str) -> str:
    """What git answers; empty without git or outside of a repository."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""
    return ""
