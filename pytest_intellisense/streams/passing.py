"""Which errors of a Redis pass by waiting or by looking again: the one place that tells their classes and texts apart."""

from __future__ import annotations

import redis

OF_THE_SERVER = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, redis.exceptions.ClusterDownError)
"""It is away, starting or switching over (LOADING is a ConnectionError, MASTERDOWN a ClusterDownError)."""

_MOVING = (redis.exceptions.AskError, redis.exceptions.TryAgainError)
"""A slot on its way to another node; a new client finds it there. (MOVED is an AskError.)"""

_ABOUT_A_STREAM = ("NOGROUP", "UNBLOCKED", "WRONGTYPE", "The XGROUP subcommand requires the key to exist")
"""Looking again finds out which stream, and makes whole what can be made whole."""

_BUSY = "BUSY "
"""A script runs. (BUSYGROUP is something else.)"""


def is_of_the_server(answer: object) -> bool:
    """Whether this is an error that says nothing about the stream that was asked for."""
    return isinstance(answer, OF_THE_SERVER) or (isinstance(answer, Exception) and str(answer).startswith(_BUSY))


def may_pass(error: redis.RedisError) -> bool:
    """Whether to try again until the deadline. A wrong password and any other refusal stay what they are."""
    if isinstance(error, redis.AuthenticationError):
        return False
    return is_of_the_server(error) or isinstance(error, _MOVING) or str(error).startswith(_ABOUT_A_STREAM)
