"""A disk that runs full: the capture warns, ends while it still can, and goes on where it was when there is room again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import redis
from helpers.capture_command import Capture, Said, numbers_in, publish
from helpers.redis_server import RedisServer
from helpers.small_disks import small_disk


def test_it_ends_before_the_disk_is_full(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Below 5 % it stops by itself: exit code 3, the reason said, everything that was acknowledged on disk."""
    with small_disk(tmp_path / "disk", size="16000k") as folder:
        filler = folder / "filler"
        filler.write_bytes(bytes(14_800_000))
        with Capture(folder, redis_server.url) as capture:
            publish(app, range(500), padding="x" * 1000)
            assert capture.wait() == 3
        assert "disk low: " in capture.errors
        assert "capture stopped before the disk is full" in capture.output
        assert capture.facts()["state"] == "failed"
        recorded = len(numbers_in(capture.directory))
        assert recorded == 500
        filler.unlink()
        publish(app, range(500, 600))
        with Capture(folder, redis_server.url, "--resume", "one") as resumed:
            assert resumed.end() == 0
        assert numbers_in(resumed.directory) == list(range(600))


def test_a_disk_that_is_full_at_once(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """A burst fills it before anybody looks: path and errno are said; what is not on disk comes with --resume."""
    with small_disk(tmp_path / "disk", size="16000k") as folder:
        filler = folder / "filler"
        filler.write_bytes(bytes(13_000_000))
        with Capture(folder, redis_server.url) as capture:
            publish(app, range(6000), padding="x" * 1000)
            assert capture.wait() == 3
        assert "ENOSPC" in capture.output and "broker.jsonl cannot be written" in capture.output
        filler.unlink()
        (group,) = app.xinfo_groups("testrade:order-fills")
        acknowledged = group["entries-read"] - group["pending"]
        assert acknowledged <= len(numbers_in(capture.directory)) < 6000
        with Capture(folder, redis_server.url, "--resume", "one") as resumed:
            assert resumed.end() == 0
        assert numbers_in(resumed.directory) == list(range(6000))


def test_a_full_disk_is_no_place_to_begin(redis_server: RedisServer, tmp_path: Path, command: Callable[..., Said]) -> None:
    """Exit code 2 before anything is written."""
    with small_disk(tmp_path / "disk", size="16000k") as folder:
        (folder / "filler").write_bytes(bytes(15_900_000))
        ended = command("capture", "start", "--duration", "1s", "--output-dir", str(folder / "captures"))
        assert ended.code == 2
        assert "before the disk is full" in ended.errors
        assert not (folder / "captures").exists()
