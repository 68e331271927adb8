"""Settings: one frozen value; command line > environment > ini > default."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pytest_intellisense.errors import SettingsError, without_secrets

if TYPE_CHECKING:
    import pytest

EMBEDDED = "embedded"
LAST_SAVED = "(last saved)"
"""What `--intellisense-compare` without a name means."""
MOST_REPEATS = 10_000
MOST_LAUNCHES = 100
SERVER = "server"
FORMATS = ("ctrf", "junit", "markdown", "text", "trace")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: `--intellisense-<name>`, `INTELLISENSE_<NAME>`, ini `intellisense_<name>`."""

    name: str
    default: str
    help: str
    choices: tuple[str, ...] = ()
    without_value: str | None = None
    """What the flag alone, without a value, stands for."""
    repeatable: bool = False
    """Given several times on the command line; elsewhere the values are separated by commas."""

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
        "formats",
        "",
        "More reports to write beside report.html and report.json, separated by commas: ctrf, junit, markdown, text, trace.",
    ),
    Option(
        "durability",
        "strict",
        "When an event counts as recorded: 'strict' syncs each batch to disk before it is acknowledged, 'relaxed' each second.",
        ("strict", "relaxed"),
    ),
    Option("repeat", "1", "How often each plan is run; all its runs are one test."),
    Option("save", "", "Save what this run measured as a baseline of this name."),
    Option(
        "compare",
        "",
        "Compare with the baseline of this name, without a name with the last saved; a regression fails its plan.",
        without_value=LAST_SAVED,
    ),
    Option(
        "compare-fail",
        "",
        "How much slower is a regression: STAGE.STAT:10% or STAGE.STAT:5ms; STAT is median, p90, p95, p99 or max, STAGE may be "
        "* or total. Repeatable. Without any it is *.median:10%.",
        repeatable=True,
    ),
    Option("compare-unlike", "no", "Compare although machine or configuration differ, and say so.", ("no", "yes")),
    Option("launches", "0", "Measure in so many fresh processes, one after the other, before this one judges."),
    Option("baseline-dir", ".intellisense/baselines", "Folder of the saved baselines."),
    Option("known-issues", "", "File of known issues; without it known_issues.json beside a plan or in a folder above it."),
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
    formats: tuple[str, ...]
    durability: Literal["strict", "relaxed"]
    repeat: int
    save: str
    compare: str
    compare_fail: tuple[str, ...]
    compare_unlike: bool
    launches: int
    baseline_dir: Path
    known_issues: Path | None
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
        kind: dict[str, Any] = {"nargs": "?", "const": option.without_value} if option.without_value else {}
        if option.repeatable:
            kind["action"] = "append"
        group.addoption(
            option.flag,
            default=None,
            choices=option.choices or None,
            metavar=None if option.choices else "VALUE",
            help=text.replace("%", "%%"),
            **kind,
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
        formats=_formats(values["formats"], origins["formats"]),
        durability="relaxed" if values["durability"] == "relaxed" else "strict",
        repeat=_count(values["repeat"], origins["repeat"], 1, MOST_REPEATS),
        save=values["save"],
        compare=values["compare"],
        compare_fail=tuple(each.strip() for each in values["compare-fail"].split(",") if each.strip()),
        compare_unlike=values["compare-unlike"] == "yes",
        launches=_count(values["launches"], origins["launches"], 0, MOST_LAUNCHES),
        baseline_dir=config.rootpath / values["baseline-dir"],
        known_issues=config.rootpath / values["known-issues"] if values["known-issues"] else None,
        rootdir=config.rootpath,
        dry_run=bool(config.getoption(DRY_RUN)),
    )


def _value(config: pytest.Config, option: Option) -> tuple[str, str]:
    given = config.getoption(option.flag)
    value, origin = ",".join(given) if option.repeatable and given else given, option.flag
    if value is None:
        value, origin = os.environ.get(option.environment), option.environment
    if value is None:
        value, origin = str(config.getini(option.ini)), f"ini {option.ini}"
    if option.choices and value not in option.choices:
        raise SettingsError(f"{origin} is {value!r}", hint=f"allowed: {', '.join(option.choices)}")
    return value, origin


def _formats(value: str, origin: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(each.strip() for each in value.split(",") if each.strip()))
    for name in names:
        if name not in FORMATS:
            raise SettingsError(f"{origin} names {name!r}", hint=f"allowed, separated by commas: {', '.join(FORMATS)}")
    return names


def _count(value: str, origin: str, least: int, most: int) -> int:
    if not value.isascii() or not value.isdecimal() or not least <= int(value) <= most:
        raise SettingsError(f"{origin} is {value!r}", hint=f"allowed: a whole number from {least} to {most}")
    return int(value)
