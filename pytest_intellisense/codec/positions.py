"""Where every value and key of a JSON text stands, and the first place where the text is no JSON, in words."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from pytest_intellisense.codec.plan_limits import DEEPEST, LONGEST_NUMBER
from pytest_intellisense.codec.problems import Span
from pytest_intellisense.model.plan import JsonPath

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_STRING_START = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])", re.ASCII)
_TEXT_WITHOUT_END = re.compile(r'"[\w.$/-]*')
_WORD = re.compile(r"[^\s\[\]{},:\"']+")
_LITERALS = {"true", "false", "null"}
_MEANT = {
    "True": "true",
    "False": "false",
    "None": "null",
    "nil": "null",
    "undefined": "null",
    "TRUE": "true",
    "FALSE": "false",
    "NULL": "null",
}


@dataclass(frozen=True, slots=True)
class Duplicate:
    path: JsonPath
    span: Span
    first: Span


@dataclass(slots=True)
class ScannedJson:
    """Spans by path. Of an object or array the span is its opening bracket; `error` is the first place that is no JSON."""

    values: dict[JsonPath, Span] = field(default_factory=dict)
    keys: dict[JsonPath, Span] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    error: tuple[Span, str] | None = None


class _NotJson(Exception):
    def __init__(self, offset: int, message: str, length: int = 1) -> None:
        super().__init__(message)
        self.span = Span(offset, length)


def scan(text: str) -> ScannedJson:
    """Read the whole text; stops at the first place that is no JSON. Never raises."""
    found = ScannedJson()
    try:
        _Scanner(text, found).run()
    except _NotJson as problem:
        found.error = (problem.span, str(problem))
    return found


@dataclass(slots=True)
class _Container:
    path: JsonPath
    offset: int
    is_object: bool
    key: str = ""
    count: int = 0

    @property
    def opener(self) -> str:
        return "{" if self.is_object else "["

    @property
    def closer(self) -> str:
        return "}" if self.is_object else "]"

    def child(self) -> JsonPath:
        return (*self.path, self.key if self.is_object else self.count)


class _Scanner:
    """A loop with its own stack, so that deep nesting cannot exhaust Python's."""

    def __init__(self, text: str, found: ScannedJson) -> None:
        self.text = text
        self.found = found
        self.at = 0
        self.open: list[_Container] = []
        self.last_text = Span(0, 0)

    def run(self) -> None:
        self._skip_space()
        if self.at == len(self.text):
            raise _NotJson(0, "the file is empty: a plan is an object { … }")
        self._value(())
        while self.open:
            self._skip_space()
            self._continue(self.open[-1])
        self._skip_space()
        if self.at < len(self.text):
            raise _NotJson(self.at, "text after the end of the plan", len(self.text) - self.at)

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _continue(self, container: _Container) -> None:
        """The next member of `container`, or its end."""
        char = self.text[self.at : self.at + 1]
        if char == container.closer:
            self._close()
        elif container.count and char != ",":
            raise self._unexpected_in(container)
        else:
            if container.count:
                comma = self.at
                self.at += 1
                self._skip_space()
                if self.text[self.at : self.at + 1] in ("}", "]"):
                    raise _NotJson(comma, f"a comma too many before {self.text[self.at]}")
            if container.is_object:
                self._key(container)
            path = container.child()
            container.count += 1
            self._value(path)

    def _close(self) -> None:
        self.open.pop()
        self.at += 1

    def _unexpected_in(self, container: _Container) -> _NotJson:
        if self.at >= len(self.text):
            return self._file_ends(container)
        char = self.text[self.at]
        if char in "}]":
            line = self.text.count("\n", 0, container.offset) + 1
            return _NotJson(
                self.at, f"{char} does not close the {container.opener} of line {line}: {container.closer} expected"
            )
        self._refuse_comment()
        self._refuse_text_run_on()
        return _NotJson(self.at, f"a comma is missing before {self._shown()}", len(self._shown()))

    def _file_ends(self, container: _Container) -> _NotJson:
        line = self.text.count("\n", 0, container.offset) + 1
        return _NotJson(len(self.text.rstrip()) - 1, f"the file ends before the {container.opener} of line {line} is closed")

    def _key(self, container: _Container) -> None:
        start = self.at
        if start >= len(self.text):
            raise self._file_ends(container)
        if self.text[start] != '"':
            self._refuse_comment()
            raise _NotJson(start, f"a key in double quotes is expected, found {self._shown()}", len(self._shown()))
        key = self._string()
        container.key = key
        path = container.child()
        span = Span(start, self.at - start)
        if path in self.found.keys:
            self.found.duplicates.append(Duplicate(path, span, self.found.keys[path]))
        else:
            self.found.keys[path] = span
        self._skip_space()
        if self.text[self.at : self.at + 1] != ":":
            self._refuse_text_run_on()
            raise _NotJson(min(self.at, len(self.text.rstrip()) - 1), f'a colon is missing after the key "{key[:40]}"')
        self.at += 1
        self._skip_space()

    def _refuse_text_run_on(self) -> None:
        """A text that ends right before a word has swallowed what should follow it: its own closing quote is missing."""
        text = self.last_text
        if text.offset + text.length == self.at < len(self.text) and self.text[self.at] not in ' \t\r\n,:{}[]"':
            meant = _TEXT_WITHOUT_END.match(self.text, text.offset)
            raise _NotJson(text.offset, "this text lacks its closing double quote", len(meant[0]) if meant else 1)

    def _value(self, path: JsonPath) -> None:
        start = self.at
        if start >= len(self.text):
            raise self._file_ends(self.open[-1])
        char = self.text[start]
        if char in "{[":
            if len(self.open) >= DEEPEST:
                raise _NotJson(start, f"nested deeper than {DEEPEST} levels")
            self.open.append(_Container(path, start, char == "{"))
            self.at += 1
        elif char == '"':
            self._string()
        else:
            self._plain()
        self.found.values.setdefault(path, Span(start, self.at - start))

    def _string(self) -> str:
        start = self.at
        if match := _STRING.match(self.text, start):
            self.at = match.end()
            self.last_text = Span(start, self.at - start)
            value: str = json.loads(match[0])
            if any("\ud800" <= char <= "\udfff" for char in value):
                raise _NotJson(start, "half of a surrogate pair (\\ud800 to \\udfff) is no character", len(match[0]))
            return value
        broken = _STRING_START.match(self.text, start)
        end = broken.end() if broken else start
        char = self.text[end : end + 1]
        if char == "\\":
            raise _NotJson(
                end, f'{self.text[end : end + 2]} is no escape of JSON: allowed are \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX', 2
            )
        if char in ("", "\n", "\r"):
            raise _NotJson(start, "this text is not closed on its line", end - start)
        raise _NotJson(end, f"a control character (code {ord(char)}) in a text: write it as \\u{ord(char):04x}")

    def _plain(self) -> None:
        if match := _NUMBER.match(self.text, self.at):
            self._check_number(match[0])
            self.at = match.end()
            return
        self._refuse_comment()
        word = self._shown()
        if word in _LITERALS:
            self.at += len(word)
            return
        raise _NotJson(self.at, self._why_no_value(word), len(word))

    def _check_number(self, number: str) -> None:
        if len(number) > LONGEST_NUMBER:
            raise _NotJson(self.at, f"a number of {len(number)} digits: at most {LONGEST_NUMBER} are allowed", len(number))
        if math.isinf(float(number)):
            raise _NotJson(self.at, f"{number} is too large for a number", len(number))

    def _why_no_value(self, word: str) -> str:
        if word.startswith("'"):
            return "a text stands in double quotes"
        if word in _MEANT:
            return f"{word} is no JSON: write {_MEANT[word]}"
        if word.lstrip("+-") in ("NaN", "nan", "Infinity", "inf"):
            return f"{word} is no JSON number"
        if word[0].isdigit() or word[0] in "+-.":
            return f"{word[:40]} is no JSON number"
        return f"a value is expected, found {word[:40]}"

    def _refuse_comment(self) -> None:
        if self.text.startswith(("//", "/*", "#"), self.at):
            raise _NotJson(
                self.at, "a comment: allowed in *.plan.jsonc only (// and /* */)", 2 if self.text[self.at] == "/" else 1
            )

    def _shown(self) -> str:
        """What stands here, for a message."""
        if match := _WORD.match(self.text, self.at):
            return match[0][:60]
        if match := _STRING.match(self.text, self.at):
            return match[0][:60]
        return self.text[self.at : self.at + 1]
