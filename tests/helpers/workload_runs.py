"""Starting `log_workload` processes: as they are, or under strace, which makes a system call fail, late or the last one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import helpers.log_workload
import pytest

_TESTS = Path(helpers.log_workload.__file__).parents[1]
_WRITES = "write,fsync,fdatasync,rename"


class Workload:
    """One run in a folder of its own, which need not exist; `options` are those of `log_workload`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.session = folder / "captures" / "session"
        self.ledger = folder / "ledger"
        self._options = options

    def start(self, *before: str) -> subprocess.Popen[str]:
        """`before` stands in front of the command."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [*before, sys.executable, "-m", "helpers.log_workload", str(self.session.parent), str(self.ledger)]
        return subprocess.Popen(
            [*command, *self._options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )

    def run(self, *before: str) -> subprocess.CompletedProcess[str]:
        """Wait for its end."""
        with self.start(*before) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def environment() -> dict[str, str]:
    """Helpers can be imported; no bytecode is written, so that all writes are the recorder's."""
    path = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def strace(*options: str, output: Path | str = os.devnull) -> list[str]:
    """The beginning of a command line that runs the rest under strace.

    Fails where strace is missing: skipping would leave the faults untested. Skips where there is no strace at all.
    """
    if sys.platform != "linux":
        pytest.skip("faults are put into system calls by strace, which is for Linux only")
    if shutil.which("strace") is None:
        pytest.fail("strace is missing: ./dev test installs it, or: apt-get install strace")
    return ["strace", "-f", "-o", str(output), *options]


def injecting(call: str, fault: str, number: int) -> Sequence[str]:
    """strace that puts `fault` into the `number`-th `call`; a fault as strace writes it, such as error=EIO."""
    return strace("-e", f"trace={_WRITES}", "-e", f"inject={call}:{fault}:when={number}")
