"""A Redis that cannot be used is one clear message within seconds, and never a password."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.entries import Entry
from pytest_intellisense.errors import EnvironmentProblem, IntelliSenseError, SettingsError
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams import connection
from pytest_intellisense.streams.connection import connect, endpoint_of, problem_of, reported
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

SECRET = "hunter2"


@pytest.fixture(scope="module")
def locked_server() -> Iterator[RedisServer]:
    with RedisServer("--requirepass", "p@ss/w:rd") as server:
        yield server


def told(url: str) -> str:
    """Everything a user sees of the failure to connect."""
    started = time.monotonic()
    with pytest.raises(IntelliSenseError) as caught:
        connect(url)
    assert time.monotonic() - started < 20
    return f"{caught.value}\n{caught.value.hint}"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_closed_port(redis_server: RedisServer) -> None:
    """The message has host and port and says what to do."""
    port = closed_port()
    text = told(f"redis://user:{SECRET}@127.0.0.1:{port}/0")
    assert f"Redis at 127.0.0.1:{port} refused the connection" in text
    assert "start redis-server" in text
    assert SECRET not in text


@pytest.mark.parametrize("password", [SECRET, f"{SECRET}@x", f"x/{SECRET}", f"a@{SECRET}/b"])
def test_a_wrong_password_is_tried_once(locked_server: RedisServer, password: str) -> None:
    """It is fatal at once, and no part of the password is shown, whatever characters it has."""
    with locked_server.client(password="p@ss/w:rd") as admin:
        before = admin.info("stats")["total_connections_received"]
        text = told(f"redis://:{password}@127.0.0.1:{locked_server.port}/0")
        assert admin.info("stats")["total_connections_received"] == before + 1
    assert "rejected the user or password" in text
    assert SECRET not in text


@pytest.mark.parametrize("written", ["p@ss/w:rd", "p%40ss%2Fw%3Ard"])
def test_a_right_password_raw_or_quoted(locked_server: RedisServer, written: str) -> None:
    """`@`, `/` and `:` in a password are understood as they stand and percent-encoded."""
    with connect(f"redis://:{written}@127.0.0.1:{locked_server.port}/0") as client:
        assert client.ping()


def test_tls_expected_of_a_plain_server(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a server says nothing at all; the hint has the other URL."""
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.3)
    assert "then use redis://" in told(f"rediss://127.0.0.1:{redis_server.port}/0")


def test_a_host_that_does_not_exist() -> None:
    """The name is shown: it is where the mistake is."""
    assert "Redis at no-such-host.invalid:6379" in told("redis://no-such-host.invalid:6379/0")


def test_a_mute_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing is given up in time."""
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.3)
    with RedisServer() as server:
        server.pause()
        assert "did not answer in time" in told(server.url)
        server.resume()


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", f"redis://:{SECRET}@127.0.0.1:notaport/0"])
def test_no_redis_url(url: str) -> None:
    """Something else than a URL is a mistake in the settings; the hint is whole and the password is not there."""
    with pytest.raises(SettingsError, match="not a Redis URL") as caught:
        endpoint_of(url)
    assert caught.value.hint == (
        "write redis://host:port/db, rediss://… for TLS, or unix:///path; user:password@ stands before the host"
    )
    assert SECRET not in str(caught.value)


def test_a_password_that_is_not_given(locked_server: RedisServer) -> None:
    """The server wants one, which is something else than a wrong one."""
    text = told(f"redis://127.0.0.1:{locked_server.port}/0")
    assert "wants a password, and the URL has none\nput user:password@ before the host" in text


def test_a_database_that_the_server_has_not(redis_server: RedisServer) -> None:
    """What the number in the URL is, and which one is always there."""
    assert "has no database of this number\nthe URL ends in the number of the database: write /0" in told(
        f"redis://127.0.0.1:{redis_server.port}/99"
    )


def test_a_server_that_has_no_room_for_us() -> None:
    """Which limit it is."""
    with RedisServer() as server, server.client() as other:
        other.config_set("maxclients", 1)
        assert "takes no more clients\nclose some, or raise maxclients" in told(server.url)


def test_a_server_that_is_no_redis() -> None:
    """Its first words are shown, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"<!DOCTYPE HTML>\r\n")

        threading.Thread(target=answer, daemon=True).start()
        text = told(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
    assert "does not speak as Redis does: " in text
    assert "something else listens there; correct host and port in the URL" in text


@pytest.mark.parametrize("option", ["foo=1", "protocol=9", "max_connections=few"])
def test_an_option_that_no_client_has(option: str) -> None:
    """A mistake in the settings too, not a traceback."""
    with pytest.raises(SettingsError, match="Redis URL"):
        endpoint_of(f"redis://127.0.0.1:6379/0?{option}")


@pytest.mark.parametrize(
    "option",
    ["protocol=2", "protocol=3", "decode_responses=yes", "socket_timeout=0.001", "retry_on_timeout=yes", "legacy_responses=no"],
)
def test_options_do_not_change_what_is_read(redis_server: RedisServer, option: str) -> None:
    """Capture goes on in bytes, waits as long as it must and repeats nothing, whatever a URL of the application says."""
    received: list[Entry] = []
    endpoint = endpoint_of(f"{redis_server.url}?{option}")
    consumer = StreamConsumer(endpoint, f"options-{option}")
    consumer.start(lambda batch: received.extend(batch.entries), lambda: None)
    try:
        with redis_server.client() as client:
            client.xadd(wire.ORDER_FILLS, {b"n": b"\xff"})
        consumer.catch_up()
        assert [entry.fields for entry in received] == [{b"n": b"\xff"}]
        assert consumer.loss() == LossReport()
    finally:
        consumer.close()


def test_a_forbidden_command_is_named(redis_server: RedisServer) -> None:
    """Whoever set up the Redis user learns which right is missing."""
    with redis_server.client() as admin:
        admin.execute_command("ACL SETUSER", "reader", "on", f">{SECRET}", "~*", "+@all", "-xadd")
    url = f"redis://reader:{SECRET}@127.0.0.1:{redis_server.port}/0"
    forbidden = pytest.raises(EnvironmentProblem, match="forbids us the command XADD")
    with connect(url) as client, forbidden as caught, reported("there"):
        client.xadd("a-stream", {"a": "b"})
    assert "ACL SETUSER" in caught.value.hint


def test_a_full_server_is_named() -> None:
    """Writing to a server at its maxmemory says so."""
    full = pytest.raises(EnvironmentProblem, match=r"out of memory .*\(a-stream\)")
    with RedisServer("--maxmemory", "1mb") as server, server.client() as client, full, reported("there", key="a-stream"):
        for _ in range(10):
            client.xadd("a-stream", {"a": "x" * 200_000})


def test_an_unknown_refusal_is_passed_on() -> None:
    """What no rule knows is shown as the server said it."""
    import redis

    problem = problem_of(redis.ResponseError("ERR something new"), "there")
    assert "ERR something new" in str(problem)
    assert "words of the server" in problem.hint
