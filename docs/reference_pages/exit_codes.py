"""How commands and runs end, from the constants and what is written beneath them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest

from pytest_intellisense.cli import exits
from reference_pages import markdown
from reference_pages.markdown import cell, code, table

_OF_A_RUN = """
A run of plans ends with the exit codes of pytest. A plan that failed, that was inconclusive because events were lost, or that
could not be carried out is a failed test.
"""


def page() -> str:
    commands = table(["code", "name", "meaning"], ([code(str(number)), name, cell(text)] for name, number, text in constants()))
    run = table(["code", "name"], ([code(str(int(one))), one.name] for one in pytest.ExitCode))
    return markdown.page("Exit codes", "## intellisense\n", commands, "## pytest\n", _OF_A_RUN, run)


def constants() -> Iterator[tuple[str, int, str]]:
    """Name, number and the text beneath."""
    body = ast.parse(inspect.getsource(exits)).body
    for one, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            name = one.targets[0].id
            yield name, getattr(exits, name), _text(following)


def _text(node: ast.stmt | None) -> str:
    said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return node.value.value if said else ""  # type: ignore[union-attr]
