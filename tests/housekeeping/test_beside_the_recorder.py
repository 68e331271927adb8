"""Housekeeping while `intellisense capture` records: it gets nothing in the way, and nothing of it gets lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from helpers.capture_command import Capture, eventually, numbers_in, publish
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.disk import write_whole
from pytest_intellisense.capture.paths import SESSION_FILE
from pytest_intellisense.cli.main import main
from pytest_intellisense.cli.running import captures_in


def test_closed_segments_are_compressed(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """All but the newest segment; whoever reads the session meanwhile or afterwards sees every event."""
    with Capture(tmp_path, redis_server.url, "--segment-size", "20KB") as capture:
        for block in range(5):
            publish(app, range(block * 50, block * 50 + 50))
            capture.has_written(block * 50 + 50)
        first, second = capture.directory / "broker.jsonl", capture.directory / "segment-000002" / "broker.jsonl"
        for log in (first, second):
            eventually(lambda log=log: not log.exists(), f"{log} compressed")
        publish(app, range(250, 300))
        capture.has_written(300)
        assert numbers_in(capture.directory) == list(range(300))
        assert capture.end() == 0
    newest = max(capture.directory.glob("segment-*"))
    assert (newest / "broker.jsonl").exists()
    assert numbers_in(capture.directory) == list(range(300))


def test_a_running_capture_is_left_alone(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Clean, archive and keep beside a recorder: it is neither removed nor moved, and can be kept."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(50))
        capture.has_written(50)
        assert main(["clean", str(tmp_path / "captures"), "--older-than", "0s", "--max-total", "0B", "--apply"]) == 0
        assert main(["archive", str(capture.directory), "--to", str(shelf)]) == 2
        assert main(["keep", str(capture.directory), "--because", "a strange day"]) == 0
        publish(app, range(50, 100))
        assert capture.end() == 0
    main(["clean", str(tmp_path / "captures"), "--older-than", "0s", "--apply"])
    assert numbers_in(capture.directory) == list(range(100))


def test_a_session_is_seen_at_every_moment(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Also in the one in which its recorder gives a new session.json its name."""
    with Capture(tmp_path, redis_server.url) as capture:
        publish(app, range(1))
        capture.has_written(1)
        assert capture.end() == 0
    with _rewritten(capture.directory / SESSION_FILE):
        seen = [[found.session_id for found in captures_in(tmp_path / "captures")] for _ in range(500)]
    assert [names for names in seen if names != ["one"]] == []


@contextmanager
def _rewritten(path: Path) -> Iterator[None]:
    """The file is written again without a pause, as a recorder does it every second."""
    text, ended = path.read_bytes(), threading.Event()

    def write() -> None:
        while not ended.is_set():
            write_whole(path, text)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()
