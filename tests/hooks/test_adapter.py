"""The adapter that our documentation shows a TESTRADE developer is one that works."""

from __future__ import annotations

import re
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from helpers.redis_server import RedisServer

import testrade_hooks
from testrade_hooks import injection, wire

README = Path(__file__).parents[2] / "README.md"


def in_docstring() -> str:
    return textwrap.dedent((injection.__doc__ or "").partition("::\n")[2])


def in_readme() -> str:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if "class IntelliSenseAdapter" in block)


@dataclass
class Recorder:
    """A part of an application that remembers what it was called with."""

    calls: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def put(self, what: Any, **named: Any) -> None:
        self.calls.append((what, named))

    inject_raw_image_frame = put


@pytest.mark.parametrize("example", [in_docstring, in_readme])
def test_the_adapter_drives_an_application(
    example: Any, shared_server: RedisServer, real_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trade and an image reach the application, and their answers the sender."""
    monkeypatch.setenv("TESTRADE_INJECTION_RUN_ID", "run-7f3a")
    application = SimpleNamespace(
        config=SimpleNamespace(redis_host="127.0.0.1", redis_port=shared_server.port, injection_allowed=True),
        mode=SimpleNamespace(name="TANK_BUFFERED"),
        order_requests=Recorder(),
        ocr=Recorder(),
    )
    names: dict[str, Any] = {}
    exec(compile(example(), "example", "exec"), names)
    adapter = names["IntelliSenseAdapter"](application)
    try:
        send(real_redis, "trade_command", {"request_id": "inj_AAPL_1", "symbol": "AAPL"})
        assert answer(real_redis, 0)["data"] == {"request_id": "inj_AAPL_1"}
        send(real_redis, "raw_image_injection", {"image_format": "PNG"}, image=b"\x89PNG")
        assert answer(real_redis, 1)["status"] == "success"
        assert application.order_requests.calls == [
            ({"request_id": "inj_AAPL_1", "symbol": "AAPL"}, {"correlation_id": "master-1"})
        ]
        assert application.ocr.calls == [(b"\x89PNG", {"correlation_id": "master-1"})]
    finally:
        adapter.listener.close()
        adapter.publisher.close()


@pytest.mark.parametrize("example", [in_docstring, in_readme])
def test_the_adapter_is_short(example: Any) -> None:
    """A developer can write it in under 30 lines."""
    assert len([line for line in example().splitlines() if line.strip()]) < 30


def test_every_public_name_is_there() -> None:
    """Whatever the package announces can be imported from it, and nothing else."""
    assert {name for name in testrade_hooks.__all__ if getattr(testrade_hooks, name) is not None} == set(testrade_hooks.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        testrade_hooks.Nonsense  # noqa: B018


def send(client: redis.Redis, command_type: str, parameters: dict[str, Any], *, image: bytes | None = None) -> None:
    payload = {
        "command_id": command_type,
        "command_type": command_type,
        "parameters": parameters,
        "run_id": "run-7f3a",
        "injected": True,
        "expires_at_epoch_s": time.time() + 60,
    }
    event = wire.event(wire.INJECTION_COMMAND_TYPE, payload, correlation_id="master-1", image_bytes=image)
    fields: dict[Any, Any] = wire.encode(event)
    client.xadd(wire.INJECTION_COMMANDS, fields)


def answer(client: redis.Redis, number: int) -> dict[str, Any]:
    """The answer after `number` others, as soon as it is there."""
    last: Any = "0-0"
    for _skipped in range(number + 1):
        reply: Any = client.xread({wire.INJECTION_RESPONSES: last}, count=1, block=4000)
        last, fields = reply[0][1][0]
    return dict(wire.decode(wire.INJECTION_RESPONSES, fields).payload)
