"""Command line options, ini values and environment variables of a pytest run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_intellisense.settings import OPTIONS, add_options
from reference_pages import markdown
from reference_pages.markdown import cell, code, table

_INTRODUCTION = """
Each setting is an option of pytest, an ini value (`pytest.ini`, `pyproject.toml`) and an environment variable. The command
line counts before the environment, the environment before the ini file. `pytest --help` shows the same texts.
"""


@dataclass
class Told:
    """Stands in for pytest's parser and keeps what it is told."""

    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    def getgroup(self, _name: str, _description: str = "") -> Told:
        return self

    def addoption(self, flag: str, **facts: Any) -> None:
        self.options[flag] = facts

    def addini(self, name: str, help: str, **facts: Any) -> None:
        """Ini values say what their options say."""


def page_of(told: Told) -> str:
    of_flag = {option.flag: option for option in OPTIONS}
    rows = []
    for flag, facts in told.options.items():
        option = of_flag.get(flag)
        where = [code(option.ini), code(option.environment), code(option.default)] if option else ["", "", ""]
        allowed = "<br>".join(code(choice) for choice in facts.get("choices") or ())
        rows.append([code(flag), *where, allowed, cell(option.help if option else facts["help"])])
    return markdown.page(
        "Options, ini values and environment",
        _INTRODUCTION,
        table(["option", "ini", "environment", "default", "allowed", "meaning"], rows),
    )


def page() -> str:
    told = Told()
    add_options(told)  # type: ignore[arg-type]
    return page_of(told)
