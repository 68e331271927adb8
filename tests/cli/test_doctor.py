"""The doctor sees what a recorder would meet, says what to do, and leaves everything as it was."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from helpers.redis_server import RedisServer

from pytest_intellisense.cli.main import main
from pytest_intellisense.doctor import rights
from testrade_hooks import wire
from testrade_hooks.gate import KILL_SWITCH_KEY, LIVE_MARKER_KEY, PERMIT_KEY

SECRET = "hunter2"
RECORDER = (
    "-@all +ping +xinfo|stream +xinfo|groups +xgroup|create +xgroup|destroy +xreadgroup +xack +xrange +xrevrange +xadd +del"
)


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.client() as client:
        client.flushall()
        yield client


class Told:
    """One visit of the doctor: exit code, what a person reads, and each finding."""

    def __init__(self, capsys: pytest.CaptureFixture[str], url: str, *words: str) -> None:
        self.code = main(["doctor", "--redis-url", url, *words])
        self.text = capsys.readouterr().out
        assert main(["doctor", "--redis-url", url, "--json", *words]) == self.code
        self.findings = json.loads(capsys.readouterr().out)["findings"]

    def of(self, subject: str, level: str) -> str:
        """What was found of a subject at a level, with the advice."""
        found = [one for one in self.findings if (one["subject"], one["level"]) == (subject, level)]
        assert found, self.text
        return "\n".join(f"{one['text']}\n{one['advice']}" for one in found)

    def levels(self) -> set[str]:
        return {one["level"] for one in self.findings}


def publish(client: redis.Redis, event_type: str = "TESTRADE_ORDER_FILL", **payload: object) -> bytes:
    event = wire.event(event_type, payload)
    entry_id: bytes = client.xadd(event.stream, wire.encode(event))
    return entry_id


def user(client: redis.Redis, name: str, rights: str, keys: str = "~testrade:* ~intellisense:* ~order_* ~ocr:*") -> None:
    client.execute_command("ACL SETUSER", name, "reset", "on", f">{SECRET}", *keys.split(), *rights.split())


def url_of(server: RedisServer, name: str) -> str:
    return f"redis://{name}:{SECRET}@127.0.0.1:{server.port}/0"


def state(client: redis.Redis) -> object:
    """Everything there is, with groups and their positions, and how often anything was changed."""
    keys = sorted(client.keys())
    return client.dbsize(), [(key, client.dump(key)) for key in keys], client.info("persistence")["rdb_changes_since_last_save"]


def test_a_sound_redis(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """All well: exit code 0, the contract named, silent streams listed."""
    publish(client)
    publish(client, "TESTRADE_ORDER_REQUEST")
    told = Told(capsys, redis_server.url)
    assert told.code == 0
    assert told.levels() <= {"ok", "note"}
    assert "losses are counted exactly" in told.of("version", "ok")
    assert told.of("contract", "ok").startswith("G1: the declared contract")
    assert "2 with entries of the last 10 minutes" in told.of("streams", "ok")
    assert "raw-ocr-events" in told.of("streams", "note")
    assert "durations are comparable" in told.of("clocks", "ok")
    assert told.of("rights", "ok")


def test_nothing_is_changed(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a key, a group, a position or a counter of changes."""
    publish(client)
    client.set("testrade:signal-decisions", "no stream")
    client.xgroup_create(wire.ORDER_FILLS, "the app", "0")
    client.xreadgroup("the app", "worker", {wire.ORDER_FILLS: ">"})
    before = state(client)
    Told(capsys, redis_server.url)
    assert state(client) == before


