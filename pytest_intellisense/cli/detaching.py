"""Going to the background: a process of its own, that tells when it records, and then writes to a file."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from pytest_intellisense.cli.capture_settings import CaptureSettings
from pytest_intellisense.cli.exits import COMPLETE
from pytest_intellisense.cli.redis_url import PASSWORD_VARIABLE, URL_VARIABLE

LOG_NAME = "capture.log"
_NOT_HANDED_ON = ("command", "run", "verb", "detach", "detached", "redis_url", "password_file", "session_id", "begin")


def detach(arguments: argparse.Namespace, settings: CaptureSettings) -> int:
    """Return when the process in the background has confirmed that it records, or with its exit code if it does not."""
    words = [sys.executable, "-m", "pytest_intellisense.cli", "capture", "start", "--detached", *_words(arguments, settings)]
    environment = {
        **os.environ,
        URL_VARIABLE: settings.redis_url,
        PASSWORD_VARIABLE: "",
    }  # a password stays out of the arguments
    recorder = subprocess.Popen(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    assert recorder.stdout is not None
    announced = recorder.stdout.readline()
    recorder.stdout.close()
    if not announced:
        return recorder.wait()
    print(announced, end="")
    recorder.returncode = COMPLETE  # it goes on without us
    return COMPLETE


def go_on_in(log: Path) -> None:
    """From here on everything that is printed goes to `log`."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _words(arguments: argparse.Namespace, settings: CaptureSettings) -> list[str]:
    """The same options again, with the session id that was found."""
    words = [] if arguments.resume else [f"--session-id={settings.session_id}"]
    words += [f"--from={arguments.begin}"] if arguments.begin else []
    for name, value in vars(arguments).items():
        if name in _NOT_HANDED_ON or value is None or value is False:
            continue
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [f"{option}={one}" for one in (value if isinstance(value, list) else [value])]
    return words
