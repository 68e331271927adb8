"""The least a Redis user needs for a capture: what docs/capture.md lists is enough, and nothing of it is too much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from helpers.capture_command import Capture, Said, eventually, numbers_in, publish
from helpers.redis_server import RedisServer

DOCS = Path(__file__).parents[2] / "docs" / "capture.md"
PASSWORD = "only-for-recording"


def documented_rules() -> list[str]:
    """The words after the name of the user in the ACL SETUSER line of the docs; a selector in brackets is one word."""
    (rules,) = re.findall(r"^ACL SETUSER recorder (.+)$", DOCS.read_text(), re.MULTILINE)
    return re.findall(r"\([^)]*\)|\S+", rules.replace(">PASSWORD", f">{PASSWORD}"))


@pytest.fixture(scope="module")
def guarded_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def as_recorder(server: RedisServer, rules: list[str]) -> str:
    """The URL of a user with these rights and no others."""
    with server.client() as client:
        client.flushall()
        client.execute_command("ACL", "SETUSER", "recorder", "reset", *rules)
    return server.url.replace("redis://", "redis://recorder@")


def test_the_documented_rights_are_enough(guarded_server: RedisServer, tmp_path: Path) -> None:
    """All events, acknowledged; the loss measured; the group gone at the end; nothing left undone in silence."""
    url = as_recorder(guarded_server, documented_rules())
    with guarded_server.client() as app:
        with Capture(tmp_path, url, INTELLISENSE_REDIS_PASSWORD=PASSWORD) as capture:
            publish(app, range(100))
            capture.has_written(100)
            eventually(lambda: app.xinfo_groups("testrade:order-fills")[0]["pending"] == 0, "all acknowledged")
            assert capture.end() == 0
        assert app.xinfo_groups("testrade:order-fills") == []
        assert not app.exists("intellisense:capture:one")
        denied = {entry["reason"] + ":" + entry["object"] for entry in app.acl_log()}
    assert numbers_in(capture.directory) == list(range(100))
    assert capture.facts()["losses"] == {"lost": 0, "measurable": True, "notes": []}
    assert denied <= {"command:client|setinfo"}  # the client's own greeting, which may be refused


def test_the_recorder_cannot_write_into_the_streams_of_the_application(guarded_server: RedisServer) -> None:
    """It may neither add nor delete nor trim there."""
    as_recorder(guarded_server, documented_rules())
    with guarded_server.client(username="recorder", password=PASSWORD) as recorder:
        for command in ("XADD testrade:order-fills * a b", "DEL testrade:order-fills", "XTRIM testrade:order-fills MAXLEN 0"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                recorder.execute_command(*command.split())
        for command in ("FLUSHALL", "CONFIG GET *", "KEYS *", "GET elsewhere"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                recorder.execute_command(*command.split())
        assert recorder.get("binary_blob:c-1:part_0") is None


COMMANDS = [
    "+xinfo|stream",
    "+xinfo|groups",
    "+xrevrange",
    "+xrange",
    "+xgroup|create",
    "+xgroup|destroy",
    "+xreadgroup",
    "+xack",
]


@pytest.mark.parametrize("right", [*COMMANDS, "~testrade:*", "+xadd", "+del"])
def test_a_missing_right_is_named(
    right: str,
    guarded_server: RedisServer,
    command: Callable[..., Said],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Before anything is recorded: the command or the keys, and the rule that is to be added. No folder is made."""
    rules = [re.sub(rf"(?<![^ (]){re.escape(right)}(?![^ )])", "", rule).strip() for rule in documented_rules()]
    assert rules != documented_rules(), f"{right} is not in the docs"
    url = as_recorder(guarded_server, [rule for rule in rules if rule])
    monkeypatch.setenv("INTELLISENSE_REDIS_PASSWORD", PASSWORD)
    ended = command("capture", "start", "--duration", "1s", "--redis-url", url)
    assert ended.code == 2
    error, hint = ended.errors.splitlines()
    wanted = right[1:].replace("|", " ").upper() if right.startswith("+") else " on testrade:order-fills"
    assert "forbids this user: " in error and wanted in error
    assert "add to its ACL SETUSER: " in hint and right.removesuffix("*") in hint
    assert not (tmp_path / "captures").exists()
