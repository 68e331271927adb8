"""Criteria on the command line: `event_type=SYSTEM_ALERT_RAISED`, `payload.pnl <= -100`, or the JSON that plans write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_intellisense.errors import SettingsError

_WRITTEN = re.compile(r"\s*([^\s=!<>]+)\s*(==|!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_AND = re.compile(r"\s+and\s+")


def criteria_of(option: str, text: str) -> dict[str, Any]:
    """Conditions joined by ` and `, as the criteria of a plan. Raises SettingsError."""
    criteria: dict[str, Any] = _from_json(option, text) if text.lstrip().startswith("{") else _from_words(option, text)
    _check(option, criteria)
    return criteria


def _from_json(option: str, text: str) -> dict[str, Any]:
    try:
        criteria: dict[str, Any] = json.loads(text)
    except ValueError as problem:
        raise SettingsError(
            f"{option}: not JSON: {problem}", hint='write {"event_type": "FILL", "payload.pnl": {"<": 0}}'
        ) from None
    return criteria


def _from_words(option: str, text: str) -> dict[str, Any]:
    criteria: dict[str, Any] = {}
    for condition in _AND.split(text):
        written = _WRITTEN.fullmatch(condition)
        if not written:
            raise SettingsError(
                f"{option}: not a condition: {condition!r}",
                hint="write PATH=VALUE or PATH OPERATOR VALUE (== != < <= > >=), joined by ' and ', or criteria as JSON",
            )
        path, operator, value = written.groups()
        if path in criteria:
            raise SettingsError(f"{option}: {path} is there twice", hint="write the criteria as JSON")
        criteria[path] = _value(value) if operator in ("=", "==") else {operator: _value(value)}
    return criteria


def _value(text: str) -> Any:
    """A number, true, false, null or a JSON text as what it is; all else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check(option: str, criteria: Mapping[str, Any]) -> None:
    from pytest_intellisense.codec.misspelt_events import findings

    for finding in findings(criteria, ()):
        raise SettingsError(f"{option}: {finding.message}", hint=f"did you mean {finding.suggestion}?")
