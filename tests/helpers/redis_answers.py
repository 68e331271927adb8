"""What our reading relies on, asked of a Redis command by command; each answer is a few words that can stand in a table."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import redis

STREAM = "contract"
GROUP = "readers"
_BLOCK_MS = 10_000


def counts_its_entries(client: redis.Redis) -> str:
    client.xadd(STREAM, {"n": 1})
    client.xadd(STREAM, {"n": 2})
    client.xtrim(STREAM, maxlen=1, approximate=False)
    added = client.xinfo_stream(STREAM).get("entries-added")
    return "no" if added is None else "yes" if added == 2 else f"wrong: {added}"


def counts_anew_after_a_deletion(client: redis.Redis) -> str:
    client.xadd(STREAM, {"n": 1})
    client.delete(STREAM)
    client.xadd(STREAM, {"n": 2})
    added = client.xinfo_stream(STREAM).get("entries-added")
    return "no" if added is None else "yes" if added == 1 else f"wrong: {added}"


def read_of_a_missing_stream(client: redis.Redis) -> str:
    return _first_word(lambda: _read(client))


def read_of_a_missing_group(client: redis.Redis) -> str:
    client.xadd(STREAM, {"n": 1})
    return _first_word(lambda: _read(client))


def read_of_another_type(client: redis.Redis) -> str:
    client.set(STREAM, "text")
    return _first_word(lambda: _read(client))


def group_made_twice(client: redis.Redis) -> str:
    client.xgroup_create(STREAM, GROUP, "0", mkstream=True)
    return _first_word(lambda: client.xgroup_create(STREAM, GROUP, "0"))


def second_acknowledgement(client: redis.Redis) -> str:
    client.xgroup_create(STREAM, GROUP, "0", mkstream=True)
    entry_id = client.xadd(STREAM, {"n": 1})
    _read(client)
    assert client.xack(STREAM, GROUP, entry_id) == 1
    return str(client.xack(STREAM, GROUP, entry_id))


def pending_entry_that_was_deleted(client: redis.Redis) -> str:
    client.xgroup_create(STREAM, GROUP, "0", mkstream=True)
    entry_id = client.xadd(STREAM, {"n": 1})
    _read(client)
    client.xdel(STREAM, entry_id)
    ((_, entries),) = client.xreadgroup(GROUP, "one", {STREAM: "0"})
    return "its id without fields" if entries and not entries[0][1] else "nothing" if not entries else "its fields"


def repeated_field_name(client: redis.Redis) -> str:
    client.execute_command("XADD", STREAM, "*", "a", "1", "a", "2")
    ((_, fields),) = client.xrange(STREAM)
    return "the last value" if fields == {b"a": b"2"} else str(fields)


def stream_deleted_under_a_waiting_reader(client: redis.Redis) -> str:
    return _while_waiting(client, lambda: client.delete(STREAM))


def stream_replaced_under_a_waiting_reader(client: redis.Redis) -> str:
    return _while_waiting(client, lambda: client.set(STREAM, "text"))


def group_destroyed_under_a_waiting_reader(client: redis.Redis) -> str:
    return _while_waiting(client, lambda: client.xgroup_destroy(STREAM, GROUP))


def _read(client: redis.Redis, **options: int) -> Any:
    return client.xreadgroup(GROUP, "one", {STREAM: ">"}, **options)


def _while_waiting(client: redis.Redis, act: Callable[[], object]) -> str:
    """What a blocking read ends with when `act` happens under it."""
    client.xgroup_create(STREAM, GROUP, "0", mkstream=True)
    answers: list[str] = []
    reader = threading.Thread(target=lambda: answers.append(_first_word(lambda: _read(client, block=_BLOCK_MS))))
    reader.start()
    deadline = time.monotonic() + 9
    while not client.info("clients")["blocked_clients"]:
        assert time.monotonic() < deadline, "the reader does not wait"
    act()
    reader.join(30)
    return answers[0]


def _first_word(ask: Callable[[], object]) -> str:
    try:
        answer = ask()
    except redis.ResponseError as error:
        return str(error).split(" ", 1)[0]
    except AttributeError:
        return "an exception of its own"
    return "nothing" if not answer else "an answer"


QUESTIONS: dict[str, Callable[[redis.Redis], str]] = {
    "counts the entries of a stream (`entries-added`)": counts_its_entries,
    "counts from 0 when the stream was deleted": counts_anew_after_a_deletion,
    "read of a stream that is not there": read_of_a_missing_stream,
    "read of a group that is not there": read_of_a_missing_group,
    "read of a key of another type": read_of_another_type,
    "a group made twice": group_made_twice,
    "an entry acknowledged twice": second_acknowledgement,
    "a pending entry that was deleted": pending_entry_that_was_deleted,
    "a field name that stands twice in an entry": repeated_field_name,
    "stream deleted under a waiting reader": stream_deleted_under_a_waiting_reader,
    "stream replaced under a waiting reader": stream_replaced_under_a_waiting_reader,
    "group destroyed under a waiting reader": group_destroyed_under_a_waiting_reader,
}
