"""Replies that get lost, connections that break, fall silent or crawl: nothing is lost, orphaned or doubled."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from helpers.capture_bench import STREAM, CaptureBench
from helpers.lossy_proxy import LOADING, LossyProxy
from helpers.ordinary_consumer import OrdinaryConsumer
from helpers.redis_server import RedisServer
from redis.backoff import NoBackoff
from redis.retry import Retry

from pytest_intellisense.engine.ports import InjectionCommand
from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams import connection, readers
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.injector import StreamInjector
from testrade_hooks import wire


def lose_a_delivery(bench: CaptureBench, proxy: LossyProxy, *, reset: bool = False) -> list[bytes]:
    """Three entries are delivered in a reply that never arrives. The server is out of reach after that."""
    bench.settle()
    bench.idle()
    sent = proxy.lose_answer_to(b"XREADGROUP", reset=reset)
    bench.publish()
    assert sent.wait(30)
    proxy.refuse_all(LOADING)
    return bench.publish(3)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_entries_of_a_lost_delivery_are_captured(bench: CaptureBench, proxy: LossyProxy, reset: bool) -> None:
    """They are pending for us: they are read again, kept once and acknowledged."""
    with bench.capturing():
        lose_a_delivery(bench, proxy, reset=reset)
        proxy.refuse_all(None)
        bench.settle()
        assert bench.acknowledged()
    assert bench.account().complete


def test_a_client_that_repeats_reads_would_lose_a_delivery(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: the repeated read takes the next entries, those of the lost reply stay pending for ever, in silence."""
    with bench.capturing(OrdinaryConsumer(proxy.url, retries=3)):
        lose_a_delivery(bench, proxy)
        proxy.refuse_all(None)
        bench.settle()
        assert not bench.acknowledged(within_s=1)
    assert not bench.account().honest


def test_an_entry_deleted_while_it_was_pending_is_a_gap_with_its_id(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Its fields are gone, its id is told and acknowledged, it counts as lost, and the others of the delivery are there."""
    with bench.capturing() as session, bench.server.client() as client:
        _, deleted, _ = lose_a_delivery(bench, proxy)
        number = bench.published[-2]
        client.xdel(STREAM, deleted)
        proxy.refuse_all(None)
        bench.settle()
        (gap,) = [event for event in session.events_since(0) if event.entry_id == deleted.decode()]
        assert gap.payload["note"].startswith("deleted after its delivery")
        assert bench.acknowledged()
    account = bench.account()
    assert (account.missing, account.lost, account.measurable) == ([number], 1, True)
    assert account.honest


def test_a_lost_acknowledgement_is_given_again(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The server had taken it or had not: nothing stays pending, nothing comes twice, nobody is bothered."""
    with bench.capturing():
        bench.settle()
        sent = proxy.lose_answer_to(b"XACK")
        bench.publish()
        assert sent.wait(30)
        bench.settle()
        assert bench.acknowledged(with_what_follows=True)
    assert bench.account().complete


def test_a_consumer_that_trusts_its_connection_would_stop_at_a_lost_acknowledgement(
    bench: CaptureBench, proxy: LossyProxy
) -> None:
    """The control: its session ends with an error."""
    with pytest.raises(CaptureFailed), bench.capturing(OrdinaryConsumer(proxy.url)):
        bench.settle()
        proxy.lose_answer_to(b"XACK")
        bench.publish()
        bench.settle()


class OpenGate:
    """Lets every command pass."""

    def check(self) -> None: ...


def repeating(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 3))


@pytest.mark.parametrize("open_client", [lambda url: endpoint_of(url).open(), repeating], ids=["ours", "repeating"])
def test_a_command_whose_reply_was_lost_is_not_sent_twice(
    bench: CaptureBench, proxy: LossyProxy, open_client: Callable[[str], redis.Redis]
) -> None:
    """Its XADD was carried out, but never answered. An order is never given twice: the injector says what happened."""
    with bench.capturing() as session, open_client(proxy.url) as client:
        injector = StreamInjector(client, session, OpenGate(), "run")
        client.ping()
        proxy.lose_answer_to(b"XADD")
        with pytest.raises(EnvironmentProblem, match="broke the connection"):
            injector.send(InjectionCommand(command_type="trade_command", parameters={}, correlation_id="c"))
    with bench.server.client() as direct:
        assert direct.xlen(wire.INJECTION_COMMANDS) == 1


