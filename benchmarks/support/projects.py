"""Throw-away pytest projects, and runs of pytest in them as users start it: bytecode cached, nothing else kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def pytest_run(project: Path, *args: str) -> Callable[[], None]:
    """A way to time: one pytest process in `project`. Raises CalledProcessError if it fails to do its work."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(project.parent / "bytecode")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *args]

    def run() -> None:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 5):
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)

    return run


def project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return folder
