"""Nothing that stands on the injection stream ends the listening."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from helpers.injected_application import RUN, application, injection

from testrade_hooks import wire
from testrade_hooks.injection import Command

DEEP = "[" * 900 + "]" * 900
PERMITTED = f'"command_id": "c", "run_id": "{RUN}", "injected": true'

NOT_PERMITTED = {
    "an id that is no number": '{"command_id": NaN}',
    "an id that is infinite": '{"command_id": 1e999}',
    "an id that is too large": f'{{"command_id": 1{"0" * 400}}}',
    "an id that is half a character": r'{"command_id": "\ud800"}',
    "an id that is a list of lists": f'{{"command_id": {DEEP}}}',
    "a run that is half a character": r'{"command_id": "c", "run_id": "\ud800"}',
    "an end that is too large": f'{{{PERMITTED}, "expires_at_epoch_s": 1{"0" * 400}}}',
    "a payload that is a list": "[NaN]",
    "a payload that is no number": "NaN",
}


@pytest.mark.parametrize("payload", NOT_PERMITTED.values(), ids=NOT_PERMITTED.keys())
def test_nothing_that_stands_on_the_stream_ends_the_listening(any_redis: redis.Redis, payload: str) -> None:
    """What can be answered is; then the next command is carried out."""
    with application(any_redis) as app:
        entry = f'{{"metadata": {{"eventType": "{wire.INJECTION_COMMAND_TYPE}"}}, "payload": {payload}}}'
        any_redis.xadd(wire.INJECTION_COMMANDS, {"json_payload": entry})
        assert app.answer().payload["status"] == "refused"
        assert app.ask(parameters={"number": 1})["status"] == "success"
    assert app.notes == [1]


@pytest.mark.parametrize("stated", ["NaN", DEEP], ids=["no number", "lists in lists"])
def test_a_permitted_command_of_no_type_is_answered(any_redis: redis.Redis, stated: str) -> None:
    """Whatever stands in its place."""
    with application(any_redis) as app:
        fields = wire.encode(injection("TYPE"))
        fields[b"json_payload"] = fields[b"json_payload"].replace(b'"TYPE"', stated.encode())
        any_redis.xadd(wire.INJECTION_COMMANDS, dict(fields))
        answer = app.answer().payload
        assert (answer["status"], answer["message"]) == ("error", "command_type must be a text")
        assert app.ask()["status"] == "success"


class Untellable(Exception):
    def __str__(self) -> str:
        raise LookupError("no words for it")


def test_an_entry_that_cannot_be_answered_is_one_line_in_the_log(
    any_redis: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """It costs its own answer and nothing else."""

    def fail(_command: Command) -> None:
        raise Untellable

    with application(any_redis) as app:
        app.listener.register("speechless", fail)
        app.send("speechless")
        assert app.ask()["status"] == "success"
    (line,) = [record.getMessage() for record in caplog.records if "passed over" in record.getMessage()]
    assert line == "an entry on the injection stream was passed over: LookupError"


def test_entries_that_are_no_commands_are_passed_over(any_redis: redis.Redis) -> None:
    """Whatever else stands on the stream is not answered and stops nobody."""
    with application(any_redis) as app:
        any_redis.xadd(wire.INJECTION_COMMANDS, {"command_type": "INJECT_OCR_SNAPSHOT", "payload": "{}"})
        any_redis.xadd(wire.INJECTION_COMMANDS, {"json_payload": "{"})
        tick: dict[Any, Any] = wire.encode(wire.event("TESTRADE_MARKET_TICK", {"symbol": "AAPL"}))
        any_redis.xadd(wire.INJECTION_COMMANDS, tick)
        assert app.ask()["status"] == "success"
    assert any_redis.xlen(wire.INJECTION_RESPONSES) == 1
