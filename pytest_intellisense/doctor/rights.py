"""Which rights a recorder would lack, found by giving each of its commands in a form that does nothing.

An id that is none, or a group that nobody has, is refused after the rights were looked at and before anything is changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from pytest_intellisense.doctor.asking import Asking, CannotSee, Command
from pytest_intellisense.doctor.finding import Finding, fail, ok

_NO_ID = "no-id"


def rights(asking: Asking, streams: Sequence[str]) -> Iterator[Finding]:
    name = f"doctor-{secrets.token_hex(6)}"
    private = f"intellisense:capture:{name}"
    commands = [command for stream in streams for command in _of_stream(stream, f"intellisense:{name}")]
    commands += [*_of_stream(private, f"intellisense:{name}"), ("XADD", private, _NO_ID, "call", ""), ("DEL", private)]
    answers = asking.ask_each(commands)
    refused: dict[str, list[str]] = {}
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, CannotSee):
            refused.setdefault(_right(command), []).append(_key(command))
    if not refused:
        yield ok("rights", "all that a recorder needs")
        return
    for right, keys in refused.items():
        where = f"all {len(keys)} keys" if len(keys) > len(streams) else ", ".join(keys[:3]) + (" …" if len(keys) > 3 else "")
        yield fail(
            "rights",
            f"a recorder may not use {right.replace('|', ' ').upper()} on {where}",
            f"ACL SETUSER … +{right} {_patterns(keys)}",
        )


def _of_stream(stream: str, group: str) -> list[Command]:
    return [
        ("XINFO STREAM", stream),
        ("XREVRANGE", stream, "-", "+", "COUNT", 1),
        ("XRANGE", stream, "+", "-", "COUNT", 1),
        ("XGROUP CREATE", stream, group, _NO_ID),
        ("XREADGROUP", "GROUP", group, "recorder", "COUNT", 1, "STREAMS", stream, ">"),
        ("XACK", stream, group, "0-1"),
        ("XGROUP DESTROY", stream, group),
    ]


def _right(command: Command) -> str:
    """As ACL SETUSER spells it."""
    return str(command[0]).lower().replace(" ", "|")


def _key(command: Command) -> str:
    return str(command[-2]) if command[0] == "XREADGROUP" else str(command[1])


def _patterns(keys: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(f"~{key.partition(':')[0]}:*" if ":" in key else f"~{key}" for key in keys))
