"""Which rights a recorder would lack with this Redis user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from pytest_intellisense.doctor.asking import Asking
from pytest_intellisense.doctor.finding import Finding, fail, ok
from pytest_intellisense.streams.groups import private_stream_of
from pytest_intellisense.streams.rights import refusals


def rights(asking: Asking, streams: Sequence[str]) -> Iterator[Finding]:
    """Every command of a recorder is tried in a form that changes nothing."""
    refused = refusals(asking.client, streams, private_stream_of(f"doctor-{secrets.token_hex(6)}"))
    if not refused:
        yield ok("rights", "all that a recorder needs")
    for command in [one for one in refused if not one.stream]:
        yield fail("rights", f"a recorder may not use {command}", f"ACL SETUSER … {command.rule}")
    of_pattern: dict[str, dict[str, None]] = {}
    for one in refused:
        if one.stream:
            of_pattern.setdefault(_pattern(one.stream), {})[one.stream] = None
    for pattern, names in of_pattern.items():
        yield fail("rights", f"a recorder may not use {', '.join(names)}", f"ACL SETUSER … ~{pattern}")


def _pattern(stream: str) -> str:
    head, colon, _ = stream.partition(":")
    return f"{head}:*" if colon else stream
