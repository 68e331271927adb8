"""The command that runs one plan again: from the folder in which this run was called, with what it was called with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_intellisense.errors import without_secrets
from pytest_intellisense.settings import DRY_RUN, OPTIONS, Option

_ONLY_WRITES = frozenset({"report-dir", "capture-dir", "formats", "save"})
"""Options that say where to and what is written; all others decide what is tested, or how it is judged."""


def rerun_command(config: pytest.Config, path: Path, nodeid: str) -> str:
    """For a POSIX shell. `path` is the plan file, `nodeid` the item's; passwords of URLs are left out.

    The plan comes first: an option without a value would take it for one.
    """
    names = nodeid.partition("::")[2]
    plan = _seen_from(config.invocation_params.dir, path, config.rootpath)
    return shlex.join(["pytest", f"{plan}::{names}" if names else plan, *_options(config)])


def _seen_from(folder: Path, path: Path, root: Path) -> str:
    return os.path.relpath(path, folder) if path.is_relative_to(folder) or path.is_relative_to(root) else str(path)


def _options(config: pytest.Config) -> Iterator[str]:
    if config.option.inifilename:
        yield from ("-c", config.option.inifilename)
    if config.option.rootdir:
        yield f"--rootdir={config.option.rootdir}"
    for override in config.option.override_ini or ():
        yield from ("-o", without_secrets(override))
    given = {str(argument).partition("=")[0] for argument in config.invocation_params.args}
    for option in OPTIONS:
        if option.flag in given and option.name not in _ONLY_WRITES:
            yield from _as_given(option, config.getoption(option.flag))
    if DRY_RUN in given:
        yield DRY_RUN


def _as_given(option: Option, value: str | list[str]) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        yield option.flag if each == option.without_value else f"{option.flag}={without_secrets(each)}"
