"""A Redis that cannot be had is one clear message within seconds, and never a password."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from helpers.lossy_proxy import LossyProxy
from helpers.redis_server import RedisServer

from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.streams import connection
from pytest_intellisense.streams.connection import connect

SECRET = "hunter2"
Connect = Callable[[str], redis.Redis]


def connect_barely(url: str) -> redis.Redis:
    """As one connects without us."""
    client = redis.Redis.from_url(url, socket_timeout=1)
    client.ping()
    return client


def connect_with_patience(url: str) -> redis.Redis:
    """As redis-py does when it is not given a URL: with ten retries."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 10, supported_errors=(redis.ConnectionError,)))
    client.ping()
    return client


def mistakes(url: str, connect: Connect, *, words: tuple[str, ...], secret: str = SECRET) -> list[str]:
    """What is wrong with the way in which this connection fails: it should name and explain, be quick, and keep secrets."""
    started = time.monotonic()
    try:
        connect(url)
    except (redis.RedisError, OSError, ValueError, IntelliSenseError) as error:
        text = f"{error} {getattr(error, 'hint', '')}"
    else:
        return ["it succeeded"]
    found = [f"does not say {word!r}: {text}" for word in words if word not in text]
    found += [f"shows a secret: {text}"] if secret in text else []
    found += ["took too long"] if time.monotonic() - started > 20 else []
    return found


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, by ourselves for ourselves."""
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def encrypted_port(certificate: Path, closed_port: int) -> Iterator[int]:
    """The port of a server that speaks TLS there and nothing else."""
    files = ["--tls-cert-file", str(certificate / "certificate.pem"), "--tls-key-file", str(certificate / "key.pem")]
    tls = ["--tls-port", str(closed_port), *files, "--tls-auth-clients", "no"]
    with RedisServer(*tls):
        yield closed_port


def test_nobody_listens(closed_port: int) -> None:
    """Host, port and what to do; the control, a bare client, knows the first two only."""
    url = f"redis://user:{SECRET}@127.0.0.1:{closed_port}/0"
    words = (f"127.0.0.1:{closed_port}", "start redis-server")
    assert mistakes(url, connect, words=words) == []
    assert mistakes(url, connect_barely, words=words)


@pytest.mark.parametrize("wrong", [f"redis://:{SECRET}@", f"redis://nobody:{SECRET}@"], ids=["password", "user"])
def test_wrong_credentials_are_tried_once(wrong: str) -> None:
    """Each try could lock the account; the control, a client that retries connections, tries eleven times."""
    with RedisServer("--requirepass", "another") as server, LossyProxy(server.port) as proxy:
        url = f"{wrong}127.0.0.1:{proxy.port}/0"
        assert mistakes(url, connect, words=(f"127.0.0.1:{proxy.port}", "rejected the user or password")) == []
        assert proxy.accepted == 1
        assert mistakes(url, connect_with_patience, words=()) == []
        assert proxy.accepted > 2


def test_a_user_that_is_switched_off(server: RedisServer) -> None:
    """The same words as for a wrong password: Redis does not tell which it is."""
    with server.client() as admin:
        admin.execute_command("ACL SETUSER", "trader", "off", f">{SECRET}", "~*", "+@all")
        url = f"redis://trader:{SECRET}@127.0.0.1:{server.port}/0"
        assert mistakes(url, connect, words=("rejected the user or password",)) == []
        admin.execute_command("ACL SETUSER", "trader", "on")
        assert mistakes(url, connect, words=()) == ["it succeeded"]


def test_tls_expected_of_a_plain_server(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a server stays silent; the control, a bare client, speaks of a timeout and no more."""
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.3)
    url = f"rediss://:{SECRET}@127.0.0.1:{server.port}/0"
    assert mistakes(url, connect, words=(f"127.0.0.1:{server.port}", "then use redis://")) == []
    assert mistakes(url, connect_barely, words=("redis://",))


def test_plain_expected_of_a_tls_server(encrypted_port: int) -> None:
    """It hangs up; the hint has the other kind of URL, of which a bare client, the control, says nothing."""
    url = f"redis://127.0.0.1:{encrypted_port}/0"
    assert mistakes(url, connect, words=(f"127.0.0.1:{encrypted_port}", "rediss://")) == []
    assert mistakes(url, connect_barely, words=("rediss://",))


def test_a_certificate_that_nobody_vouches_for(encrypted_port: int) -> None:
    """It is refused, with the word that matters; the control: told to trust it, the same server is used."""
    url = f"rediss://127.0.0.1:{encrypted_port}/0"
    assert mistakes(url, connect, words=("TLS", "certificate")) == []
    assert mistakes(f"{url}?ssl_cert_reqs=none", connect, words=()) == ["it succeeded"]


@pytest.mark.parametrize("password", [f"a/{SECRET}", f"a@{SECRET}/b", f"{SECRET}/@"])
def test_a_raw_password_is_not_taken_for_a_host(closed_port: int, password: str) -> None:
    """Its `@` and `/` are understood as they stand; the control, a bare client, asks the network for a part of it."""
    url = f"redis://u:{password}@127.0.0.1:{closed_port}/0"
    assert mistakes(url, connect, words=(f"127.0.0.1:{closed_port}",)) == []
    assert mistakes(url, connect_barely, words=(f"127.0.0.1:{closed_port}",))


def test_a_host_without_an_address() -> None:
    """The name is shown, the password is not; the control, a bare client, does not say what to check."""
    url = f"redis://u:{SECRET}@no-such-host.invalid:6379/0"
    words = ("no-such-host.invalid:6379", "check the host name")
    assert mistakes(url, connect, words=words) == []
    assert mistakes(url, connect_barely, words=words)
