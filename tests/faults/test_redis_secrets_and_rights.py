"""A recorder beside live trading: it can do no harm, and it gives nothing away."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest
import redis
from helpers.capture_bench import STREAM, CaptureBench
from helpers.redis_server import RedisServer

from pytest_intellisense import errors
from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.errors import IntelliSenseError
from pytest_intellisense.streams.connection import endpoint_of
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.rights import require_rights
from testrade_hooks import wire

SECRET = "canary/of@a:mine"
DOCUMENTED = re.compile(r"ACL SETUSER recorder on >PASSWORD (?P<rights>.*)")
RIGHT = re.compile(r"\([^)]*\)|\S+")


def url_of(server: RedisServer, user: str = "recorder") -> str:
    return f"redis://{user}:{SECRET}@127.0.0.1:{server.port}/0"


@pytest.fixture
def locked(server: RedisServer) -> RedisServer:
    """A server on which the recorder has the rights that docs/capture.md gives it."""
    rule = DOCUMENTED.search((Path(__file__).parents[2] / "docs" / "capture.md").read_text())
    assert rule
    with server.client() as admin:
        admin.execute_command("ACL SETUSER", "recorder", "on", f">{SECRET}", *RIGHT.findall(rule["rights"]))
    return server


def test_the_least_rights_suffice(locked: RedisServer, tmp_path: Path) -> None:
    """A capture with them is complete, and the check of rights finds nothing missing."""
    bench = CaptureBench(locked, url_of(locked), tmp_path)
    with bench.capturing():
        bench.settle()
        assert bench.acknowledged()
    assert bench.account().complete
    with endpoint_of(bench.url).connect() as client:
        require_rights(client, "there", wire.STREAMS, "intellisense:capture:x")


HARM = {
    "inject": ("XADD", wire.INJECTION_COMMANDS, "*", "a", "b"),
    "add": ("XADD", STREAM, "*", "a", "b"),
    "delete": ("DEL", STREAM),
    "trim": ("XTRIM", STREAM, "MAXLEN", "0"),
    "empty": ("FLUSHALL",),
    "configure": ("CONFIG", "SET", "maxmemory", "1"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_recorder_can_do_no_harm(locked: RedisServer, harm: str) -> None:
    """Not even by mistake: Redis refuses it. The control: an administrator's URL could."""
    with endpoint_of(url_of(locked)).connect() as recorder, pytest.raises(redis.exceptions.NoPermissionError):
        recorder.execute_command(*HARM[harm])
    with locked.client() as admin:
        admin.execute_command(*HARM[harm])


def test_a_capture_adds_nothing_to_the_streams_of_the_application(locked: RedisServer, tmp_path: Path) -> None:
    """Before, while and after it runs, they hold what the application put there; the control: the command log shows us."""
    bench = CaptureBench(locked, url_of(locked), tmp_path)
    with bench.capturing():
        bench.settle()
    with locked.client() as client:
        kept = {key: client.xlen(key) for key in client.keys("*") if client.xlen(key)}
        calls = client.info("commandstats")
    assert kept == {STREAM.encode(): len(bench.published)}
    assert calls["cmdstat_xreadgroup"]["calls"] > 0


def everything_about(server: RedisServer, root: Path, **options: object) -> str:
    """What a capture leaves behind and says: its files, its errors with their tracebacks, its representations."""
    endpoint = endpoint_of(url_of(server))
    consumer = StreamConsumer(endpoint, "one", recover_within_s=0.1)
    said = [repr(endpoint), repr(consumer)]
    try:
        with CaptureSession(root, "one", consumer, **options) as session:  # type: ignore[arg-type]
            server.kill()
            session.loss()
    except IntelliSenseError as error:
        said += [str(error), error.hint, *traceback.format_exception(error)]
    try:
        endpoint_of(url_of(server).replace("redis:", "http:"))
    except IntelliSenseError as error:
        said += [str(error), error.hint]
    files = [path.read_bytes().decode(errors="replace") for path in root.rglob("*") if path.is_file()]
    assert files
    return "\n".join([*said, *files])


def test_a_password_is_nowhere(locked: RedisServer, tmp_path: Path) -> None:
    """Neither whole nor in parts, as a raw `@` or `/` would cut it."""
    found = everything_about(locked, tmp_path)
    assert "127.0.0.1" in found
    assert all(part not in found for part in ("canary", "of@a", "mine"))


def test_messages_without_their_filter_would_show_it(
    locked: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the search does find what the filter takes out."""
    monkeypatch.setattr(errors, "without_secrets", lambda text: text)
    assert "canary" in everything_about(locked, tmp_path)
