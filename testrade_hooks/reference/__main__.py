"""`python -m testrade_hooks.reference`: the reference application as a program of its own, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from testrade_hooks.gate import AppGate, Refused
from testrade_hooks.reference.app import ReferenceApp

_CONNECT_TIMEOUT_S = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 after an orderly end, 1 if Redis or the gate said no, 2 for wrong arguments."""
    options = _options(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        client = _client(options.redis_url)
    except ValueError as problem:
        return _complain(f"{_redacted(options.redis_url)} is no Redis URL: {problem}")
    where = _redacted(options.redis_url)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with client:
        try:
            open_client = _opener(client, options.redis_url)
            with open_client() as of_all:
                gate = AppGate(of_all, mode="TEST", allowed=True, run_id=options.run_id, lifetime_s=options.lifetime_s)
            gate.open()
        except (redis.RedisError, OSError) as problem:
            return _complain(f"cannot use Redis at {where}: {_without_url(str(problem), options.redis_url)}")
        except (Refused, ValueError) as problem:
            return _complain(f"injections are not possible: {problem}")
        with ReferenceApp(open_client, gate=gate):
            print(f"reference TESTRADE ready: redis {where}, run id {options.run_id}, injection open", flush=True)
            stop.wait()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testrade_hooks.reference", description=__doc__)
    parser.add_argument("--redis-url", default="redis://127.0.0.1:6379/0", help="default: %(default)s")
    parser.add_argument(
        "--run-id",
        default=os.environ.get("TESTRADE_INJECTION_RUN_ID") or uuid.uuid4().hex[:12],
        help="the test side must name the same (default: TESTRADE_INJECTION_RUN_ID, else a random one)",
    )
    parser.add_argument(
        "--lifetime-s", type=float, default=12 * 3600.0, help="injections end after this many seconds (default: 12 h)"
    )
    return parser.parse_args(arguments)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_connect_timeout=_CONNECT_TIMEOUT_S, socket_timeout=_CONNECT_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )


def _opener(client: redis.Redis, url: str) -> Callable[[], redis.Redis]:
    """How to open clients of what `client` reaches: of the whole cluster, if it is a node of one. Raises redis.RedisError."""
    if not client.info("cluster").get("cluster_enabled"):
        return lambda: _client(url)
    cluster: Any = redis.RedisCluster
    return lambda: cluster.from_url(
        url, socket_connect_timeout=_CONNECT_TIMEOUT_S, socket_timeout=_CONNECT_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    )


def _redacted(url: str) -> str:
    scheme, found, rest = url.partition("://")
    return f"{scheme}://***@{rest.rpartition('@')[2]}" if found and "@" in rest else url


def _without_url(message: str, url: str) -> str:
    message = message.replace(url, _redacted(url))
    return re.sub(r"(?<=://)\S*@", "***@", message).replace("\n", " ")


def _complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
