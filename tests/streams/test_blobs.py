"""Images that lie in keys beside the streams are captured with the event that refers to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.dialects import logged
from helpers.pictures import screen
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.reader import read_session
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.codec.bulk import BulkData
from pytest_intellisense.streams.blobs import blob_reader
from pytest_intellisense.streams.connection import Endpoint, endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from testrade_hooks import wire

KEY = "binary_blob:6f0c:part_0"


def test_a_blob_is_captured_with_its_event(endpoint: Endpoint, tmp_path: Path) -> None:
    """It may expire afterwards: it lies beside the log."""
    image = screen()
    fields = logged("TESTRADE_RAW_OCR_DATA", {"processed_frame_base64": KEY})
    session = CaptureSession(tmp_path, "one", StreamConsumer(endpoint, "one"), bulk=BulkData(blob_reader(endpoint)))
    with session, endpoint.open() as client:
        client.set(KEY, image, px=60_000)
        client.xadd(wire.RAW_OCR, fields)  # type: ignore[arg-type]
        session.loss()
        client.delete(KEY)
    (event,) = read_session(session.directory)
    assert event.image is not None
    assert (session.directory / event.image.path).read_bytes() == image
    assert event.payload["processed_frame_base64"] == event.image.path


def test_a_blob_that_is_none_is_told(endpoint: Endpoint) -> None:
    """No such key is nothing; a key of another kind and one that is too large are errors."""
    read = blob_reader(endpoint)
    with endpoint.open() as client:
        client.hset("binary_blob:hash:part_0", "a", "b")
        client.setrange("binary_blob:large:part_0", 20_000_000, b"x")
    assert read("binary_blob:none:part_0") is None
    with pytest.raises(OSError, match="WRONGTYPE"):
        read("binary_blob:hash:part_0")
    with pytest.raises(OSError, match="at most 20000000"):
        read("binary_blob:large:part_0")


def test_a_server_without_the_right_is_told() -> None:
    """Who may not read the keys still captures the events; the reason is the server's, without the password."""
    with RedisServer() as server:
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", "reader", "on", ">CANARY", "~testrade:*", "+@read", "+ping", "+cluster")
        read = blob_reader(endpoint_of(server.url.replace("redis://", "redis://reader:CANARY@")))
        with pytest.raises(OSError, match=r"(?i)permission") as problem:
            read(KEY)
    assert "CANARY" not in str(problem.value)
    with pytest.raises(OSError, match=r".") as gone:
        read(KEY)
    assert "CANARY" not in str(gone.value)
