"""The pytest plugin: a table of contents. Every hook is a line or two into another room.

Nothing heavy is imported before a plan is collected: this module is loaded by every pytest run of its environment.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from pytest_intellisense import hookspecs
from pytest_intellisense.settings import add_options

pytest_plugins = ("pytest_intellisense.fixtures",)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    from pytest_intellisense.collecting.lookup import plans_below

    if plans_below(config.args, config.invocation_params.dir):
        from pytest_intellisense.composition import prepare_run

        prepare_run(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    from pytest_intellisense.collecting.files import collect_plan_file

    return collect_plan_file(file_path, parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.path.name.endswith((".plan.json", ".plan.jsonc")):
        from pytest_intellisense.composition import attach_row

        attach_row(item, call, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: pytest.TestReport | pytest.CollectReport,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    from pytest_intellisense.collecting.failure import packed

    data = yield
    return packed(report, data) if data is not None else None


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> Generator[None, Any, Any]:
    from pytest_intellisense.collecting.failure import unpacked

    report = yield
    if report is not None:
        unpacked(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    from pytest_intellisense.composition import close_runtime

    close_runtime(session)
