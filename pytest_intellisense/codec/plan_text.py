"""The text of a plan file, read within limits and decoded; comments blanked so that positions stay."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_intellisense.codec.plan_limits import DEEPEST, LARGEST_PLAN_BYTES, LONGEST_NUMBER
from pytest_intellisense.codec.problems import PlanFileError, Problem, Span, dotted, place_in

if TYPE_CHECKING:
    from pytest_intellisense.codec.positions import Duplicate


def read_plan_text(path: Path) -> str:
    """The text without byte order mark and comments. Raises PlanFileError for what is no UTF-8 file of at most 5 MB."""
    try:
        content = _read_limited(path)
    except OSError as problem:
        raise _whole_file(path, f"cannot be read: {problem.strerror or problem}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _not_utf8(path, content, problem.start) from None
    return _without_comments(path, text) if path.suffix == ".jsonc" else text


def _read_limited(path: Path) -> bytes:
    """Opened without waiting: a pipe that nobody writes to would never open."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _whole_file(path, f"is {_kind(facts.st_mode)}, not a file")
        if facts.st_size > LARGEST_PLAN_BYTES:
            size = f"{facts.st_size / 1e6:.1f} MB of plan: at most {LARGEST_PLAN_BYTES / 1e6:.0f} MB are read"
            raise _whole_file(path, size)
        return _read_all(descriptor, facts.st_size)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    content = os.read(descriptor, size + 1)
    while len(content) < size and (more := os.read(descriptor, size - len(content))):
        content += more
    return content


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "a device")


def _whole_file(path: Path, message: str) -> PlanFileError:
    return PlanFileError(path, [Problem(1, 1, message)])


def _not_utf8(path: Path, content: bytes, offset: int) -> PlanFileError:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _whole_file(path, "the file is UTF-16: save it as UTF-8")
    before = content[:offset].decode("utf-8-sig", errors="replace")
    place = place_in(content.decode("utf-8-sig", errors="replace"), Span(len(before), 1))
    message = f"byte 0x{content[offset]:02x} is not UTF-8: save the file as UTF-8"
    return PlanFileError(path, [Problem(place.line, place.column, message, source_line=place.source_line)])


_TEXT_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|/\*', re.DOTALL)
_TEXT_OR_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')
_NOT_NEWLINE = re.compile(r"[^\n]")


def _without_comments(path: Path, text: str) -> str:
    def blank(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return match[0]
        if match[0] == "/*":
            place = place_in(text, Span(match.start(), 2))
            problem = Problem(place.line, place.column, "this comment is not closed", source_line=place.source_line, length=2)
            raise PlanFileError(path, [problem])
        return _NOT_NEWLINE.sub(" ", match[0])

    return _TEXT_OR_COMMA.sub(blank, _TEXT_OR_COMMENT.sub(blank, text))


class _Suspicious(ValueError):
    """The slow reading has to look at this text."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Suspicious
    return members


def _suspicious(_: str) -> Any:
    raise _Suspicious


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or len(text) > LONGEST_NUMBER:
        raise _Suspicious
    return value


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise _Suspicious
    return int(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_suspicious, parse_float=_float, parse_int=_int)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\[{]|[\]}]')


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for part in _TEXT_OR_BRACKET.findall(text):
        if part in "[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif part in "]}":
            depth -= 1
    return False


def decode(path: Path, text: str) -> Any:
    """The JSON value of `text`. Raises PlanFileError with the place, in words, for anything that is not clean JSON."""
    try:
        if _SURROGATE.search(text) or _is_too_deep(text):
            raise _Suspicious
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        pass
    from pytest_intellisense.codec.positions import scan

    found = scan(text)
    problems = [_key_twice(text, duplicate) for duplicate in found.duplicates]
    if found.error:
        span, message = found.error
        place = place_in(text, span)
        problems.append(Problem(place.line, place.column, message, source_line=place.source_line, length=place.length))
    if problems:
        raise PlanFileError(path, problems)
    return json.loads(text)


def _key_twice(text: str, duplicate: Duplicate) -> Problem:
    place, first = place_in(text, duplicate.span), place_in(text, duplicate.first)
    return Problem(
        line=place.line,
        column=place.column,
        message=f'the key "{duplicate.path[-1]}" stands twice in this object, first at {first.line}:{first.column}',
        source_line=place.source_line,
        length=place.length,
        json_path=dotted(duplicate.path),
        first=first,
    )
