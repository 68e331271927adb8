"""Mistakes of plan files on the output of a command: the same text as in a run, all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_intellisense.reporting.lines import terminal_speaks_unicode, text_of
from pytest_intellisense.reporting.problem_text import problem_lines

if TYPE_CHECKING:
    from pytest_intellisense.cli.plan_collection import PlanCollection
    from pytest_intellisense.codec.problems import Problem

_EVERY_PROBLEM = 2


def print_problems(found: PlanCollection, path: Path, problems: Sequence[Problem]) -> int:
    """Print all of them and return how many they are."""
    lines = problem_lines(found.shown(path), problems, unicode=terminal_speaks_unicode(), verbose=_EVERY_PROBLEM)
    print(text_of(lines), end="\n\n")
    return len(problems)
