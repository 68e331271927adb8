"""Settings: one frozen value; command line > environment > ini > default."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_intellisense.errors import SettingsError, without_secrets

if TYPE_CHECKING:
    import pytest

EMBEDDED = "embedded"
SERVER = "server"


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: `--intellisense-<name>`, `INTELLISENSE_<NAME>`, ini `intellisense_<name>`."""

    name: str
    default: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        return f"--intellisense-{self.name}"

    @property
    def ini(self) -> str:
        return f"intellisense_{self.name.replace('-', '_')}"

    @property
    def environment(self) -> str:
        return self.ini.upper()


OPTIONS = (
    Option(
        "redis",
        EMBEDDED,
        "Where TESTRADE's streams are: 'embedded' (in this process, with the reference app), 'server' (a private redis-server, "
        "with the reference app), or the URL of a Redis that a running TESTRADE uses.",
    ),
    Option("run-id", "", "The run id that the running TESTRADE opened for injection; needed with a URL."),
    Option("allow-hosts", "", "Hosts beside loopback that may be injected into, separated by commas."),
    Option("report-dir", "reports", "Folder of report.html and report.json."),
    Option("capture-dir", "captures", "Folder of the recorded sessions."),
    Option(
        "durability",
        "strict",
        "When an event counts as recorded: 'strict' syncs each batch to disk before it is acknowledged, 'relaxed' each second.",
        ("strict", "relaxed"),
    ),
)


DRY_RUN = "--intellisense-dry-run"


@dataclass(frozen=True, slots=True)
class Settings:
    """What this run is to do. The Redis URL may hold a password: it stays out of `repr`."""

    redis: str = field(repr=False)
    redis_origin: str
    run_id: str
    allow_hosts: tuple[str, ...]
    report_dir: Path
    capture_dir: Path
    durability: Literal["strict", "relaxed"]
    rootdir: Path
    dry_run: bool = False

    @property
    def redis_shown(self) -> str:
        return without_secrets(self.redis)

    @property
    def brings_its_app(self) -> bool:
        return self.redis in (EMBEDDED, SERVER)


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("intellisense", "IntelliSense: injection plans")
    for option in OPTIONS:
        text = f"{option.help} Default: {option.default or 'none'}. Also: ini {option.ini}, environment {option.environment}."
        group.addoption(
            option.flag, default=None, choices=option.choices or None, metavar=None if option.choices else "VALUE", help=text
        )
        parser.addini(option.ini, option.help, type="string", default=option.default)
    group.addoption(
        DRY_RUN,
        action="store_true",
        help="Check plans completely, with their images and references, but connect to nothing and send nothing.",
    )


def resolve(config: pytest.Config) -> Settings:
    """Read every option once. Raises SettingsError for a value that cannot be meant."""
    values, origins = {}, {}
    for option in OPTIONS:
        values[option.name], origins[option.name] = _value(config, option)
    redis = values["redis"]
    if redis not in (EMBEDDED, SERVER) and not redis.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(
            f"intellisense redis is {redis!r} (from {origins['redis']})",
            hint="allowed: embedded, server, redis://host:port/db, rediss://host:port/db, unix:///path",
        )
    return Settings(
        redis=redis,
        redis_origin=origins["redis"],
        run_id=values["run-id"],
        allow_hosts=tuple(host.strip() for host in values["allow-hosts"].split(",") if host.strip()),
        report_dir=config.rootpath / values["report-dir"],
        capture_dir=config.rootpath / values["capture-dir"],
        durability="relaxed" if values["durability"] == "relaxed" else "strict",
        rootdir=config.rootpath,
        dry_run=bool(config.getoption(DRY_RUN)),
    )


def _value(config: pytest.Config, option: Option) -> tuple[str, str]:
    given = config.getoption(option.flag)
    value, origin = given, option.flag
    if value is None:
        value, origin = os.environ.get(option.environment), option.environment
    if value is None:
        value, origin = str(config.getini(option.ini)), f"ini {option.ini}"
    if option.choices and value not in option.choices:
        raise SettingsError(f"{origin} is {value!r}", hint=f"allowed: {', '.join(option.choices)}")
    return value, origin
