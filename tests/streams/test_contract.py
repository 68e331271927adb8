"""One contract for every Redis: what differs between servers stands in docs/redis.md, and is asked of each of them here."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fakeredis
import pytest
import redis
from helpers.redis_answers import QUESTIONS
from helpers.redis_server import RedisServer

from pytest_intellisense.codec.entries import Batch, Entry
from pytest_intellisense.codec.kept_state import KeptState, KeptStream
from pytest_intellisense.codec.resume_point import Recorded, ResumePoint
from pytest_intellisense.model.results import LossReport
from pytest_intellisense.streams.connection import Endpoint, embedded_endpoint, endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

TABLE = Path(__file__).parents[2] / "docs" / "redis.md"
FAKES = ("6.2", "7.0", "7.4", "8.0")
STREAM = wire.ORDER_FILLS


@dataclass(frozen=True)
class Kind:
    """One Redis under test and the column of the table that speaks of it."""

    endpoint: Endpoint
    column: str
    counts: bool


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "running" in metafunc.fixturenames:
        programs = ("redis-server", *metafunc.config.getoption("--redis-server"))
        names = [*(f"fakeredis {version}" for version in FAKES), *programs]
        metafunc.parametrize("running", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Kind]:
    name, _, version = request.param.partition("fakeredis ")
    if version:
        major, minor = map(int, version.split("."))
        yield Kind(embedded_endpoint(fakeredis.FakeServer(version=(major, minor))), "fakeredis", counts=True)
        return
    assert shutil.which(name), f"there is no program {name}"
    with RedisServer(program=name) as server:
        column = _column(server)
        yield Kind(endpoint_of(server.url), column, counts=column != "Redis 6.2")


@pytest.fixture
def kind(running: Kind) -> Kind:
    with running.endpoint.open() as client:
        client.flushall()
    return running


@pytest.fixture
def client(kind: Kind) -> Iterator[redis.Redis]:
    with kind.endpoint.open() as client:
        yield client


def _column(server: RedisServer) -> str:
    with server.client() as client:
        version = client.info("server")["redis_version"]
    newer = "Redis 7.2 to 8.x, Valkey"
    return {"6.2": "Redis 6.2", "7.0": "Redis 7.0"}.get(".".join(version.split(".")[:2]), newer)


def written() -> dict[str, dict[str, str]]:
    """The table of allowed differences: question -> column -> answer."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.read_text().splitlines() if line[:1] == "|"]
    head = next(row for row in rows if row[0] == "question")
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows if len(row) == len(head) and row[0] in QUESTIONS}


def test_every_question_is_in_the_table() -> None:
    assert written().keys() == QUESTIONS.keys()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_the_written_one(kind: Kind, client: redis.Redis, question: str) -> None:
    allowed = written()[question][kind.column]
    if allowed == "not asked":
        pytest.skip("this Redis is not waited on")
    assert QUESTIONS[question](client) == allowed


def test_another_answer_would_be_found(client: redis.Redis, kind: Kind) -> None:
    """The control: the table tells servers apart."""
    question = "read of a key of another type"
    other = "Redis 7.0" if kind.column == "fakeredis" else "fakeredis"
    assert QUESTIONS[question](client) != written()[question][other]


