"""Rotation: a long capture lies in segments; whoever reads it sees one session."""

from __future__ import annotations

import json
from pathlib import Path

import redis
from helpers.capture_command import Capture, events_in, numbers_in, publish, publish_image
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.segments import logs_named


def segments_of(directory: Path) -> list[Path]:
    return [directory, *sorted(directory.glob("segment-*"))]


def test_a_segment_ends_at_its_size(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Segments are numbered, each counts its lines from 0, and reading gives every event once in the order of the whole."""
    with Capture(tmp_path, redis_server.url, "--segment-size", "20KB") as capture:
        for block in range(10):
            publish(app, range(block * 50, block * 50 + 50))
            capture.has_written(block * 50 + 50)
        assert capture.end() == 0
    segments = segments_of(capture.directory)
    assert len(segments) > 4
    assert [folder.name for folder in segments[1:]] == [f"segment-{number:06d}" for number in range(2, len(segments) + 1)]
    for log in logs_named(capture.directory, "broker.jsonl"):
        with log.opened() as text:
            numbers = [json.loads(line)["seq"] for line in text]
        assert numbers == list(range(len(numbers)))
    assert numbers_in(capture.directory) == list(range(500))
    assert [event.global_sequence_id for event in events_in(capture.directory)] == list(range(500))
    assert capture.facts()["counts"] == {"broker.jsonl": 500}
    assert capture.facts()["segment"] == len(segments)


def test_a_segment_ends_with_its_time(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """What comes after the time lies in the next segment."""
    with Capture(tmp_path, redis_server.url, "--segment-minutes", "0.005") as capture:
        publish(app, range(10))
        capture.has_written(10)
        written = 10
        while not (capture.directory / "segment-000002").exists():
            publish(app, range(written, written + 1))
            written += 1
            capture.has_written(written)
        capture.end()
    assert numbers_in(capture.directory) == list(range(written))


def test_an_image_is_kept_once_for_all_segments(redis_server: RedisServer, app: redis.Redis, tmp_path: Path) -> None:
    """Lines of every segment refer to the one folder of images."""
    with Capture(tmp_path, redis_server.url, "--segment-size", "2KB") as capture:
        for number in range(12):
            publish_image(app, number, b"\x89PNG\r\n\x1a\n" + bytes([number % 3]) * 400)
            capture.has_written(number + 1)
        capture.end()
    assert len(segments_of(capture.directory)) > 2
    images = [event.image for event in events_in(capture.directory)]
    assert len(images) == 12 and None not in images
    assert {image.path for image in images if image} == {f"images/{path.name}" for path in capture.directory.glob("images/*")}
    assert len(list(capture.directory.glob("images/*"))) == 3
    assert read_session(capture.directory).damage.lossless
