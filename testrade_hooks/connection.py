"""Connections of our own to the Redis an application gave us, with manners that the application's client need not have."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_NOT_FOR_OUR_POOL = ("maint_notifications", "orig_", "legacy_responses")


def own_client(client: redis.Redis, *, socket_timeout_s: float) -> redis.Redis:
    """A client for the same server: bytes in and out, bounded waits, and no command is ever sent twice.

    A repeated XADD whose first reply was lost would make a second event, a repeated XREAD would skip a command.
    Nothing is connected until first use. The caller closes it.
    """
    pool = client.connection_pool
    settings: dict[str, Any] = {
        name: value for name, value in pool.connection_kwargs.items() if not name.startswith(_NOT_FOR_OUR_POOL)
    }
    settings |= {
        "protocol": 2,
        "decode_responses": False,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "socket_timeout": socket_timeout_s,
    }
    return redis.Redis.from_pool(redis.ConnectionPool(connection_class=pool.connection_class, **settings))
