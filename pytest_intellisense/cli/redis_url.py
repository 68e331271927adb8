"""Which Redis a command talks to: `--redis-url`, or the environment, where no process list shows it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import quote

from pytest_intellisense.errors import SettingsError

URL_VARIABLE = "INTELLISENSE_REDIS"
PASSWORD_VARIABLE = "INTELLISENSE_REDIS_PASSWORD"  # noqa: S105 - the name of a variable
_SCHEMES = ("redis://", "rediss://", "unix://")


def add_redis_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--redis-url", metavar="URL", help=f"redis://[user@]host:port/db, rediss://… or unix:///path; also: {URL_VARIABLE}"
    )
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help=f"file whose first line is the password of the Redis user; also: {PASSWORD_VARIABLE}",
    )


def redis_url_of(arguments: argparse.Namespace) -> str:
    """The URL with its password. Raises SettingsError."""
    url = arguments.redis_url or os.environ.get(URL_VARIABLE, "")
    if not url.startswith(_SCHEMES):
        given = f"not the URL of a Redis: {url!r}" if url else "which Redis?"
        raise SettingsError(given, hint=f"give --redis-url redis://host:port/db, or set {URL_VARIABLE}")
    password = _password(arguments.password_file)
    return _with_password(url, password) if password else url


def _password(file: str | None) -> str:
    if not file:
        return os.environ.get(PASSWORD_VARIABLE, "")
    try:
        lines = Path(file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise SettingsError(f"--password-file {file} cannot be read: {reason}") from None
    if not lines or not lines[0]:
        raise SettingsError(f"--password-file {file} is empty", hint="its first line is the password")
    return lines[0]


def _with_password(url: str, password: str) -> str:
    scheme, _, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user = credentials.partition(":")[0] if at else ""
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"
