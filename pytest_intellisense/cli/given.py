"""Values of options that must say something: an empty one, as an unset variable of a shell leaves it, is a mistake."""

from __future__ import annotations

import argparse

from pytest_intellisense.errors import SettingsError


def check_not_empty(arguments: argparse.Namespace, *names: str) -> None:
    """Raises SettingsError for an option that was given without a value. `names` are those of the namespace."""
    for name in names:
        value = getattr(arguments, name)
        if any(not text.strip() for text in ([value] if isinstance(value, str) else value or ())):
            raise SettingsError(f"--{name.replace('_', '-')} is empty", hint="give a value, or leave the option out")


def names_in(option: str, text: str | None) -> list[str]:
    """Names by comma. Raises SettingsError."""
    if text is None:
        return []
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise SettingsError(f"{option}: an empty name in {text!r}", hint="write names by comma, such as a,b")
    return found
