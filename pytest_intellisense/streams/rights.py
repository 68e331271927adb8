"""Whether this Redis user may do all that capturing needs, found out before anything is read and without changing anything."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import redis

from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.streams.connection import reported


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that this user may not run, or not on this stream (empty: nowhere)."""

    command: str
    stream: str = ""

    @property
    def rule(self) -> str:
        """What to give to ACL SETUSER."""
        return f"~{self.stream}" if self.stream else f"+{self.command.lower().replace(' ', '|')}"

    def __str__(self) -> str:
        return f"{self.command} on {self.stream}" if self.stream else self.command


def refusals(client: redis.Redis, streams: Sequence[str], private_stream: str) -> list[Refusal]:
    """Everything this user lacks for capturing `streams`. Raises redis errors of the connection."""
    found: dict[Refusal, None] = {}
    there: set[str] = set()
    for command, stream, words in _probes(streams, private_stream):
        if command == "DEL" and stream in there:
            continue  # a session that is running, or was interrupted, needs it
        try:
            client.execute_command(*words)  # type: ignore[no-untyped-call]
            if command == "XINFO STREAM":
                there.add(stream)
        except redis.exceptions.NoPermissionError as refusal:
            of_command = re.search(r"'[^']+' command", str(refusal))
            found[Refusal(command) if of_command else Refusal(command, stream)] = None
        except redis.ConnectionError:
            raise
        except redis.ResponseError:
            pass  # the right is there; the probe is made to be refused for another reason
    return list(found)


def require_rights(client: redis.Redis, address: str, streams: Sequence[str], private_stream: str) -> None:
    """Raises EnvironmentProblem that names every command and stream which is forbidden."""
    with reported(address):
        missing = refusals(client, streams, private_stream)
    if missing:
        rules = " ".join(dict.fromkeys(refusal.rule for refusal in missing))
        raise EnvironmentProblem(
            f"Redis at {address} forbids this user: {', '.join(map(str, missing))}",
            hint=f"add to its ACL SETUSER: {rules}   (all that capturing needs stands in docs/capture.md)",
        )


def _probes(streams: Sequence[str], private_stream: str) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Each right once: what it is called, the stream, and a command that needs it and does nothing."""
    nobody = f"intellisense:nobody:{uuid.uuid4()}"
    for stream in (*streams, private_stream):
        yield "XINFO STREAM", stream, ("XINFO STREAM", stream)
        yield "XINFO GROUPS", stream, ("XINFO GROUPS", stream)
        yield "XREVRANGE", stream, ("XREVRANGE", stream, "+", "-", "COUNT", 1)
        yield "XRANGE", stream, ("XRANGE", stream, "-", "-", "COUNT", 1)
        yield "XGROUP CREATE", stream, ("XGROUP CREATE", stream, nobody, "no id")
        yield "XGROUP DESTROY", stream, ("XGROUP DESTROY", stream, nobody)
        yield "XREADGROUP", stream, ("XREADGROUP", "GROUP", nobody, nobody, "COUNT", 1, "STREAMS", stream, "0")
        yield "XACK", stream, ("XACK", stream, nobody, "0-0")
    yield "XADD", private_stream, ("XADD", private_stream, "NOMKSTREAM", "0-0", "probe", "")
    yield "DEL", private_stream, ("DEL", private_stream)
