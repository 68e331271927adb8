"""Every error of a server is waited for, looked at again, or told at once: as redis-py reads it from the wire."""

from __future__ import annotations

import socket
import threading

import pytest
import redis

from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.passing import is_of_the_server, may_pass

OF_THE_SERVER = [
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "READONLY You can't write against a read only replica.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN The cluster is down",
]
LOOKED_AT_AGAIN = [
    "NOGROUP No such key 'x' or consumer group 'y'",
    "UNBLOCKED the stream key no longer exists",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "MOVED 3999 127.0.0.1:6381",
    "ASK 3999 127.0.0.1:6381",
    "TRYAGAIN Multiple keys request during rehashing of slot",
]
FOR_GOOD = [
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM this user has no permissions to run the 'xreadgroup' command",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "BUSYGROUP Consumer Group name already exists",
    "ERR unknown command 'XREADGROUP'",
]


def error_of(text: str) -> redis.RedisError:
    """What the client makes of a server that answers every command with this line."""
    with socket.create_server(("127.0.0.1", 0)) as listening, endpoint_of(_url(listening)).open() as client:
        answering = threading.Thread(target=_answer, args=(listening, text))
        answering.start()
        with pytest.raises(redis.RedisError) as caught:
            client.ping()
        client.close()
        answering.join()
    return caught.value


def _url(listening: socket.socket) -> str:
    return f"redis://127.0.0.1:{listening.getsockname()[1]}/0?protocol=2"


def _answer(listening: socket.socket, text: str) -> None:
    connection, _ = listening.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(f"-{text}\r\n".encode() * data.count(b"*"))


@pytest.mark.parametrize("text", OF_THE_SERVER)
def test_a_server_that_cannot_now(text: str) -> None:
    error = error_of(text)
    assert is_of_the_server(error)
    assert may_pass(error)


@pytest.mark.parametrize("text", LOOKED_AT_AGAIN)
def test_a_stream_that_changed(text: str) -> None:
    error = error_of(text)
    assert not is_of_the_server(error)
    assert may_pass(error)


@pytest.mark.parametrize("text", FOR_GOOD)
def test_a_refusal_stays_one(text: str) -> None:
    assert not may_pass(error_of(text))
