"""A server that refuses: what may pass is waited for with a deadline, what will not is said at once, with its name."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from helpers.capture_bench import CaptureBench
from helpers.held_consumer import HeldConsumer
from helpers.lossy_proxy import LOADING, LossyProxy
from helpers.ordinary_consumer import OrdinaryConsumer
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.entries import Batch
from pytest_intellisense.engine.ports import InjectionCommand
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem
from pytest_intellisense.streams import connection
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.injector import StreamInjector
from pytest_intellisense.streams.rights import require_rights
from pytest_intellisense.streams.tracks import StreamFacts
from testrade_hooks import wire

MASTERDOWN = b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n"
BUSY = b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n"
NEEDED = ("xinfo|stream", "xinfo|groups", "xgroup|create", "xreadgroup", "xack", "xrange", "xadd")


@pytest.fixture
def direct(server: RedisServer, tmp_path: Path) -> CaptureBench:
    """Captures without a proxy in between."""
    return CaptureBench(server, server.url, tmp_path)


@contextmanager
def out_of_memory(server: RedisServer) -> Iterator[None]:
    """Inside, the server refuses whatever needs memory."""
    with server.client() as client:
        client.config_set("maxmemory", 1)
        try:
            yield
        finally:
            client.config_set("maxmemory", 0)


class OpenGate:
    """Lets every command pass."""

    def check(self) -> None: ...


def test_a_full_server_is_read_to_the_end(direct: CaptureBench) -> None:
    """What it took before is captured and acknowledged while it refuses everything new."""
    consumer = HeldConsumer(direct.url)
    with direct.capturing(consumer):
        with consumer.held(direct):
            direct.publish(20)
            full = out_of_memory(direct.server)
            full.__enter__()
        direct.arrived(direct.published[-1])
        assert direct.acknowledged()
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            direct.publish()
        full.__exit__(None, None, None)
    assert direct.account().complete


def test_a_full_server_is_named_by_the_injector_and_at_the_start(direct: CaptureBench) -> None:
    """Both need memory there. The control: with memory both succeed."""
    command = InjectionCommand(command_type="trade_command", parameters={}, correlation_id="c")
    with direct.capturing() as session, direct.server.client() as client:
        injector = StreamInjector(client, session, OpenGate(), "run")
        with out_of_memory(direct.server):
            with pytest.raises(EnvironmentProblem, match="out of memory") as caught:
                injector.send(command)
            with pytest.raises(EnvironmentProblem, match="out of memory"):
                StreamConsumer(endpoint_of(direct.url), "another").start(lambda batch: None, lambda: None)
        assert wire.INJECTION_COMMANDS in str(caught.value)
        assert "raise maxmemory" in caught.value.hint
        injector.send(command)
    with direct.capturing():
        direct.settle()


def becomes_a_replica(bench: CaptureBench, source: OrdinaryConsumer | None = None, **options: float) -> None:
    """A failover the wrong way round, and back."""
    with bench.capturing(source, **options), bench.server.client() as client:
        bench.settle()
        client.replicaof("127.0.0.1", "1")
        seen = bench.session.position()
        bench.session.wait(seen, time.perf_counter_ns() + 1_000_000_000)
        client.replicaof("NO", "ONE")
        bench.settle()


def test_a_primary_that_is_a_replica_for_a_moment_is_waited_for(direct: CaptureBench) -> None:
    """Reading goes on when it is the primary again."""
    becomes_a_replica(direct)
    account = direct.account()
    assert account.complete


def test_a_consumer_that_takes_every_refusal_for_final_would_end(direct: CaptureBench) -> None:
    """The control: it does not survive the moment."""
    with pytest.raises(CaptureFailed):
        becomes_a_replica(direct, OrdinaryConsumer(direct.url))


def test_a_primary_that_stays_a_replica_is_said_to_be_one(direct: CaptureBench) -> None:
    """After the deadline the message says what it is and whom to ask instead."""
    with pytest.raises(EnvironmentProblem, match="is a read-only replica") as caught:
        becomes_a_replica(direct, recover_within_s=0.3)
    assert "primary" in caught.value.hint


def refuses_for_a_while(bench: CaptureBench, proxy: LossyProxy, answer: bytes, **options: float) -> None:
    """Connections break, and every command is refused until an interruption could have been noticed."""
    with bench.capturing(**options) as session:
        bench.settle()
        proxy.refuse_all(answer)
        proxy.cut()
        bench.publish(3)
        session.wait(session.position(), time.perf_counter_ns() + 400_000_000)
        proxy.refuse_all(None)
        bench.settle()


@pytest.mark.parametrize("answer", [LOADING, MASTERDOWN, BUSY], ids=["LOADING", "MASTERDOWN", "BUSY"])
def test_a_refusal_that_may_pass_is_waited_for(bench: CaptureBench, proxy: LossyProxy, answer: bytes) -> None:
    """The server says itself that it will be there soon."""
    refuses_for_a_while(bench, proxy, answer)
    assert bench.account().complete


def test_a_refusal_that_will_not_pass_is_final(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: any other refusal ends the capture at once, in the server's words."""
    with pytest.raises(EnvironmentProblem, match="never heard of it"):
        refuses_for_a_while(bench, proxy, b"-ERR never heard of it\r\n")


