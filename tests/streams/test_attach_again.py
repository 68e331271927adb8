"""Groups that are found again after an accident: an attempt may end anywhere, and the next one must come to the same end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from helpers.redis_server import RedisServer

from pytest_intellisense.streams.groups import Groups
from pytest_intellisense.streams.tracks import Track

STREAM = "testrade:order-fills"


class Breaking(redis.Redis):
    """Its connection breaks at the command number `breaks_at`, before or after the server has carried it out.

    An `accident` happens just before the command number `happens_at`.
    """

    breaks_at = -1
    answered = False
    happens_at = -1
    accident = staticmethod(lambda: None)
    sent = 0

    def pipeline(self, *arguments, **options):
        made = super().pipeline(*arguments, **options)
        execute = made.execute
        made.execute = lambda **said: self._broken(lambda: execute(**said))
        return made

    def execute_command(self, *words, **options):
        return self._broken(lambda: super(Breaking, self).execute_command(*words, **options))

    def _broken(self, carry_out):
        self.sent += 1
        if self.sent - 1 == self.happens_at:
            self.accident()
        if self.sent - 1 != self.breaks_at:
            return carry_out()
        if self.answered:
            carry_out()
        raise redis.ConnectionError("the line is dead")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


def read_of(client: redis.Redis, count: int) -> dict[str, Track]:
    """Our group at the start of a stream with entries, of which so many were read and not acknowledged."""
    client.flushall()
    tracks = Groups(client, "here", "ours").attach((STREAM,))
    for number in range(count):
        client.xadd(STREAM, {"number": number}, id=f"1-{number + 1}")
    ((_, entries),) = client.xreadgroup("ours", "recorder", {STREAM: ">"})
    tracks[STREAM].advance(entries[-1][0].decode(), count)
    return tracks


def recreate(client: redis.Redis, count: int) -> None:
    client.delete(STREAM)
    for number in range(count):
        client.xadd(STREAM, {"number": 100 + number}, id=f"2-{number + 1}")


def numbers_after(client: redis.Redis) -> list[int]:
    """What the group still delivers."""
    found = client.xreadgroup("ours", "recorder", {STREAM: ">"})
    return [int(fields[b"number"]) for _, entries in found for _, fields in entries]


def told(client: redis.Redis, url: str, tracks: dict[str, Track], breaks_at: int, *, answered: bool) -> list:
    """The gaps of an attempt that breaks, and of the one after it."""
    gaps = []
    with Breaking.from_url(url) as line:
        line.breaks_at, line.answered = breaks_at, answered
        for groups in (Groups(line, "here", "ours"), Groups(client, "here", "ours")):
            try:
                gaps += groups.attach_again(tracks)
            except redis.ConnectionError:
                continue
            if groups.name and line.sent <= breaks_at:
                break
    return gaps


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("breaks_at", range(10))
def test_a_recreated_stream_is_told_of_and_read_whole_wherever_the_line_breaks(
    server: RedisServer, breaks_at: int, answered: bool
) -> None:
    """As many entries as the old one had: their number alone says nothing."""
    with server.client() as client:
        tracks = read_of(client, 3)
        recreate(client, 3)
        gaps = told(client, server.url, tracks, breaks_at, answered=answered)
        assert [gap.lost for gap in gaps] == [None]
        assert numbers_after(client) == [100, 101, 102]
        assert tracks[STREAM].generation == 1


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("breaks_at", range(10))
def test_a_lost_group_is_made_again_where_we_had_read_to(server: RedisServer, breaks_at: int, answered: bool) -> None:
    """The stream is the same: nothing is lost, and nothing comes twice."""
    with server.client() as client:
        tracks = read_of(client, 3)
        client.xgroup_destroy(STREAM, "ours")
        client.xadd(STREAM, {"number": 3})
        gaps = told(client, server.url, tracks, breaks_at, answered=answered)
        assert [gap.lost for gap in gaps] == [0]
        assert numbers_after(client) == [3]
        assert tracks[STREAM].generation == 0


def read_on(client: redis.Redis, tracks: dict[str, Track]) -> list[int]:
    """What a reader comes to read, which looks again when it finds its group gone."""
    try:
        found = client.xreadgroup("ours", "recorder", {STREAM: ">"})
    except redis.ResponseError:
        list(Groups(client, "here", "ours").attach_again(tracks))
        found = client.xreadgroup("ours", "recorder", {STREAM: ">"})
    numbers = []
    for _, entries in found:
        tracks[STREAM].advance(entries[-1][0].decode(), len(entries))
        numbers += [int(fields[b"number"]) for _, fields in entries]
    return numbers


@pytest.mark.parametrize("happens_at", range(10))
def test_a_stream_that_is_recreated_while_we_look_is_read_once(server: RedisServer, happens_at: int) -> None:
    """What was known of the old stream a moment ago says nothing of the new one, also when the group is lost again."""
    with server.client() as client, Breaking.from_url(server.url) as line:
        tracks = read_of(client, 3)
        client.xgroup_destroy(STREAM, "ours")
        line.happens_at, line.accident = happens_at, lambda: recreate(client, 2)
        list(Groups(line, "here", "ours").attach_again(tracks))
        if line.sent <= happens_at:
            recreate(client, 2)
        first = read_on(client, tracks)
        client.xgroup_destroy(STREAM, "ours")
        assert first + read_on(client, tracks) == [100, 101]


def test_counts_that_do_not_fit_do_not_bring_back_what_we_have(server: RedisServer) -> None:
    """The group stands, so its pending entries came through it: our position stays, and the loss is not measurable once."""
    with server.client() as client:
        tracks = read_of(client, 3)
        track = tracks[STREAM]
        track.received, before = 5, track.last_id
        groups = Groups(client, "here", "ours")
        assert [gap.lost for gap in groups.attach_again(tracks)] == [None]
        assert track.last_id == before
        assert groups.pending({STREAM: track.last_id}, 10) == []
        assert list(groups.attach_again(tracks)) == []
        client.xadd(STREAM, {"number": 3})
        client.xtrim(STREAM, maxlen=0, approximate=False)
        assert [gap.lost for gap in groups.losses(tracks)] == [1]
