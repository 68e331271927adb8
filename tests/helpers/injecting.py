"""Talk to an InjectionListener by hand."""

from __future__ import annotations

import json
import time
from typing import Any

import redis

from testrade_hooks import wire


def inject_and_wait(client: redis.Redis, command_type: str, parameters: dict[str, Any], *, run_id: str) -> dict[str, Any]:
    """Send one command and return the payload of its answer."""
    payload = {
        "command_id": "docs-1",
        "command_type": command_type,
        "parameters": parameters,
        "run_id": run_id,
        "injected": True,
        "expires_at_epoch_s": time.time() + 30,
    }
    event = wire.event(wire.INJECTION_COMMAND_TYPE, payload, correlation_id="docs")
    client.xadd(event.stream, wire.encode(event))
    answers = client.xread({wire.INJECTION_RESPONSES: "0"}, block=5000)
    ((_, entries),) = answers
    return json.loads(entries[-1][1][b"json_payload"])["payload"]