class Sink:
    """Keeps what it is given; `hold` makes it wait, as a slow disk would."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self.changed = threading.Condition()
        self.entered, self.hold = threading.Event(), threading.Event()
        self.hold.set()

    def __call__(self, batch: Batch) -> None:
        self.entered.set()
        assert self.hold.wait(20)
        with self.changed:
            self.entries += batch.entries
            self.notes += [gap.note for gap in batch.gaps]
            self.changed.notify_all()

    def numbers(self) -> list[int]:
        return [int(entry.fields[b"n"]) for entry in self.entries]

    def wait_for_note(self, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: any(text in note for note in self.notes), 30), self.notes


@contextmanager
def consuming(
    kind: Kind, session: str = "contract", resume: ResumePoint | None = None
) -> Iterator[tuple[StreamConsumer, Sink]]:
    sink, consumer = Sink(), StreamConsumer(kind.endpoint, session, resume=resume)
    consumer.start(sink, lambda: None)
    try:
        yield consumer, sink
    finally:
        sink.hold.set()
        consumer.close(keep_group=session == "kept")


def add(client: redis.Redis, *numbers: int, stream: str = STREAM) -> None:
    for number in numbers:
        client.xadd(stream, {"n": number})


def losses(kind: Kind, lost: int) -> tuple[int, bool]:
    return (lost, True) if kind.counts else (0, False)


def test_each_entry_once_and_in_order(kind: Kind, client: redis.Redis) -> None:
    with consuming(kind) as (consumer, sink):
        for number in range(250):
            add(client, number, stream=STREAM if number % 5 else wire.SIGNALS)
        consumer.catch_up()
        for stream in (STREAM, wire.SIGNALS):
            numbers = [int(entry.fields[b"n"]) for entry in sink.entries if entry.stream == stream]
            assert numbers == [number for number in range(250) if bool(number % 5) == (stream == STREAM)]
        loss = consumer.loss()
        assert (loss.lost, loss.measurable) == losses(kind, 0)


def test_a_backlog_is_read_to_its_end(kind: Kind, client: redis.Redis) -> None:
    """One stream takes many reads, some take a few, one comes last; who asks is answered when all of it is handed on."""
    lengths = {STREAM: 950, wire.SIGNALS: 230, wire.POSITION_UPDATES: 230, wire.MARKET_TRADES: 230, wire.RAW_OCR: 30}
    with consuming(kind) as (consumer, sink):
        sink.hold.clear()
        sink.entered.clear()
        add(client, 0)
        assert sink.entered.wait(30)
        for stream, length in lengths.items():
            add(client, *range(1, length), stream=stream)
        asked = threading.Thread(target=consumer.catch_up)
        asked.start()
        sink.hold.set()
        asked.join(30)
        for stream, length in lengths.items():
            numbers = [int(entry.fields[b"n"]) for entry in sink.entries if entry.stream == stream]
            assert numbers == list(range(0 if stream == STREAM else 1, length)), stream
        assert consumer.loss().lost == 0


def test_losses_are_exact_or_said_not_to_be(kind: Kind, client: redis.Redis) -> None:
    with consuming(kind) as (consumer, sink):
        sink.hold.clear()
        sink.entered.clear()
        add(client, 0)
        assert sink.entered.wait(30)
        add(client, *range(1, 31))
        client.xtrim(STREAM, maxlen=10, approximate=False)
        client.xdel(STREAM, client.xrevrange(STREAM, count=1)[0][0])
        sink.hold.set()
        loss = consumer.loss()
        assert sink.numbers() == [0, *range(21, 30)]
        assert (loss.lost, loss.measurable) == losses(kind, 21)
        consumer.stop()
        assert ("21 trimmed or deleted before they could be read" in sink.notes) is kind.counts


def test_only_what_was_kept_is_acknowledged(kind: Kind, client: redis.Redis) -> None:
    with consuming(kind) as (consumer, sink):
        add(client, 1, 2)
        consumer.catch_up()
        (group,) = client.xinfo_groups(STREAM)
        assert group["pending"] == 2
        consumer.acknowledge([Batch(received=None, entries=tuple(sink.entries))])  # type: ignore[arg-type]
        (group,) = client.xinfo_groups(STREAM)
        assert group["pending"] == 0


def test_a_deleted_stream_is_read_from_its_new_beginning(kind: Kind, client: redis.Redis) -> None:
    with consuming(kind) as (consumer, sink):
        add(client, 1)
        consumer.catch_up()
        client.delete(STREAM)
        sink.wait_for_note("deleted or recreated")
        client.xadd(STREAM, {"n": 2}, id="1-0")
        consumer.catch_up()
        assert [(entry.generation, entry.fields) for entry in sink.entries] == [(0, {b"n": b"1"}), (1, {b"n": b"2"})]
        assert not consumer.loss().measurable


def test_a_destroyed_group_is_made_again(kind: Kind, client: redis.Redis) -> None:
    with consuming(kind) as (consumer, sink):
        add(client, 1)
        consumer.catch_up()
        client.xgroup_destroy(STREAM, "intellisense:contract")
        sink.wait_for_note("made again")
        add(client, 2)
        consumer.catch_up()
        assert sink.numbers() == [1, 2]


def test_a_session_goes_on_with_its_pending_entries(kind: Kind, client: redis.Redis) -> None:
    """Three were delivered, one of them is on disk, one was deleted; two came while nobody read."""
    with consuming(kind, "kept") as (consumer, sink):
        add(client, 1, 2, 3)
        consumer.catch_up()
        facts = consumer.resume_facts()
        first, second, third = sink.entries
    client.xdel(STREAM, second.entry_id)
    add(client, 4, 5)
    point = ResumePoint.of(facts, [Recorded(STREAM, first.entry_id)])
    with consuming(kind, "kept", point) as (consumer, sink):
        consumer.acknowledge([Batch(received=None, entries=tuple(sink.entries))])  # type: ignore[arg-type]
        assert sink.entries[0].entry_id == third.entry_id
        assert sink.numbers() == [3, 4, 5]
        assert "deleted after its delivery, before it could be read" in sink.notes
        loss = consumer.loss()
        assert (loss.lost, loss.measurable) == losses(kind, 1)
        (group,) = client.xinfo_groups(STREAM)
        assert group["pending"] == 1, "the gap is acknowledged with the batch that it stands in"


def test_what_was_kept_is_not_handed_on_again(kind: Kind, client: redis.Redis) -> None:
    """None of three was acknowledged; the first two are on disk, though no line of theirs is shown."""
    with consuming(kind, "kept") as (consumer, sink):
        add(client, 1, 2, 3)
        consumer.catch_up()
        facts = consumer.resume_facts()
        _, second, third = sink.entries
    attached = facts["streams"][STREAM]["attached_at"]  # type: ignore[index]
    kept = KeptState(1, {}, {}, 2, {}, {STREAM: KeptStream(attached, 0, second.entry_id, received=2)})
    point = ResumePoint.of(facts, [], kept)
    with consuming(kind, "kept", point) as (consumer, sink):
        assert [entry.entry_id for entry in sink.entries] == [third.entry_id]
        loss = consumer.loss()
        assert (loss.lost, loss.measurable) == losses(kind, 0)
        (group,) = client.xinfo_groups(STREAM)
        assert group["pending"] == 1, "what is on disk was acknowledged"


def test_nothing_of_ours_is_left(kind: Kind, client: redis.Redis) -> None:
    """Groups and the private stream go with the session; what the application reads by stays."""
    client.xgroup_create(STREAM, "the app", "0", mkstream=True)
    with consuming(kind) as (consumer, _):
        assert consumer.loss() == (LossReport() if kind.counts else consumer.loss())
    assert [group["name"] for group in client.xinfo_groups(STREAM)] == [b"the app"]
    assert not client.keys("intellisense:capture:*")
