"""Options of the project's own tests, and the real servers they share."""

from __future__ import annotations

import functools
import os
import signal

import pytest
from helpers.browser import browser
from helpers.pytest_command import WITHOUT_OURS
from hypothesis import HealthCheck, settings

__all__ = ["browser"]

_SURROUNDINGS = {"CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "COLUMNS", "LINES"}
_PREFIXES = ("GITHUB_", "GITLAB_", "INTELLISENSE_", "TESTRADE_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-long", action="store_true", help="Also run tests marked long (minutes of faults, kills, soak).")
    another = "Another redis-server program for the contract suite; may be given more than once."
    parser.addoption("--redis-server", action="append", default=[], metavar="PROGRAM", help=another)


def pytest_configure(config: pytest.Config) -> None:
    _hear_signals_again()
    _keep_bytecode()
    _forget_the_surroundings()
    _choose_examples(anew=config.getoption("--run-long"))
    config.addinivalue_line("markers", "long: takes minutes; runs only with --run-long (./dev test --long)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: run with ./dev test --long"))


def _hear_signals_again() -> None:
    """A shell that starts us in the background has us ignore these, and the processes that the tests end inherit it."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


def _keep_bytecode() -> None:
    """Hundreds of processes are started; where bytecode is not kept, each of them compiles the whole project again."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _forget_the_surroundings() -> None:
    """What is set where these tests run (a CI service, a narrow terminal) would change what the runs that they start say."""
    for name in [name for name in os.environ if name in _SURROUNDINGS or name.startswith(_PREFIXES)]:
        del os.environ[name]


def _choose_examples(*, anew: bool) -> None:
    """On a noisy machine no example is too slow. The short suite always has the same ones, the long one looks for new ones."""
    settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=not anew)
    settings.load_profile("ours")


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The runs that a test starts do without the plugins that only our own tests need: they take a third of a start."""
    monkeypatch.setattr(pytester, "runpytest_subprocess", functools.partial(pytester.runpytest_subprocess, *WITHOUT_OURS))
    return pytester
