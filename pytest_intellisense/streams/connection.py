"""The door to Redis: where it is, how a client is opened, and what every failure of it means to a user."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import quote, unquote

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from pytest_intellisense.errors import EnvironmentProblem, SettingsError

if TYPE_CHECKING:
    import fakeredis

    from pytest_intellisense.streams.doorbell import Doorbell

CONNECT_TIMEOUT_S = 2.0
_READ_BYTES = 512 * 1024
"""A reply of hundreds of entries comes in one piece; after each piece another thread may take its turn."""

REPLY_TIMEOUT_S = 4.0
"""Longer than any blocking read of ours, and together with the connect still under 5 s of waiting for a mute server."""

LOADED_WITHIN_S = 4.0
_PING_AGAIN_S = 0.05
_RESOLVE_TIMEOUT_S = 2.0
_OVER_TLS = " over TLS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Redis and how to open clients of it. `address` is fit to be shown: it holds no credentials.

    `doorbell` is there where the server itself cannot be waited on (fakeredis).
    """

    address: str
    open: Callable[[], redis.Redis]
    doorbell: Doorbell | None = None
    open_cluster: Callable[[], redis.Redis] | None = None

    def connect(self) -> redis.Redis:
        """A client that has just been answered; of a cluster it is redis.RedisCluster. Raises EnvironmentProblem within 5 s."""
        client = self.open()
        try:
            with reported(self.address):
                _ping(client)
                clustered = self.open_cluster is not None and _is_of_cluster(client)
        except EnvironmentProblem:
            client.close()
            raise
        if not clustered:
            return client
        client.close()
        return self._of_cluster().connect()

    def settled(self) -> Endpoint:
        """The same Redis, opened from now on as what it is: `open` gives clients of the whole cluster if it is one.

        Raises EnvironmentProblem.
        """
        with self.connect() as client:
            return self._of_cluster() if is_cluster(client) else self

    def _of_cluster(self) -> Endpoint:
        return replace(self, open=self.open_cluster or self.open, open_cluster=None)


def connect(url: str) -> redis.Redis:
    """A client that has just been answered: never repeats a command, bytes in and out. Raises EnvironmentProblem within 5 s."""
    return endpoint_of(url).connect()


def endpoint_of(url: str) -> Endpoint:
    """The Redis at `url`; a raw `@` or `/` in the password is understood. Raises SettingsError for what is no Redis URL."""
    try:
        options: dict[str, Any] = parse_url(_quoted(url))  # type: ignore[no-untyped-call]
    except ValueError:
        raise SettingsError(
            f"not a Redis URL: {url}",
            hint="write redis://host:port/db, rediss://… for TLS, or unix:///path; user:password@ stands before the host",
        ) from None
    options |= {
        "decode_responses": False,
        "socket_read_size": _READ_BYTES,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": REPLY_TIMEOUT_S,
    }
    options.pop("retry_on_timeout", None)
    try:
        _client(options).connection_pool.make_connection()
    except (TypeError, ValueError, redis.RedisError) as problem:
        hint = "leave out what stands behind the question mark"
        raise SettingsError(f"an option of the Redis URL is not understood: {problem}", hint=hint) from None
    path = options.get("path")
    if path is not None:
        return Endpoint(str(path), lambda: _client(options))
    options["socket_connect_timeout"] = CONNECT_TIMEOUT_S
    host, port = str(options.setdefault("host", "localhost")), int(options.setdefault("port", 6379))

    def open_client() -> redis.Redis:
        _resolve(host, port)
        return _client(options)

    address = f"{host}:{port}{_OVER_TLS if url.startswith('rediss:') else ''}"
    return Endpoint(address, open_client, open_cluster=lambda: _cluster_client(options))


def embedded_endpoint(server: fakeredis.FakeServer) -> Endpoint:
    """The Redis inside this process."""
    import fakeredis

    from pytest_intellisense.streams.doorbell import Doorbell

    doorbell = Doorbell()

    def open_client() -> redis.Redis:
        return fakeredis.FakeRedis(server=server, connection_class=doorbell.connection_class)

    return Endpoint("embedded", open_client, doorbell)


def is_cluster(client: object) -> TypeGuard[redis.RedisCluster]:
    return isinstance(client, redis.RedisCluster)


def address_of(client: redis.Redis) -> str:
    """Where `client` connects to, without credentials."""
    if is_cluster(client):
        return str(client.get_default_node().name)  # type: ignore[no-untyped-call]
    options = client.connection_pool.connection_kwargs
    if "server" in options:
        return "embedded"
    return str(options["path"]) if "path" in options else f"{options.get('host')}:{options.get('port')}"


@contextmanager
def reported(address: str, *, key: str = "") -> Iterator[None]:
    """Turn every Redis and socket error inside into an EnvironmentProblem that says what to do."""
    try:
        yield
    except (redis.RedisError, redis.exceptions.RedisClusterException, OSError) as error:
        raise problem_of(error, address, key=key) from None


_ANSWERS = (
    (
        ("NOAUTH", "Authentication required", "HELLO must be called with the client already authenticated"),
        "wants a password, and the URL has none",
        "put user:password@ before the host in the URL; without a user it is :password@",
    ),
    (
        ("DB index is out of range",),
        "has no database of this number",
        "the URL ends in the number of the database: write /0, or raise `databases` of the server",
    ),
    (("max number of clients",), "takes no more clients", "close some, or raise maxclients of the server"),
    (
        ("protected mode",),
        "is in protected mode and answers its own machine only",
        "set a password for it and put it into the URL, or run on that machine",
    ),
)
"""By what a server says: what it means, and what to do."""


