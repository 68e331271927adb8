"""Connections of our own to the Redis an application gave us, with manners that the application's client need not have."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry

_NOT_FOR_OUR_POOL = ("maint_notifications", "orig_", "legacy_responses", "oss_cluster_", "redis_connect_func")
_NOT_FOR_A_CLUSTER = frozenset({"host", "port", "db", "retry_on_timeout"})


def own_client(client: redis.Redis, *, socket_timeout_s: float) -> redis.Redis:
    """A client for the same server: bytes in and out, bounded waits, and no command is ever sent twice.

    A repeated XADD whose first reply was lost would make a second event, a repeated XREAD would skip a command.
    Nothing is connected until first use; a redis.RedisCluster is asked at once where its slots are, which may raise
    redis.RedisError. The caller closes it.
    """
    manners: dict[str, Any] = {
        "protocol": 2,
        "decode_responses": False,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": socket_timeout_s,
    }
    if isinstance(client, redis.RedisCluster):
        return _own_cluster(client, manners)
    pool = client.connection_pool
    settings = _settings(pool.connection_kwargs) | manners | {"retry_on_timeout": False}
    return redis.Redis.from_pool(redis.ConnectionPool(connection_class=pool.connection_class, **settings))


def is_cluster(client: object) -> bool:
    return isinstance(client, redis.RedisCluster)


class _OwnCluster(redis.RedisCluster):
    """That a slot has no node is a lost connection to whoever waits for Redis; the library's error is no RedisError."""

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]
        except redis.exceptions.RedisClusterException as error:
            raise redis.ConnectionError(str(error)) from error


def _own_cluster(client: Any, manners: dict[str, Any]) -> Any:
    given = _settings(client.get_connection_kwargs())
    settings = {name: value for name, value in given.items() if name not in _NOT_FOR_A_CLUSTER}
    nodes: Any = [ClusterNode(node.host, node.port) for node in client.get_nodes()]  # type: ignore[no-untyped-call]
    try:
        return _OwnCluster(startup_nodes=nodes, **settings | manners)
    except redis.exceptions.RedisClusterException as error:
        raise redis.ConnectionError(str(error)) from error


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if not name.startswith(_NOT_FOR_OUR_POOL)}
