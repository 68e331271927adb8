"""The tokens of a sound JSON text with their paths: written anew for tests, so that nobody checks positions with themselves."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(frozen=True)
class Token:
    """`kind`: key, value (a scalar), open, close, comma, colon. `path` of a key or value is its own; else the container's."""

    kind: str
    path: Path
    start: int
    end: int
    text: str

    @property
    def value(self) -> Any:
        return json.loads(self.text)


@dataclass
class _Open:
    path: Path
    is_object: bool
    key: str = ""
    count: int = 0
    wants_value: bool = False

    @property
    def child(self) -> Path:
        return (*self.path, self.key if self.is_object else self.count)


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    opened: list[_Open] = []

    def add(kind: str, path: Path, match: re.Match[str]) -> None:
        found.append(Token(kind, path, match.start(), match.end(), match[0]))

    for match in _TOKEN.finditer(text):
        top = opened[-1] if opened else None
        word = match[0]
        if word in "{[":
            path = top.child if top else ()
            add("open", path, match)
            if top:
                top.wants_value = False
            opened.append(_Open(path, word == "{"))
        elif word in "}]":
            add("close", opened.pop().path, match)
        elif top is None:
            add("value", (), match)
        elif word == ",":
            add("comma", top.path, match)
            top.count += 1
        elif word == ":":
            add("colon", top.path, match)
            top.wants_value = True
        elif top.is_object and not top.wants_value:
            top.key = json.loads(word)
            add("key", top.child, match)
        else:
            add("value", top.child, match)
            top.wants_value = False
    return found