def problem_of(error: BaseException, address: str, *, key: str = "") -> EnvironmentProblem:
    """What `error` means, in words; `key` is the stream that was asked for, if one was."""
    where = f"Redis at {address}"
    of_key = f" ({key})" if key else ""
    text = str(error)
    cause = _cause(error)
    for said, meaning, hint in _ANSWERS:
        if any(words in text for words in said):
            return EnvironmentProblem(f"{where} {meaning}", hint=hint)
    if isinstance(error, redis.AuthenticationError) or text.startswith("WRONGPASS") or "invalid username" in text:
        return EnvironmentProblem(
            f"{where} rejected the user or password", hint="check both in the URL; it was tried once only"
        )
    if isinstance(error, redis.exceptions.NoPermissionError) or text.startswith("NOPERM"):
        return EnvironmentProblem(
            f"{where} forbids us {_forbidden(text)}{of_key}", hint="give this Redis user the right by ACL SETUSER"
        )
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return EnvironmentProblem(
            f"{where} is out of memory and refused to write{of_key}", hint="raise maxmemory or trim its streams"
        )
    if isinstance(error, redis.ReadOnlyError):
        return EnvironmentProblem(f"{where} is a read-only replica", hint="give the URL of the primary")
    if isinstance(error, redis.BusyLoadingError):
        return EnvironmentProblem(f"{where} is still loading its data", hint="try again when it is up")
    if text.startswith("WRONGTYPE"):
        return EnvironmentProblem(
            f"{where} holds something else than a stream under {key or 'a stream name'}", hint="rename or delete that key"
        )
    if isinstance(cause, ssl.SSLError):
        return EnvironmentProblem(
            f"{where} did not agree on TLS", hint="rediss:// is for TLS, redis:// for plain; check the certificate too"
        )
    if isinstance(cause, socket.gaierror):
        return EnvironmentProblem(f"{where}: no such host", hint="check the host name in the URL")
    if isinstance(cause, ConnectionRefusedError | FileNotFoundError):
        return EnvironmentProblem(
            f"{where} refused the connection: nothing listens there", hint="start redis-server there or correct the URL"
        )
    if isinstance(error, redis.TimeoutError | TimeoutError) or isinstance(cause, TimeoutError):
        plain = "a server without TLS stays silent like this: then use redis://; " if address.endswith(_OVER_TLS) else ""
        hint = f"{plain}is the server stopped, overloaded or behind a firewall?"
        return EnvironmentProblem(f"{where} did not answer in time", hint=hint)
    if isinstance(error, redis.exceptions.InvalidResponse):
        return EnvironmentProblem(
            f"{where} does not speak as Redis does: {text}",
            hint="something else listens there; correct host and port in the URL",
        )
    if isinstance(error, redis.ConnectionError | OSError):
        return EnvironmentProblem(f"{where} broke the connection", hint="is it running? If it speaks TLS only, use rediss://")
    return EnvironmentProblem(
        f"{where} refused a command{of_key}: {text}", hint="these are the words of the server; its manual says what it wants"
    )


def _ping(client: redis.Redis) -> None:
    """A server that is still loading its data is waited for."""
    deadline = time.monotonic() + LOADED_WITHIN_S
    while True:
        try:
            client.ping()
        except redis.BusyLoadingError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PING_AGAIN_S)
        else:
            return


def _client(options: dict[str, Any]) -> redis.Redis:
    return redis.Redis.from_pool(redis.ConnectionPool(**options))


def _cluster_client(options: Mapping[str, Any]) -> redis.Redis:
    """Asks the cluster where its slots are. Raises redis errors."""
    from_url = ("db", "connection_class", "retry")
    settings = {name: value for name, value in options.items() if name not in from_url}
    if options.get("connection_class") is redis.SSLConnection:
        settings["ssl"] = True
    try:
        client: Any = redis.RedisCluster(**settings, retry=Retry(NoBackoff(), 0))
    except redis.exceptions.RedisClusterException as error:
        raise redis.ConnectionError(str(error)) from error
    return client  # type: ignore[no-any-return]


def _is_of_cluster(client: redis.Redis) -> bool:
    """Every user may say HELLO; a server that does not know it is older than what we read clusters of."""
    try:
        said = client.execute_command("HELLO")  # type: ignore[no-untyped-call]
    except redis.ResponseError:
        return False
    facts = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
    return bool(facts.get(b"mode") == b"cluster")


def _cause(error: BaseException) -> BaseException:
    """What the operating system said, if it was asked: the nearest such error behind `error`."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, OSError):
        behind = behind.__cause__ or behind.__context__
    return behind or error


def _forbidden(text: str) -> str:
    command = re.search(r"'([^']+)' command", text)
    return f"the command {command[1].upper().replace('|', ' ')}" if command else "the use of a key"


def _quoted(url: str) -> str:
    """`url` with user and password percent-encoded: the last `@` before the host ends the credentials."""
    scheme, separator, rest = url.partition("://")
    if "@" not in rest:
        return url
    credentials, _, place = rest.rpartition("@")
    user, colon, password = credentials.partition(":")
    return f"{scheme}{separator}{quote(unquote(user), safe='')}{colon}{quote(unquote(password), safe='')}@{place}"


def _resolve(host: str, port: int) -> None:
    """Fail in time where name resolution hangs: no socket timeout covers it. Its own errors are left to the connect."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return
    finished = threading.Event()

    def look_up() -> None:
        with suppress(OSError):
            socket.getaddrinfo(host, port)
        finished.set()

    threading.Thread(target=look_up, name="intellisense-resolve", daemon=True).start()
    if not finished.wait(_RESOLVE_TIMEOUT_S):
        raise EnvironmentProblem(
            f"Redis at {host}:{port}: the host name could not be resolved in time", hint="check the name and the DNS"
        )
