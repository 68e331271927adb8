"""What servers and their administrators do: capture goes on or says why not, and no loss is silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.capture_bench import STREAM, CaptureBench
from helpers.lossy_proxy import LOADING, LossyProxy
from helpers.ordinary_consumer import OrdinaryConsumer
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.errors import EnvironmentProblem, IntelliSenseError
from pytest_intellisense.streams import connection, readers
from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.tracks import Track

END_OF_TRANSACTION = b"*1\r\n$4\r\nEXEC\r\n"
ACCIDENTS: dict[str, Callable[[CaptureBench], None]] = {
    "DEL": lambda bench: bench.strike("DEL", STREAM),
    "FLUSHALL": lambda bench: bench.strike("FLUSHALL"),
    "XGROUP DESTROY": lambda bench: bench.strike("XGROUP DESTROY", STREAM, bench.group()),
}


def met_with(accident: str, bench: CaptureBench, source: BatchSource | None = None) -> None:
    """A session during which this happens while its reader blocks, with an entry added before it can have found out."""
    with bench.capturing(source):
        bench.settle()
        ACCIDENTS[accident](bench)
        bench.settle()


@pytest.mark.parametrize("accident", ["DEL", "FLUSHALL"])
def test_a_stream_that_is_taken_away_is_read_again_from_its_beginning(bench: CaptureBench, accident: str) -> None:
    """What was added after it is captured; what may have gone with it is said to be unknown."""
    met_with(accident, bench)
    account = bench.account()
    assert account.missing == []
    assert not account.measurable
    assert account.honest


def test_a_group_that_is_destroyed_is_made_again_where_we_were(bench: CaptureBench) -> None:
    """Nothing is lost, and that it happened is on the timeline."""
    met_with("XGROUP DESTROY", bench)
    account = bench.account()
    assert account.complete
    assert any("made again where we had read to" in note for note in account.notes)


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_group_made_again_at_the_end_would_lose_in_silence(bench: CaptureBench, accident: str) -> None:
    """The control: `$` skips what was added before the group was back."""
    met_with(accident, bench, OrdinaryConsumer(bench.url))
    account = bench.account()
    assert account.missing
    assert not account.honest


def restarted_empty(bench: CaptureBench, proxy: LossyProxy, source: BatchSource | None = None) -> None:
    """The server is killed and comes back without any data; the producer finds it before the reader does."""
    with bench.capturing(source):
        bench.settle()
        assert bench.acknowledged()
        proxy.refuse_all(LOADING)
        bench.server.restart()
        bench.publish(3)
        proxy.refuse_all(None)
        bench.settle()


def test_a_server_that_comes_back_empty_is_read_from_its_beginning(bench: CaptureBench, proxy: LossyProxy) -> None:
    """What came after the restart is captured, and what was lost with the old data is said to be unknown."""
    restarted_empty(bench, proxy)
    account = bench.account()
    assert account.missing == []
    assert not account.measurable
    assert account.honest


def test_an_empty_server_read_from_its_end_would_lose_in_silence(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The control."""
    restarted_empty(bench, proxy, OrdinaryConsumer(proxy.url))
    assert not bench.account().honest


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[RedisServer]:
    """A server with an append-only file that is synced at every command."""
    with RedisServer("--appendonly", "yes", "--appendfsync", "always", "--dir", str(tmp_path)) as server:
        yield server


def forgets_a_delivery(bench: CaptureBench, folder: Path, source: BatchSource | None = None) -> list[int]:
    """The server dies, and its log ends just before a delivery that it had made, though after the entry.

    Returns what live readers of the session see more than once.
    """
    with bench.capturing(source):
        bench.settle()
        bench.strike("XADD", "elsewhere", "*", "any", "field")
        bench.arrived(bench.published[-1])
        bench.acknowledged()
        bench.server.kill()
        (log,) = (folder / "appendonlydir").glob("*.incr.aof")
        text = log.read_bytes()
        cut = text.index(END_OF_TRANSACTION, text.rindex(b"XADD")) + len(END_OF_TRANSACTION)
        with log.open("rb+") as file:
            file.truncate(cut)
        bench.server.start()
        bench.settle()
        return bench.captured_twice()


def test_what_a_server_delivers_again_is_captured_once(keeping: RedisServer, tmp_path: Path) -> None:
    """Its data is that of a moment ago: nothing is lost, nothing comes twice, and the count is still exact."""
    bench = CaptureBench(keeping, keeping.url, tmp_path)
    assert forgets_a_delivery(bench, tmp_path) == []
    assert bench.account().complete


def test_what_is_delivered_again_is_acknowledged_again(bench: CaptureBench) -> None:
    """Somebody has set our group back: it is kept once, and still nothing of it stays pending."""
    with bench.capturing():
        bench.publish(5)
        bench.arrived(bench.published[-1])
        assert bench.acknowledged()
        bench.idle()
        bench.strike("XGROUP SETID", STREAM, bench.group(), "0")
        bench.arrived(bench.published[-1])
        bench.noted("5 delivered again")
        assert bench.acknowledged()
    assert bench.account().complete


def test_a_consumer_that_believes_the_server_would_capture_it_twice(keeping: RedisServer, tmp_path: Path) -> None:
    """The control: the server does deliver it again."""
    bench = CaptureBench(keeping, keeping.url, tmp_path)
    assert len(forgets_a_delivery(bench, tmp_path, OrdinaryConsumer(keeping.url))) == 1


def recreated_with_the_same_ids(bench: CaptureBench) -> None:
    """The stream is deleted and filled again, with the ids it had before and other contents."""
    with bench.capturing():
        bench.publish(ids=("1-1", "1-2", "1-3"))
        bench.arrived(bench.published[-1])
        with bench.server.client() as client:
            client.delete(STREAM)
        bench.noted("deleted or recreated")
        bench.publish(ids=("1-1", "1-2", "1-3"))
        bench.settle()


