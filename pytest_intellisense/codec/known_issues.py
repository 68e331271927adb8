"""`known_issues.json`: read, with every mistake of the file told by line and column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_intellisense.codec.origins import Document, Origins
from pytest_intellisense.codec.plan_text import decode, read_plan_text
from pytest_intellisense.codec.problems import Finding, PlanFileError, nearest
from pytest_intellisense.model.known_issue import KnownIssue
from pytest_intellisense.model.results import Fault

LIST = "known_issues"
NEEDED = ("plan", "reason", "expires")
_KEYS = (*NEEDED, "domain")
_DOMAINS = tuple(str(fault) for fault in Fault)


def read_known_issues(path: Path, shown_as: str) -> list[KnownIssue]:
    """The entries in the order of the file; `shown_as` is what the file is called in messages. Raises PlanFileError."""
    text = read_plan_text(path)
    document = decode(path, text)
    origins = Origins(Document(path, text))
    if problems := [origins.problem(finding) for finding in _findings(document)]:
        raise PlanFileError(path, problems)
    issues = []
    for index, entry in enumerate(document[LIST]):
        place = origins.place((LIST, index))
        issues.append(
            KnownIssue(
                plan=entry["plan"],
                reason=entry["reason"],
                expires=dt.date.fromisoformat(entry["expires"]),
                domain=Fault(entry["domain"]) if "domain" in entry else None,
                place=f"{shown_as}:{place.line}:{place.column}",
            )
        )
    return issues


def _findings(document: Any) -> Iterator[Finding]:
    if not isinstance(document, dict):
        yield Finding((), f'is no object with "{LIST}"')
        return
    for key in document:
        if key not in (LIST, "$schema"):
            yield _unknown((key,), key, (LIST,))
    if not isinstance(document.get(LIST), list):
        yield Finding((LIST,) if LIST in document else (), f'"{LIST}" is needed here: a list of entries')
        return
    first: dict[tuple[Any, Any], int] = {}
    for index, entry in enumerate(document[LIST]):
        if not isinstance(entry, dict):
            yield Finding((LIST, index), "is no object", allowed=_KEYS)
            continue
        yield from _entry_findings(index, entry)
        subject = (str(entry.get("plan")), str(entry.get("domain")))
        earlier = first.setdefault(subject, index)
        if earlier != index and "plan" in entry:
            path = (LIST, index, "plan")
            yield Finding(path, "the same plan and domain stand here twice", first_path=(LIST, earlier, "plan"))


def _entry_findings(index: int, entry: dict[str, Any]) -> Iterator[Finding]:
    for key in entry:
        if key not in _KEYS:
            yield _unknown((LIST, index, key), key, _KEYS)
    for key in NEEDED:
        if key not in entry:
            yield Finding((LIST, index), f'"{key}" is missing', allowed=NEEDED)
        elif not isinstance(entry[key], str) or not entry[key].strip():
            yield Finding((LIST, index, key), f'"{key}" is a text that is not empty')
        elif key == "expires" and not _is_date(entry[key]):
            yield Finding((LIST, index, key), f'"{entry[key]}" is no date: YYYY-MM-DD, such as 2026-12-31')
    if "domain" in entry and entry["domain"] not in _DOMAINS:
        domain = entry["domain"]
        suggestion = nearest(domain, _DOMAINS)
        yield Finding((LIST, index, "domain"), f"{domain!r} is no domain", allowed=_DOMAINS, suggestion=suggestion)


def _unknown(path: tuple[str | int, ...], key: str, known: tuple[str, ...]) -> Finding:
    return Finding(path, f'"{key}" is no key here', allowed=known, suggestion=nearest(key, known), on_key=True)


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
