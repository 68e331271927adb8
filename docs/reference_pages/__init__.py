"""The reference, made from the code each time the site is built, so that it says what the code does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reference_pages import commands, exit_codes, fixtures, hooks, objects, operators, options, pipelines, validation_types

PAGES: dict[str, Callable[[], str]] = {
    "options": options.page,
    "commands": commands.page,
    "exit_codes": exit_codes.page,
    "plan_schema": objects.plan_page,
    "defaults_schema": objects.defaults_page,
    "report_schema": objects.report_page,
    "validation_types": validation_types.page,
    "operators": operators.page,
    "pipelines": pipelines.page,
    "fixtures": fixtures.page,
    "hooks": hooks.page,
}


def write_pages(folder: Path) -> None:
    """Leave the files alone that say the same already: the builder goes by their times."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / f"{name}.md", page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