def test_a_client_that_repeats_commands_would_send_it_twice(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: such a client, left to itself."""
    with bench.capturing(), repeating(proxy.url) as client:
        client.ping()
        proxy.lose_answer_to(b"XADD")
        client.xadd(wire.INJECTION_COMMANDS, {"json_payload": b"{}"})
    with bench.server.client() as direct:
        assert direct.xlen(wire.INJECTION_COMMANDS) == 2


def lose_the_new_group(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The group is destroyed, and the reply to making it again is lost: the next attempt finds it there."""
    bench.settle()
    sent = proxy.lose_answer_to(b"CREATE")
    bench.strike("XGROUP DESTROY", STREAM, bench.group())
    assert sent.wait(30)
    bench.settle()


def test_a_group_that_was_made_without_our_hearing_of_it_is_used(bench: CaptureBench, proxy: LossyProxy) -> None:
    """BUSYGROUP means that the lost attempt had succeeded."""
    with bench.capturing():
        lose_the_new_group(bench, proxy)
        assert bench.acknowledged()
    assert bench.account().complete


def test_a_consumer_that_makes_its_group_once_would_stop(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: the lost reply ends it."""
    with pytest.raises(CaptureFailed), bench.capturing(OrdinaryConsumer(proxy.url)):
        lose_the_new_group(bench, proxy)


def test_a_group_reply_lost_at_the_start_is_asked_for_again(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Nothing was promised yet, so the groups are made once more; what comes then is captured."""
    sent = proxy.lose_answer_to(b"CREATE")
    with bench.capturing():
        assert sent.is_set()
        bench.settle()
        assert bench.acknowledged()
    assert bench.account().complete


def test_answers_in_single_bytes_are_understood(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Only slower."""
    with bench.capturing():
        proxy.piece_bytes = 1
        bench.publish(20)
        bench.settle()
        proxy.piece_bytes = 65536
    assert bench.account().complete


def test_one_read_is_not_one_answer(proxy: LossyProxy) -> None:
    """The control: whoever takes what a read returns for the whole answer would get a part of it."""
    proxy.piece_bytes = 1
    proxy.delay_s = 0.01
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection_:
        connection_.sendall(b"PING\r\n")
        assert connection_.recv(65536) != b"+PONG\r\n"


def test_answers_that_take_300_ms_are_waited_for(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Nothing is given up, nothing comes twice."""
    with bench.capturing():
        proxy.delay_s = 0.3
        bench.publish(20)
        bench.settle()
        proxy.delay_s = 0
    account = bench.account()
    assert account.complete
    assert account.notes == []


def test_a_shorter_patience_would_not_get_answers_that_take_300_ms(
    bench: CaptureBench, proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the delay is there, and 200 ms for a reply are too few."""
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.2)
    proxy.delay_s = 0.3
    with pytest.raises(EnvironmentProblem, match="did not answer in time"), bench.capturing():
        pass


def fall_silent(bench: CaptureBench, proxy: LossyProxy, **patience: float) -> None:
    """The connections stay open and nothing comes through them any more; new ones would work."""
    bench.settle()
    proxy.mute()
    bench.publish(3)
    bench.settle(**patience)


def test_a_half_open_connection_is_given_up_in_time(
    bench: CaptureBench, proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the reply timeout we connect again, say so, and go on where we were."""
    monkeypatch.setattr(readers, "BLOCK_MS", 100)
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.6)
    with bench.capturing():
        fall_silent(bench, proxy)
        bench.noted("did not answer in time")
        assert bench.acknowledged()
    assert bench.account().complete


def test_without_a_reply_timeout_a_half_open_connection_would_hang(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control: such a consumer waits for ever and hears of nothing."""
    with pytest.raises(AssertionError, match="nothing is captured"):
        with bench.capturing(OrdinaryConsumer(proxy.url, reply_timeout_s=None)):
            fall_silent(bench, proxy, within_s=1.5)


@pytest.mark.parametrize("word", [b"XADD", b"XINFO"])
def test_a_lost_reply_does_not_make_the_loss_unknown(bench: CaptureBench, proxy: LossyProxy, word: bytes) -> None:
    """Counting what was lost only asks: it is asked again."""
    with bench.capturing() as session:
        bench.settle()
        proxy.lose_answer_to(word)
        assert session.loss() == LossReport()


def test_a_server_that_is_gone_does_make_the_loss_unknown(server: RedisServer, tmp_path: Path) -> None:
    """The control: whom nobody answers knows nothing."""
    bench = CaptureBench(server, server.url, tmp_path)
    gone = pytest.raises(EnvironmentProblem, match="capture stopped")
    with gone, bench.capturing(recover_within_s=0.5) as session:
        bench.settle()
        server.kill()
        assert not session.loss().measurable