def test_ids_that_come_again_after_a_recreation_are_other_entries(bench: CaptureBench) -> None:
    """Readers of the log get both."""
    recreated_with_the_same_ids(bench)
    account = bench.account()
    assert (account.missing, account.twice) == ([], [])
    assert not account.measurable


def refilled_while_nobody_looked(bench: CaptureBench, proxy: LossyProxy) -> None:
    """The stream is deleted and filled with more entries than it had, under the ids that it had, while we are cut off."""
    with bench.capturing():
        bench.publish(ids=[f"1-{number}" for number in range(1, 11)])
        bench.arrived(bench.published[-1])
        assert bench.acknowledged()
        proxy.refuse_all(LOADING)
        proxy.cut()
        with bench.server.client() as client:
            client.delete(STREAM)
        bench.publish(ids=[f"1-{number}" for number in range(1, 26)])
        proxy.refuse_all(None)
        bench.settle()


def test_a_stream_that_is_refilled_under_its_old_ids_is_another_one(bench: CaptureBench, proxy: LossyProxy) -> None:
    """Its ids and its counts could be those of the old one; what stands under them is not."""
    refilled_while_nobody_looked(bench, proxy)
    account = bench.account()
    assert (account.missing, account.twice) == ([], [])
    assert not account.measurable


def test_ids_alone_would_not_tell_a_stream_from_its_successor(
    bench: CaptureBench, proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: half of the new ones are taken for those we had, and nothing is said."""
    monkeypatch.setattr(Track, "has_another_last", lambda *_: False)
    refilled_while_nobody_looked(bench, proxy)
    assert not bench.account().honest


@pytest.fixture
def saving(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that comes back with what was last saved."""
    with RedisServer("--dir", str(tmp_path)) as server:
        yield server


def comes_back_older(server: RedisServer, folder: Path) -> CaptureBench:
    """The server dies with 20 entries and comes back with 10; of the 20 that follow, 10 are trimmed before we are back."""
    with LossyProxy(server.port) as proxy:
        bench = CaptureBench(server, proxy.url, folder)
        with bench.capturing():
            for _ in range(2):
                with server.client() as client:
                    client.save()
                bench.publish(10)
                bench.arrived(bench.published[-1])
                assert bench.acknowledged()
            proxy.refuse_all(LOADING)
            server.restart()
            bench.publish(20)
            with server.client() as client:
                client.xtrim(STREAM, maxlen=10, approximate=False)
            proxy.refuse_all(None)
            bench.settle()
    return bench


def test_a_server_that_comes_back_with_older_data_cannot_be_counted_on(saving: RedisServer, tmp_path: Path) -> None:
    """Its counter fits, for it counts again what it has forgotten; our group tells: it has not been given what we have."""
    account = comes_back_older(saving, tmp_path).account()
    assert len(account.missing) == 10
    assert not account.measurable
    assert account.honest


def test_counts_alone_would_not_tell_that_a_server_went_back(
    saving: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it says that nothing is lost."""
    monkeypatch.setattr(Groups, "_last_of", lambda *_: {})
    account = comes_back_older(saving, tmp_path).account()
    assert len(account.missing) == 10
    assert not account.honest


def test_ids_without_a_generation_would_hide_entries(bench: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the reader takes the new ones for repetitions of the old ones."""
    start_again = Track.start_again

    def forget_the_generation(track: Track) -> None:
        start_again(track)
        track.generation = 0

    monkeypatch.setattr(Track, "start_again", forget_the_generation)
    recreated_with_the_same_ids(bench)
    assert len(bench.account().missing) == 3


def replaced_by_a_string(bench: CaptureBench, source: BatchSource | None = None) -> str:
    """How a session ends when its stream becomes something else."""
    with pytest.raises(IntelliSenseError) as caught, bench.capturing(source):
        bench.settle()
        with bench.server.client() as client:
            client.set(STREAM, "no stream")
        bench.noted("never")
    return str(caught.value)


def test_a_key_that_becomes_something_else_is_named(bench: CaptureBench) -> None:
    """Nobody can go on reading it: the run ends, and says which key it was."""
    assert f"something else than a stream under {STREAM}" in replaced_by_a_string(bench)


def test_the_server_does_not_name_the_key(bench: CaptureBench) -> None:
    """The control: passing on what the server says leaves the user searching."""
    assert STREAM not in replaced_by_a_string(bench, OrdinaryConsumer(bench.url))


def stopped_for_longer_than_a_reply_may_take(bench: CaptureBench, **options: float) -> None:
    """SIGSTOP, and SIGCONT long after it could be noticed; entries come right after it."""
    with bench.capturing(**options):
        bench.settle()
        bench.server.pause()
        resume = threading.Timer(1.6, bench.server.resume)
        resume.start()
        try:
            bench.noted("did not answer in time")
        finally:
            resume.join()
        bench.publish(3)
        bench.settle()


def test_a_stopped_server_goes_on(bench: CaptureBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry is there once, and the interruption is on the timeline."""
    monkeypatch.setattr(readers, "BLOCK_MS", 100)
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.5)
    stopped_for_longer_than_a_reply_may_take(bench)
    assert bench.account().complete


def test_a_stopped_server_would_end_a_consumer_that_does_not_come_back(
    bench: CaptureBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without time to recover, the first silence ends the session."""
    monkeypatch.setattr(readers, "BLOCK_MS", 100)
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 0.5)
    with pytest.raises(EnvironmentProblem, match="did not answer in time"):
        stopped_for_longer_than_a_reply_may_take(bench, recover_within_s=0)
