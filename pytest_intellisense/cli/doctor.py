"""`intellisense doctor`: what a recorder would meet at a Redis, and what to do about it."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_intellisense.cli import given
from pytest_intellisense.cli.exits import COMPLETE, NOTHING_READABLE, READABLE_WITH_LOSSES
from pytest_intellisense.cli.redis_url import add_redis_arguments, redis_url_of

if TYPE_CHECKING:
    from pytest_intellisense.doctor.finding import Finding

NAME = "doctor"
HELP = "Look at a Redis that TESTRADE writes to, without changing it, and say what recording would meet there."

_WIDTH = 118
_INDENT = " " * 25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_redis_arguments(parser)
    parser.add_argument("--stream", action="append", default=[], metavar="NAME", help="one more stream to look at")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 all well, 3 with warnings, 1 when nothing could be recorded. Raises SettingsError."""
    from pytest_intellisense.doctor.examination import examine
    from pytest_intellisense.streams.connection import endpoint_of

    given.check_not_empty(arguments, "stream")
    endpoint = endpoint_of(redis_url_of(arguments))
    findings = examine(endpoint, arguments.stream)
    if arguments.json:
        print(json.dumps({"redis": endpoint.address, "findings": [_row(one) for one in findings]}, indent=2))
    else:
        print(_table(findings))
    levels = {str(finding.level) for finding in findings}
    return NOTHING_READABLE if "fail" in levels else READABLE_WITH_LOSSES if "warn" in levels else COMPLETE


def _row(finding: Finding) -> dict[str, str]:
    return {"level": str(finding.level), "subject": finding.subject, "text": finding.text, "advice": finding.advice}


def _table(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        lines += _wrapped(f"{finding.level:<10}  {finding.subject:<11}  ", finding.text)
        if finding.advice:
            lines += _wrapped(f"{_INDENT}→ ", finding.advice)
    return "\n".join(lines)


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=_INDENT, break_on_hyphens=False)
