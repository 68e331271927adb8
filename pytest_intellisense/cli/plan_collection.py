"""Plan files collected exactly as a run collects them, with the names that conftest.py files add; none is run."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.codec.folder_defaults import DEFAULTS_NAMES
from pytest_intellisense.collecting.items import BrokenPlanItem, PlanItem
from pytest_intellisense.collecting.lookup import PLAN_SUFFIXES
from pytest_intellisense.errors import SettingsError

if TYPE_CHECKING:
    from pytest_intellisense.codec.problems import PlanFileError


_QUIETLY = ("-p", "intellisense", "--collect-only", "--quiet", "--capture=no", "--assert=plain", "-W", "ignore")
"""Asserts are not rewritten: this package is imported already, which pytest would warn of."""


@dataclass(eq=False)
class PlanCollection:
    """What was found: rows of sound plans in order, the errors of broken files, and the rootdir that paths are shown from."""

    rootdir: Path = Path()
    items: list[PlanItem] = field(default_factory=list)
    errors: list[PlanFileError] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self.rootdir = config.rootpath
        vars(config.option).update(htmlpath=None, xmlpath=None)  # a check must not replace the report of a run

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return None if collection_path.is_dir() or collection_path.name.endswith(PLAN_SUFFIXES) else True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures.append(_shortly(report.longrepr))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if isinstance(item, PlanItem):
            self.items.append(item)
        elif isinstance(item, BrokenPlanItem) and str(item.error) not in map(str, self.errors):
            self.errors.append(item.error)

    @property
    def files(self) -> int:
        return len({item.path for item in self.items} | {error.path for error in self.errors})

    def shown(self, path: Path) -> str:
        return path.relative_to(self.rootdir).as_posix() if path.is_relative_to(self.rootdir) else str(path)


def collect(paths: Sequence[str]) -> PlanCollection:
    """Collect plan files, folders with plan files and node ids. Raises SettingsError for what cannot be collected."""
    asked = list(dict.fromkeys(_collectable(paths)))
    found = PlanCollection()
    said = io.StringIO()
    arguments = [*_QUIETLY, *asked]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(arguments, plugins=[found])
    if found.failures or code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SettingsError("pytest could not collect here", hint="\n".join(found.failures) or said.getvalue().strip())
    if not found.items and not found.errors:
        raise SettingsError(f"no plan is in {', '.join(asked)}", hint=f"plans are files named {_names(PLAN_SUFFIXES)}")
    return found


def _collectable(paths: Sequence[str]) -> Iterator[str]:
    for argument in paths:
        path = Path(argument.split("::")[0])
        if not path.exists():
            raise SettingsError(f"there is no {path}")
        if path.name in DEFAULTS_NAMES:
            yield str(path.parent)
        elif path.is_file() and not path.name.endswith(PLAN_SUFFIXES):
            raise SettingsError(f"{path} is no plan file", hint=f"plans are files named {_names(PLAN_SUFFIXES)}")
        else:
            yield os.fspath(argument)


def _shortly(failure: object) -> str:
    """What kept a conftest.py or a folder from being collected: the place and the error, without the way to it."""
    crash = getattr(failure, "reprcrash", None)
    return str(crash) if crash else str(failure).strip()


def _names(suffixes: Sequence[str]) -> str:
    return " or ".join(f"*{suffix}" for suffix in suffixes)
