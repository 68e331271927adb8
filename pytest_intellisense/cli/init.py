"""`intellisense init [FOLDER]`: a project to start from; what is there already stays as it is."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "init"
HELP = "Make a project with one plan that passes, one that fails on purpose, and editor completion. Overwrites nothing."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="where to; default: the current folder"
    )


def run(arguments: argparse.Namespace) -> int:
    import json

    from pytest_intellisense.cli.exits import COMPLETE
    from pytest_intellisense.cli.plain_text import plain
    from pytest_intellisense.cli.starter import EDITOR_SETTINGS, editor_settings, has_pytest_configuration, starter_files

    folder: Path = arguments.folder
    configured = folder.is_dir() and has_pytest_configuration(folder)
    for name, text in starter_files():
        if name == "pytest.toml" and configured:
            print("kept      your pytest configuration")
        elif _create(folder / name, text):
            print(plain(f"created   {folder / name}"))
        else:
            print(plain(f"kept      {folder / name} (it is there already)"))
            if name == EDITOR_SETTINGS and "json.schemas" not in (folder / name).read_text(encoding="utf-8", errors="replace"):
                print(f"for completion in VS Code, add to it: {json.dumps(editor_settings())[1:-1]}")
    inside = "" if folder == Path() else f"cd {folder} && "
    print(plain(f"next: {inside}pytest scenarios/    # against the built-in application: 2 pass, 1 fails on purpose"))
    return COMPLETE


def _create(path: Path, text: str) -> bool:
    """Write a file that is not there yet. Raises SettingsError where that is not possible."""
    from pytest_intellisense.errors import SettingsError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.parent.is_dir():
            return False
        raise SettingsError(f"{path.parent} is a file: there should be a folder") from None
    except OSError as problem:
        raise SettingsError(f"{path} cannot be written: {problem.strerror}") from None
    return True
