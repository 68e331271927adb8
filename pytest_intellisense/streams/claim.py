"""Whether a session may be read from a Redis: nobody else reads under its name, and one that goes on finds its groups there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import redis

from pytest_intellisense.codec.stream_ids import START, id_key
from pytest_intellisense.errors import EnvironmentProblem, without_secrets
from pytest_intellisense.streams.connection import reported
from pytest_intellisense.streams.groups import Groups, group_of, private_stream_of
from pytest_intellisense.streams.replies import text_of

_TAKEN_WITHIN_S = 0.5
"""A reader that is alive waits for what is put there, and has it at once."""

_LOOK_EVERY_S = 0.02


def require_unread(client: redis.Redis, address: str, session_id: str) -> None:
    """Raises EnvironmentProblem if another process reads as this session: each would get a part of the entries."""
    with reported(address):
        is_read = _is_read(Groups(client, address, group_of(session_id)), client, private_stream_of(session_id))
    if is_read:
        raise EnvironmentProblem(
            f'a session called "{session_id}" is being recorded from Redis at {address} already',
            hint="give this one another --session-id, or stop that one: two of one name take each other's entries",
        )


def _is_read(groups: Groups, client: redis.Redis, stream: str) -> bool:
    """Whether somebody takes what is put on the stream that a session has for itself."""
    if not groups.delivered((stream,)):
        return False
    added = text_of(client.xadd(stream, {"call": ""}, maxlen=100))
    deadline = time.monotonic() + _TAKEN_WITHIN_S
    while time.monotonic() < deadline:
        if id_key(groups.delivered((stream,)).get(stream, START)) >= id_key(added):
            return True
        time.sleep(_LOOK_EVERY_S)
    return False


def require_home(client: redis.Redis, address: str, session_id: str, facts: Mapping[str, Any]) -> None:
    """Raises EnvironmentProblem if an interrupted session, by its `facts`, was recorded from another Redis.

    A server that has a new address knows its groups; one that came back empty under its old one does not.
    """
    before = facts.get("redis")
    if not before or before == without_secrets(address):
        return
    with reported(address):
        is_known = Groups(client, address, group_of(session_id)).delivered(facts.get("streams", ()))
    if not is_known:
        raise EnvironmentProblem(
            f'the session "{session_id}" was recorded from Redis at {before}, and Redis at {address} knows nothing of it',
            hint="resume it from there, or start a new session for this one",
        )
