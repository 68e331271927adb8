"""The hooks that a conftest.py may implement, from the specifications."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from pytest_intellisense import hookspecs
from reference_pages import markdown

_INTRODUCTION = """
Implemented in a `conftest.py`, they hold for the plans below it; in a plugin, for all.
"""


def page() -> str:
    return markdown.page("Hooks", _INTRODUCTION, *(_part(name, hook) for name, hook in hooks()))


def hooks() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, hook in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("pytest_intellisense_"):
            yield name, hook


def example_of(hook: Callable[..., Any]) -> str:
    """The Python after `Example::`, "" where there is none."""
    _, _, example = (inspect.getdoc(hook) or "").partition("Example::\n")
    return textwrap.dedent(example).strip()


def _part(name: str, hook: Callable[..., Any]) -> str:
    text = (inspect.getdoc(hook) or "").partition("Example::")[0].strip()
    gives = str(inspect.signature(hook).return_annotation)
    example = f"\n```python\n{example_of(hook)}\n```\n" if example_of(hook) else ""
    return f"## {name}\n\nReturns `{gives}`.\n\n{text}\n{example}"