def test_waiting_has_a_deadline(bench: CaptureBench, proxy: LossyProxy) -> None:
    """A server that loads for too long ends the capture, and is said to be loading."""
    with pytest.raises(EnvironmentProblem, match="still loading"):
        refuses_for_a_while(bench, proxy, LOADING, recover_within_s=0.1)


def starts_while_loading(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The server is up in 300 ms."""
    proxy.refuse_all(LOADING)
    loaded = threading.Timer(0.3, proxy.refuse_all, (None,))
    loaded.start()
    try:
        with bench.capturing():
            bench.settle()
    finally:
        loaded.join()


def test_a_server_that_is_loading_is_waited_for_at_the_start(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Nobody has to try again."""
    starts_while_loading(bench, proxy)
    assert bench.account().complete


def test_whoever_asks_a_loading_server_once_would_be_refused(
    bench: CaptureBench, proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: no time to wait."""
    monkeypatch.setattr(connection, "LOADED_WITHIN_S", 0)
    with pytest.raises(EnvironmentProblem, match="still loading"):
        starts_while_loading(bench, proxy)


@pytest.fixture
def reader_url(server: RedisServer) -> str:
    """A user who may do what a recorder needs, and nothing more."""
    with server.client() as admin:
        commands = [f"+{command}" for command in (*NEEDED, "xrevrange", "xgroup|destroy", "del", "ping", "hello")]
        admin.execute_command("ACL SETUSER", "recorder", "on", ">pw", "~*", "-@all", *commands)
    return f"redis://recorder:pw@127.0.0.1:{server.port}/0"


def forbid(server: RedisServer, command: str) -> None:
    with server.client() as admin:
        admin.execute_command("ACL SETUSER", "recorder", f"-{command}")


@pytest.mark.parametrize("command", NEEDED)
def test_a_missing_right_is_named_at_the_start(server: RedisServer, reader_url: str, tmp_path: Path, command: str) -> None:
    """Not with the first entry, or never. The control: with the right, the same user captures."""
    bench = CaptureBench(server, reader_url, tmp_path)
    with bench.capturing():
        bench.settle()
    assert bench.account().complete
    forbid(server, command)
    named = command.upper().replace("|", " ")
    with redis.Redis.from_url(reader_url) as client, pytest.raises(EnvironmentProblem, match=f"forbids this user: {named}"):
        require_rights(client, "there", wire.STREAMS, "intellisense:capture:x")


class Deaf(StreamConsumer):
    """Acknowledges and does not care."""

    def acknowledge(self, batches: Iterable[Batch]) -> None:
        with suppress(EnvironmentProblem):
            super().acknowledge(batches)


def loses_the_right_to_acknowledge(bench: CaptureBench, source: StreamConsumer | None = None) -> None:
    with bench.capturing(source):
        bench.settle()
        forbid(bench.server, "xack")
        bench.settle()
        bench.session.flush()
        bench.settle()


def test_a_right_taken_away_is_named(server: RedisServer, reader_url: str, tmp_path: Path) -> None:
    """What is kept can no longer be acknowledged: the capture ends and says so."""
    bench = CaptureBench(server, reader_url, tmp_path)
    with pytest.raises(EnvironmentProblem, match="forbids us the command XACK"):
        loses_the_right_to_acknowledge(bench)


def test_a_consumer_that_does_not_listen_would_leave_everything_pending(
    server: RedisServer, reader_url: str, tmp_path: Path
) -> None:
    """The control: its session ends well, though nothing was acknowledged any more."""
    bench = CaptureBench(server, reader_url, tmp_path)
    loses_the_right_to_acknowledge(bench, Deaf(endpoint_of(reader_url), "deaf"))


def tries_with_an_old_password(bench: CaptureBench, proxy: LossyProxy, source: OrdinaryConsumer | None = None) -> int:
    """How often a consumer knocks within a second after the password was changed and its connections broke."""
    tries = 0
    with suppress(EnvironmentProblem, CaptureFailed), bench.capturing(source) as session:
        bench.settle()
        assert bench.acknowledged()
        with bench.server.client() as admin:
            admin.config_set("requirepass", "new")
        before = proxy.accepted
        proxy.cut()
        try:
            session.wait(session.position(), time.perf_counter_ns() + 1_000_000_000)
        finally:
            tries = proxy.accepted - before
    return tries


def test_a_password_that_was_changed_is_tried_once(bench: CaptureBench, proxy: LossyProxy) -> None:
    """There is no way back, and every try could lock the account."""
    assert tries_with_an_old_password(bench, proxy) == 1


def test_a_consumer_that_goes_on_after_any_error_would_hammer(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control."""
    assert tries_with_an_old_password(bench, proxy, OrdinaryConsumer(proxy.url)) > 3


def idles(bench: CaptureBench, url: str) -> list[str]:
    """What a capture notes while nothing happens for longer than one read blocks."""
    bench.url = url
    with bench.capturing() as session:
        session.wait(session.position(), time.perf_counter_ns() + 1_300_000_000)
        return [event.payload["note"] for event in session.events_since(0)]


def test_a_read_never_blocks_longer_than_a_reply_may_take(direct: CaptureBench) -> None:
    """A shorter timeout in the URL cannot make an idle read an error: ours counts."""
    assert idles(direct, f"{direct.url}?socket_timeout=0.5") == []


def test_a_reply_timeout_below_the_blocking_time_would_interrupt(direct: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: then every idle second is an interruption."""
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.5)
    assert any("did not answer in time" in note for note in idles(direct, direct.url))


def asks_after_a_refusal(server: RedisServer, proxy: LossyProxy) -> StreamFacts:
    """One of two acknowledgements is refused, and the answer to the other is on its way still when somebody asks next."""
    refusal = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
    with server.client() as client:
        client.set("text", "no stream")
    with endpoint_of(proxy.url).connect() as recorder:
        groups = Groups(recorder, "the server", "ours")
        groups.attach(("stream",))
        proxy.piece_bytes, proxy.delay_s = len(refusal), 0.2
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            groups.acknowledge({"text": ["1-1"], "stream": ["1-1"]})
        return groups.facts(["stream"])["stream"]


def test_a_refused_acknowledgement_leaves_no_answer_behind(server: RedisServer, proxy: LossyProxy) -> None:
    """Its connection is closed."""
    assert asks_after_a_refusal(server, proxy).there


def test_a_connection_that_stays_open_would_give_the_answer_to_another(
    server: RedisServer, proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(redis.Connection, "disconnect", lambda *_: None)
    with pytest.raises(AttributeError, match="'int' object"):
        asks_after_a_refusal(server, proxy)
