"""A process that records until it is killed: `python recorder.py URL ROOT SESSION WAY`, with wrong ways to prove the tests."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_intellisense.capture.recording import Recording
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.capture.writer import LogWriter
from pytest_intellisense.codec.pictures import Picture
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer


def acknowledge_early(session: CaptureSession) -> None:
    """Tell Redis on receipt that an entry is kept."""
    put = Recording.put

    def put_and_tell(recording: Recording, record: Any) -> None:
        session._consumer.acknowledge([record.batch])
        put(recording, record)

    Recording.put = put_and_tell  # type: ignore[method-assign]


def write_line_first(_session: CaptureSession) -> None:
    """Write the lines before the images that they name."""
    write = LogWriter.write

    def lines_then_images(writer: LogWriter, pictures: Iterable[Picture], texts: Mapping[str, list[bytes]]) -> None:
        write(writer, [], texts)
        writer.settle()
        write(writer, pictures, {})

    LogWriter.write = lines_then_images  # type: ignore[method-assign]


def wait_for_the_disk(session: CaptureSession) -> None:
    """Read on only when the last batch is on disk."""
    put = Recording.put

    def put_and_wait(recording: Recording, record: Any) -> None:
        put(recording, record)
        recording.flush()

    Recording.put = put_and_wait  # type: ignore[method-assign]


WAYS = {
    "sound": lambda _session: None,
    "early ack": acknowledge_early,
    "line first": write_line_first,
    "wait for the disk": wait_for_the_disk,
}


def main(url: str, root: str, session_id: str, way: str) -> None:
    session = CaptureSession(Path(root), session_id, StreamConsumer(endpoint_of(url), session_id))
    WAYS[way](session)
    session.start()
    print("recording", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
