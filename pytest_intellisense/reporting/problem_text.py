"""The text of what stops a plan before its first step: mistakes in its file, and an environment that is not usable."""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.reporting.lines import Line, Piece, clipped, in_ascii, line, printable

if TYPE_CHECKING:
    from pytest_intellisense.codec.problems import Place, Problem

PROBLEMS_SHOWN = 10
ALLOWED_SHOWN = 12


def problem_lines(
    path: str, problems: Sequence[Problem], *, width: int = 100, unicode: bool = True, verbose: int = 0
) -> list[Line]:
    """All mistakes of one plan file, each with its line, a caret and what is allowed there."""
    shown = problems if verbose > 1 else problems[:PROBLEMS_SHOWN]
    lines = [line(Piece(f"PLAN  {printable(path)} has {_count(problems)}", "red"))]
    for problem in shown:
        lines += [line(""), *_problem(path, problem, width)]
    if len(shown) < len(problems):
        lines += [line(""), line(Piece(f"… and {len(problems) - len(shown)} more (-vv shows all)", "light"))]
    return lines if unicode else in_ascii(lines)


def problems_in_one_line(problems: Sequence[Problem]) -> str:
    first = problems[0]
    return printable(f"PLAN {_count(problems)}, first at {first.line}:{first.column}: {first.message}")


def environment_lines(error: IntelliSenseError, *, width: int = 100, unicode: bool = True) -> list[Line]:
    """What is not usable and what to do about it."""
    indent = " " * (len(error.domain) + 2)
    sentence, *more = textwrap.wrap(printable(str(error)), width - len(indent)) or [""]
    lines = [line(Piece(f"{error.domain}  {sentence}", "red")), *(line(Piece(f"{indent}{part}", "red")) for part in more)]
    for paragraph in error.hint.splitlines():
        lines += [line(f"{indent}{part}") for part in textwrap.wrap(printable(paragraph), width - len(indent))]
    return lines if unicode else in_ascii(lines)


def _count(problems: Sequence[Problem]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def _problem(path: str, problem: Problem, width: int) -> Iterator[Line]:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(path), problem.file)) if problem.file else path
    yield line("E  ", Piece(f"{printable(path)}:{problem.line}:{problem.column}", "bold"), f"  {printable(problem.message)}")
    if problem.source_line.strip():
        yield from _source(problem, width)
    if problem.first:
        yield line(f"E    = first at {problem.first.line}:{problem.first.column}")
        yield from _source(problem.first, width)
    if problem.suggestion:
        yield line("E    = did you mean ", Piece(f'"{printable(problem.suggestion)}"', "green"), "?")
    if problem.allowed:
        names = ", ".join(printable(str(name)) for name in problem.allowed[:ALLOWED_SHOWN])
        more = f", … ({len(problem.allowed)} in all)" if len(problem.allowed) > ALLOWED_SHOWN else ""
        for at, part in enumerate(textwrap.wrap(names + more, width - 16)):
            yield line(("E    = allowed: " if at == 0 else "E               ") + part)
    if problem.json_path:
        yield line(Piece(f"E    = at {printable(problem.json_path)}", "light"))


def _source(place: Problem | Place, width: int) -> Iterator[Line]:
    gutter = " " * len(str(place.line))
    room = width - len(gutter) - 6
    source = place.source_line.rstrip("\r\n").replace("\t", " ")
    column = min(max(place.column - 1, 0), len(source))
    begin = max(0, column - room // 2) if len(source) > room else 0
    visible = "".join(letter if letter.isprintable() else "?" for letter in source[begin:])
    marked = max(1, min(place.length, len(source) - column, room - (column - begin)))
    yield line(Piece(f"E  {gutter} |", "light"))
    yield line(Piece(f"E  {place.line} | ", "light"), clipped(visible, room))
    yield line(Piece(f"E  {gutter} | ", "light"), " " * (column - begin), Piece("^" * marked, "red"))