def test_a_change_would_be_seen(
    redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a doctor that tries rights by using them is found out."""
    publish(client)
    before = state(client)
    monkeypatch.setattr(rights, "refusals", lambda client, streams, _: client.xgroup_create(wire.ORDER_FILLS, "tried") and [])
    assert main(["doctor", "--redis-url", redis_server.url]) == 0
    assert state(client) != before


def test_an_empty_redis(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing speaks: the advice has the usual reasons."""
    told = Told(capsys, redis_server.url)
    assert told.code == 3
    assert "ENABLE_INTELLISENSE_LOGGING" in told.of("streams", "warn")


def test_the_correlation_logger(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Events outside the declared contract are recognised, also on a stream that is not declared."""
    envelope = {"metadata": {"eventType": "TESTRADE_ORDER_FILL", "eventId": "1"}, "payload": {"symbol": "AAPL"}}
    client.xadd("order_events", {"json_payload": json.dumps(envelope)})
    told = Told(capsys, redis_server.url)
    assert "G2" in told.of("contract", "warn")


def test_streams_of_the_contract_that_are_seldom_used(
    redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of them is called foreign; the control: another one is."""
    for stream in ("testrade:alerts:ipc", "testrade:commands:from_gui", "testrade:telemetry", "testrade:my-own"):
        client.xadd(stream, wire.encode(wire.event("TESTRADE_ORDER_FILL", {})))  # type: ignore[arg-type]
    told = Told(capsys, redis_server.url)
    assert "1 that are not of the contract: my-own\n" in told.of("streams", "note")


def test_an_entry_of_nobody(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    client.xadd(wire.SIGNALS, {"hello": "world"})
    assert "no known writer makes" in Told(capsys, redis_server.url).of("contract", "warn")


def test_a_key_in_the_way(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """A recorder would not start: exit code 1, the key is named."""
    client.set(wire.SIGNALS, "no stream")
    told = Told(capsys, redis_server.url)
    assert told.code == 1
    assert f"{wire.SIGNALS} holds something else than a stream" in told.of("streams", "fail")


def test_least_privileges(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """A user with the rights of a recorder and no others: it is told that they suffice, and what could not be looked at."""
    publish(client)
    user(client, "recorder", RECORDER)
    told = Told(capsys, url_of(redis_server, "recorder"))
    assert told.code == 0
    assert told.of("rights", "ok")
    assert "INFO" in told.of("memory", "cannot see")
    assert SECRET not in told.text


@pytest.mark.parametrize("right", ["xack", "xgroup|create", "xreadgroup", "xadd"])
def test_a_missing_right(
    redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str], right: str
) -> None:
    """The command is named, and how to allow it."""
    user(client, "recorder", RECORDER.replace(f" +{right} ", " "))
    told = Told(capsys, url_of(redis_server, "recorder"))
    assert told.code == 1
    assert told.of("rights", "fail") == f"a recorder may not use {right.replace('|', ' ').upper()}\nACL SETUSER … +{right}"


def test_a_missing_key(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """All commands, but only on the application's streams: our own key is named."""
    user(client, "recorder", RECORDER, keys="~testrade:* ~order_* ~ocr:*")
    assert "ACL SETUSER … ~intellisense:*" in Told(capsys, url_of(redis_server, "recorder")).of("rights", "fail")


def test_a_user_who_may_do_nothing(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Still no traceback."""
    user(client, "nobody", "-@all +ping")
    told = Told(capsys, url_of(redis_server, "nobody"))
    assert told.code == 1
    assert {"cannot see", "fail"} <= told.levels()


def test_a_stream_that_is_trimmed_short(
    redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of five seconds of fills two are left."""
    now_ms = round(time.time() * 1000)
    for age_ms in (5000, 4000, 2000, 0):
        client.xadd(wire.ORDER_FILLS, wire.encode(wire.event("TESTRADE_ORDER_FILL", {})), id=f"{now_ms - age_ms}-0")
    client.xtrim(wire.ORDER_FILLS, maxlen=2, approximate=False)
    told = Told(capsys, redis_server.url)
    assert told.code == 3
    assert "order-fills: trimmed so short that a reader loses entries after 2.0 s" in told.of("trimming", "warn")


def test_a_recorder_that_is_overtaken(
    redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trimming has taken entries that a group of ours had not read."""
    publish(client)
    client.xgroup_create(wire.ORDER_FILLS, "intellisense:slow", "0")
    client.xreadgroup("intellisense:slow", "recorder", {wire.ORDER_FILLS: ">"})
    for _ in range(10):
        publish(client)
    client.xtrim(wire.ORDER_FILLS, maxlen=4, approximate=False)
    said = Told(capsys, redis_server.url).of("trimming", "warn")
    assert "intellisense:slow: testrade:order-fills: trimming has taken at least 6 entries" in said


def test_groups_and_who_left_them(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """The application's groups with their lag, and what an interrupted recorder left."""
    publish(client)
    client.xgroup_create(wire.ORDER_FILLS, "the app", "0")
    client.xgroup_create(wire.ORDER_FILLS, "intellisense:20260101_000000-abc", "0")
    client.xreadgroup("intellisense:20260101_000000-abc", "recorder", {wire.ORDER_FILLS: ">"})
    said = Told(capsys, redis_server.url).of("groups", "note")
    assert "group the app is" in said
    assert "intellisense:20260101_000000-abc: a recorder at work, or one that was interrupted (1 not acknowledged)" in said


def test_publishers_of_another_host(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Their clock is named; an entry without one is timed at receipt."""
    fields = wire.encode(wire.event("TESTRADE_ORDER_FILL", {}))
    client.xadd(wire.ORDER_FILLS, fields | {b"clock_domain": b"elsewhere/time"})
    del fields[b"clock_domain"]
    client.xadd(wire.ORDER_FILLS, fields)
    told = Told(capsys, redis_server.url)
    assert "elsewhere/time" in told.of("clocks", "warn")
    assert "50% of the entries do not name their clock" in told.of("clocks", "note")


def test_who_may_inject(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Mode and time left of the permit, never its run id."""
    client.set(PERMIT_KEY, json.dumps({"run_id": SECRET, "mode": "PAPER", "expires_at_epoch_s": time.time() + 600.5}))
    client.set(KILL_SWITCH_KEY, "1")
    client.set(LIVE_MARKER_KEY, "1")
    told = Told(capsys, redis_server.url)
    said = told.of("injection", "note")
    assert "an application in mode PAPER permits it for 10 more minutes" in said
    assert "forbidden here for good" in said
    assert "redis-cli del intellisense:kill-switch" in said
    assert SECRET not in told.text


def test_a_full_redis(capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that evicts streams is warned of, with what to set."""
    with RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        told = Told(capsys, server.url)
    assert told.code == 3
    assert "noeviction" in told.of("memory", "warn")


def test_a_replica(redis_server: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be recorded there."""
    with RedisServer("--replicaof", "127.0.0.1", str(redis_server.port)) as replica:
        told = Told(capsys, replica.url)
    assert told.code == 1
    assert "give the URL of the primary" in told.of("role", "fail")


def test_a_redis_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A finding like any other, without the password."""
    told = Told(capsys, f"redis://user:{SECRET}@127.0.0.1:1/0")
    assert told.code == 1
    assert "start redis-server" in told.of("connection", "fail")
    assert SECRET not in told.text


def test_no_redis_url_is_a_mistake_of_usage() -> None:
    """Through the real command: exit code 2, no traceback, no password."""
    command = [sys.executable, "-m", "pytest_intellisense.cli", "doctor", "--redis-url", f"http://user:{SECRET}@x"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: not the URL of a Redis")
    assert SECRET not in ended.stderr


def test_every_subject_is_explained(redis_server: RedisServer, client: redis.Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads a line of the report finds its first word in the docs."""
    publish(client)
    client.xgroup_create(wire.ORDER_FILLS, "the app", "0")
    subjects = {one["subject"] for one in Told(capsys, redis_server.url).findings}
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
    assert [subject for subject in subjects if f"| `{subject}` |" not in page] == []
