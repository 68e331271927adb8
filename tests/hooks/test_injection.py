"""InjectionListener: permitted commands are carried out once, in order, and answered; all others are refused."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from helpers.injected_application import application, injection, put
from helpers.redis_server import RedisServer

from testrade_hooks.gate import KILL_SWITCH_KEY
from testrade_hooks.injection import Command


def test_a_command_is_carried_out_and_answered(any_redis: redis.Redis) -> None:
    """The callable gets the command, the sender gets the callable's data, and both are linked by id."""
    with application(any_redis) as app:
        event_id = app.send("echo", parameters={"symbol": "AAPL"}, command_id="c1")
        answer = app.answer()
    assert answer.payload == {
        "command_id": "c1",
        "command_type": "echo",
        "status": "success",
        "message": "",
        "data": {"symbol": "AAPL"},
    }
    assert answer.correlation_id == "master-1"
    assert answer.causation_id == event_id


def test_the_callable_gets_everything_the_sender_said(any_redis: redis.Redis) -> None:
    """Ids, parameters and the bytes of an image, unchanged."""
    with application(any_redis) as app:
        event_id = app.send(parameters={"number": 1}, command_id="c1", image=b"\x89PNG\r\n\xff\0")
        app.answer()
    assert app.carried_out == [Command("c1", "note", {"number": 1}, "master-1", event_id, b"\x89PNG\r\n\xff\0")]


def test_commands_are_carried_out_in_order(any_redis: redis.Redis) -> None:
    """One after another, as they stand on the stream."""
    with application(any_redis) as app:
        for number in range(50):
            app.send(parameters={"number": number})
        for _number in range(50):
            app.answer()
    assert app.notes == list(range(50))


def test_old_commands_do_not_run_again(any_redis: redis.Redis) -> None:
    """What stood on the stream before the start stays history, also for the second start."""
    put(any_redis, injection(parameters={"number": 1}))
    with application(any_redis) as app:
        app.ask(parameters={"number": 2})
    with application(any_redis) as again:
        again.last_answer = app.last_answer
        again.ask(parameters={"number": 3})
    assert (app.notes, again.notes) == ([2], [3])


@pytest.mark.parametrize(
    ("changed", "layer"),
    [
        ({"run_id": "run-0000"}, "run id"),
        ({"injected": False}, "injected marker"),
        ({"expires_at_epoch_s": 1_758_720_000.0}, "expiry"),
        ({"command_id": None}, "replay"),
    ],
)
def test_a_command_that_the_gate_refuses_is_not_carried_out(
    any_redis: redis.Redis, changed: dict[str, Any], layer: str
) -> None:
    """The answer names the layer; the next command is judged anew."""
    with application(any_redis) as app:
        answer = app.ask(parameters={"number": 1}, **changed)
        assert (answer["status"], answer["data"]) == ("refused", {"layer": layer})
        assert layer in answer["message"]
        assert app.ask(parameters={"number": 2})["status"] == "success"
    assert app.notes == [2]


def test_the_kill_switch_works_at_once(any_redis: redis.Redis) -> None:
    """Between one command and the next."""
    with application(any_redis) as app:
        assert app.ask()["status"] == "success"
        any_redis.set(KILL_SWITCH_KEY, "stop")
        assert app.ask()["data"] == {"layer": "kill switch"}
    assert len(app.carried_out) == 1


def test_an_application_that_goes_live_refuses_at_once(any_redis: redis.Redis) -> None:
    """The mode is asked for before each command."""
    modes = ["PAPER"]
    with application(any_redis, mode=lambda: modes[0]) as app:
        assert app.ask()["status"] == "success"
        modes[0] = "LIVE"
        assert app.ask()["data"] == {"layer": "mode"}
    assert len(app.carried_out) == 1


def test_an_unknown_command_names_the_known_ones(any_redis: redis.Redis) -> None:
    """A misspelt command type is answered with the choice."""
    with application(any_redis) as app:
        answer = app.ask("ecko")
        assert app.ask(["echo"])["status"] == "error"  # type: ignore[arg-type]
    assert answer["status"] == "error"
    assert answer["message"] == "unknown command type 'ecko'; registered: echo, fail, note"


def test_an_error_of_the_application_is_an_answer(any_redis: redis.Redis) -> None:
    """What the callable raises is told to the sender, and the next command is carried out."""
    with application(any_redis) as app:
        answer = app.ask("fail")
        assert (answer["status"], answer["message"]) == ("error", "LookupError: no order 17")
        assert app.ask()["status"] == "success"


@pytest.mark.parametrize("returned", [{"price": float("nan")}, {"order": object()}, 17], ids=["nan", "object", "number"])
def test_data_that_is_not_json_is_an_answer(any_redis: redis.Redis, returned: Any) -> None:
    """The sender learns that the callable returned something it cannot be told."""
    with application(any_redis) as app:
        app.listener.register("strange", lambda _command: returned)
        answer = app.ask("strange")
        assert answer["status"] == "error"
        assert app.ask()["status"] == "success"


@pytest.mark.parametrize("parameters", [None, [], "symbol=AAPL"])
def test_parameters_must_be_an_object(any_redis: redis.Redis, parameters: Any) -> None:
    """The callable never sees anything else."""
    with application(any_redis) as app:
        assert app.ask(parameters=parameters)["status"] == "error"
    assert app.carried_out == []


@pytest.mark.parametrize("options", [{"decode_responses": True}, {"protocol": 3}, {"protocol": 2}])
def test_any_client_will_do(shared_server: RedisServer, real_redis: redis.Redis, options: dict[str, Any]) -> None:
    """The application's client may be set up as it likes; image bytes arrive as they are."""
    with shared_server.client(**options) as client, application(real_redis, listen_with=client) as app:
        app.send(image=b"\xff\0")
        assert app.answer().payload["status"] == "success"
    assert app.carried_out[0].image == b"\xff\0"
