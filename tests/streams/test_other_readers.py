"""Who should have acted on an entry: what the server knows of the groups that read its stream."""

from __future__ import annotations

from helpers.redis_server import RedisServer

from pytest_intellisense.streams.other_readers import OtherReaders

STREAM = "testrade:order-requests"


def test_a_group_is_told_by_how_it_stands_to_the_entry(endpoint):
    """Given and not acknowledged, acknowledged, not given yet; our own groups are no readers of the application."""
    with endpoint.connect() as client:
        entry = client.xadd(STREAM, {"order": 1}).decode()
        for group in ("risk", "audit", "asleep", "intellisense:20261101-101500-ab12"):
            client.xgroup_create(STREAM, group, id="0")
        client.xreadgroup("risk", "risk-2", {STREAM: ">"})
        client.xreadgroup("audit", "audit-1", {STREAM: ">"})
        client.xack(STREAM, "audit", entry)
        told = {state.group: state for state in OtherReaders(client).of(STREAM, entry)}
    assert told.keys() == {"risk", "audit", "asleep"}
    assert (told["risk"].delivered, told["risk"].holder, told["risk"].times_delivered) == (True, "risk-2", 1)
    assert (told["audit"].delivered, told["audit"].pending, told["audit"].holder) == (True, 0, "")
    assert (told["asleep"].delivered, told["asleep"].lag) == (False, 1)


def test_what_the_server_does_not_answer_is_not_known():
    """No such stream, and a server that is gone: nothing is said, nothing is raised."""
    with RedisServer() as server:
        client = server.client()
        assert OtherReaders(client).of("testrade:nothing", "1-0") == ()
    assert OtherReaders(client).of(STREAM, "1-0") == ()
    client.close()
