"""The `intellisense` command as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from helpers.pytest_command import AS_ADDOPTS


def intellisense(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs `intellisense WORDS` in `folder`."""
    environment = {**os.environ, **AS_ADDOPTS, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "pytest_intellisense.cli", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
