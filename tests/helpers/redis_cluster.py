"""A Redis cluster of real servers on loopback; slots are spread evenly over the nodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import redis
from helpers.redis_server import RedisServer, free_port

_SLOTS = 16384
_READY_WITHIN_S = 60.0


class RedisCluster:
    """`with RedisCluster(3) as cluster:` gives running nodes that agree; `url` is that of the first."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._opened = ExitStack()
        self.nodes: list[RedisServer] = []

    def __enter__(self) -> Self:
        bus_ports = []
        for _ in range(self._nodes):
            bus_ports.append(free_port())
            options = ("--cluster-enabled", "yes", "--cluster-port", str(bus_ports[-1]), "--cluster-node-timeout", "2000")
            self.nodes.append(self._opened.enter_context(RedisServer(*options)))
        for number, node in enumerate(self.nodes):
            first, after = (_SLOTS * part // self._nodes for part in (number, number + 1))
            _told(node, "CLUSTER ADDSLOTSRANGE", first, after - 1)
            _told(node, "CLUSTER SET-CONFIG-EPOCH", number + 1)
        for node, bus_port in zip(self.nodes[1:], bus_ports[1:], strict=True):
            _told(self.nodes[0], "CLUSTER MEET", "127.0.0.1", node.port, bus_port)
        self.wait_until_ready()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._opened.close()

    @property
    def url(self) -> str:
        return self.nodes[0].url

    def client(self) -> Any:
        return redis.RedisCluster(host="127.0.0.1", port=self.nodes[0].port)

    def wait_until_ready(self) -> None:
        _wait(lambda: all(self._agrees(node) for node in self.nodes))

    def holder(self, key: str) -> RedisServer:
        """The node that has the slot of `key`."""
        with self.client() as client:
            port = client.get_node_from_key(key).port
        return next(node for node in self.nodes if node.port == port)

    def move(self, key: str) -> None:
        """Give the slot of `key`, with what is in it, to the next node."""
        source = self.holder(key)
        target = self.nodes[(self.nodes.index(source) + 1) % len(self.nodes)]
        with self.client() as client:
            slot = client.keyslot(key)
        ids = [_told(node, "CLUSTER MYID").decode() for node in (source, target)]
        _told(target, "CLUSTER SETSLOT", slot, "IMPORTING", ids[0])
        _told(source, "CLUSTER SETSLOT", slot, "MIGRATING", ids[1])
        for name in _told(source, "CLUSTER GETKEYSINSLOT", slot, 1000):
            _told(source, "MIGRATE", "127.0.0.1", target.port, name, 0, 2000)
        for node in (target, source, *self.nodes):
            _told(node, "CLUSTER SETSLOT", slot, "NODE", ids[1])

    def _agrees(self, node: RedisServer) -> bool:
        said = _told(node, "CLUSTER INFO")
        return bool(said["cluster_state"] == "ok" and int(said["cluster_known_nodes"]) == self._nodes)


def _told(node: RedisServer, *command: str | int) -> Any:
    with node.client() as client:
        return client.execute_command(*command)  # type: ignore[no-untyped-call]


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "the cluster does not come up"
        time.sleep(0.02)
