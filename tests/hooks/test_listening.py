"""InjectionListener listens where it may, from its start to its close, whatever becomes of Redis meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from helpers.injected_application import RUN, application, injection, put
from helpers.redis_server import RedisServer

from testrade_hooks import wire
from testrade_hooks.gate import PERMIT_KEY
from testrade_hooks.injection import Command


def listeners() -> set[threading.Thread]:
    """In this process; the application that other tests share may have one."""
    return {thread for thread in threading.enumerate() if thread.name == "testrade-injection"}


@pytest.mark.parametrize(
    "gate", [{"mode": "LIVE"}, {"allowed": False}, {"run_id": ""}], ids=["live", "not allowed", "no run id"]
)
def test_where_injection_is_not_allowed_nobody_listens(any_redis: redis.Redis, gate: dict[str, Any]) -> None:
    """No thread, no permit, no answer."""
    before = listeners()
    with application(any_redis, **gate) as app:
        app.send()
        assert listeners() == before
        assert not any_redis.exists(PERMIT_KEY, wire.INJECTION_RESPONSES)
    assert app.carried_out == []


def test_the_permit_is_there_while_commands_are_taken(any_redis: redis.Redis) -> None:
    """It comes with the start and goes with the close."""
    with application(any_redis, mode="PAPER"):
        permit = json.loads(any_redis.get(PERMIT_KEY) or "")
        assert (permit["run_id"], permit["mode"]) == (RUN, "PAPER")
    assert not any_redis.exists(PERMIT_KEY)


def test_close_ends_the_thread(any_redis: redis.Redis) -> None:
    """Also while it waits for the next command; closing twice is harmless."""
    before = listeners()
    with application(any_redis) as app:
        app.ask()
        assert len(listeners() - before) == 1
    app.listener.close()
    assert listeners() == before
    app.send()
    assert len(app.carried_out) == 1


def test_a_deleted_stream_is_begun_anew(any_redis: redis.Redis) -> None:
    """Whoever tidies up Redis does not silence the application."""
    with application(any_redis) as app:
        put(any_redis, injection(), entry_id="1-0")
        app.answer()
        any_redis.delete(wire.INJECTION_COMMANDS)
        app.ask()
    assert len(app.carried_out) == 2


def test_redis_may_be_restarted(redis_server: RedisServer) -> None:
    """The listener comes back, publishes its permit again and takes the next command."""
    with redis_server.client() as client, application(client) as app:
        app.ask(parameters={"number": 1})
        redis_server.restart()
        app.last_answer = "0-0"
        until_connected(client.ping)
        assert app.ask(parameters={"number": 2})["status"] == "success"
        assert client.exists(PERMIT_KEY)
    assert app.notes == [1, 2]


def test_a_stream_that_begins_anew_with_smaller_ids_is_read(redis_server: RedisServer) -> None:
    """A restarted server whose clock went back does not silence the application."""
    with redis_server.client() as client, application(client) as app:
        put(client, injection(), entry_id="99999999999999-0")
        app.answer()
        redis_server.restart()
        app.last_answer = "0-0"
        until_connected(client.ping)
        until_permitted(client)
        app.ask()
    assert len(app.carried_out) == 2


def test_redis_may_come_later(redis_server: RedisServer) -> None:
    """An application starts without waiting for its test tool's Redis."""
    redis_server.kill()
    with redis_server.client() as client, application(client) as app:
        redis_server.start()
        until_permitted(client)
        assert app.ask()["status"] == "success"


def test_what_was_sent_while_the_connection_was_broken_runs_once(redis_server: RedisServer) -> None:
    """The listener goes on after the last command that it has seen, not at the end and not at the beginning."""
    with redis_server.client() as client, application(client) as app:
        app.ask(parameters={"number": 1})
        with client.pipeline(transaction=True) as at_once:
            at_once.client_kill_filter(_type="normal", skipme=True)
            for number in (2, 3):
                at_once.xadd(wire.INJECTION_COMMANDS, dict(wire.encode(injection(parameters={"number": number}))))
            at_once.execute()
        answers = [app.answer().payload["status"] for _number in (2, 3)]
    assert answers == ["success", "success"]
    assert app.notes == [1, 2, 3]


@pytest.mark.timeout(30)
def test_close_is_bounded_when_redis_hangs(redis_server: RedisServer) -> None:
    """The application can end although Redis does not answer."""
    with redis_server.client() as client, application(client) as app:
        app.ask()
        redis_server.pause()
        app.listener.close(timeout_s=0.2)
        redis_server.resume()


@pytest.mark.timeout(30)
def test_close_is_bounded_when_a_callable_hangs(any_redis: redis.Redis) -> None:
    """It may take its time, but not ours."""
    entered, leave = threading.Event(), threading.Event()

    def hang(_command: Command) -> None:
        entered.set()
        leave.wait()

    with application(any_redis) as app:
        app.listener.register("hang", hang)
        app.send("hang")
        assert entered.wait(30)
        app.listener.close(timeout_s=0.2)
        leave.set()


def until_connected(ask: Callable[[], object]) -> None:
    """Ask until the client has replaced its broken connections."""
    for _attempt in range(10):
        try:
            ask()
        except redis.ConnectionError:
            continue
        return
    raise AssertionError("Redis does not come back")


def until_permitted(client: redis.Redis) -> None:
    """Wait for the permit: the server tells when the key is set."""
    client.config_set("notify-keyspace-events", "K$")
    with client.pubsub() as events:
        events.subscribe(f"__keyspace@0__:{PERMIT_KEY}")
        deadline = time.monotonic() + 20
        while not client.exists(PERMIT_KEY):
            assert time.monotonic() < deadline, "the application does not come"
            events.get_message(timeout=1.0)
