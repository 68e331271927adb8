"""Asking a Redis without changing it, with as few rights as there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

Command = tuple[str | int, ...]


class CannotSee(Exception):
    """The server refuses to tell; `str()` names the command."""


class Asking:
    """One client. Broken connections are raised as redis errors."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def nodes(self) -> list[Asking]:
        """Each server by itself: one, or every primary of a cluster."""
        cluster: Any = self.client
        if not isinstance(cluster, redis.RedisCluster):
            return [self]
        return [Asking(cluster.get_redis_connection(node)) for node in cluster.get_primaries()]  # type: ignore[no-untyped-call]

    def ask(self, *command: str | int) -> Any:
        """The answer as the client understands it. Raises CannotSee."""
        (answer,) = self.ask_each([command])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_each(self, commands: Sequence[Command]) -> list[Any]:
        """All answers of one round trip; a refusal is a CannotSee, any other error of one command stands in its place."""
        pipeline = self.client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        return [
            _checked(answer, command) for answer, command in zip(pipeline.execute(raise_on_error=False), commands, strict=True)
        ]


def is_forbidden(answer: Any) -> bool:
    return isinstance(answer, redis.exceptions.NoPermissionError) or str(answer).startswith("NOPERM")


def _checked(answer: Any, command: Command) -> Any:
    if isinstance(answer, redis.ConnectionError | redis.TimeoutError):
        raise answer
    if isinstance(answer, redis.ResponseError) and (is_forbidden(answer) or "unknown command" in str(answer)):
        return CannotSee(f"this Redis user may not use {command[0]}")
    return answer
