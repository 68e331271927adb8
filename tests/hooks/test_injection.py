"""InjectionListener: permitted commands are carried out once, in order, and answered; all others are refused."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from helpers.redis_server import RedisServer

from testrade_hooks import wire
from testrade_hooks.gate import KILL_SWITCH_KEY, PERMIT_KEY, AppGate
from testrade_hooks.injection import Command, InjectionListener

RUN = "run-7f3a"


@dataclass
class Application:
    """An application that takes injections, as a test sees it: what was carried out, and how to send it more."""

    redis: redis.Redis
    listener: InjectionListener
    carried_out: list[Command] = field(default_factory=list)
    last_answer: Any = "0-0"

    def send(self, command_type: str = "note", *, image: bytes | None = None, **changed: Any) -> str:
        """Put a command on the stream, well formed except for what is changed; gives its event id."""
        event = injection(command_type, image=image, **changed)
        put(self.redis, event)
        return event.event_id

    def answer(self) -> wire.WireEvent:
        """The next answer, as soon as it comes."""
        reply: Any = self.redis.xread({wire.INJECTION_RESPONSES: self.last_answer}, count=1, block=15_000)
        assert reply, "the application does not answer"
        self.last_answer, fields = reply[0][1][0]
        return wire.decode(wire.INJECTION_RESPONSES, fields)

    def ask(self, command_type: str = "note", **changed: Any) -> dict[str, Any]:
        """Send a command and give the payload of its answer."""
        self.send(command_type, **changed)
        return dict(self.answer().payload)

    @property
    def notes(self) -> list[Any]:
        return [command.parameters.get("number") for command in self.carried_out]


def injection(command_type: str = "note", *, image: bytes | None = None, **changed: Any) -> wire.WireEvent:
    payload = {
        "command_id": str(uuid.uuid4()),
        "command_type": command_type,
        "parameters": {},
        "run_id": RUN,
        "injected": True,
        "expires_at_epoch_s": time.time() + 60,
        **changed,
    }
    return wire.event(wire.INJECTION_COMMAND_TYPE, payload, correlation_id="master-1", image_bytes=image)


def put(client: redis.Redis, event: wire.WireEvent, entry_id: str = "*") -> None:
    fields: dict[Any, Any] = wire.encode(event)
    client.xadd(wire.INJECTION_COMMANDS, fields, id=entry_id)


@contextmanager
def application(client: redis.Redis, *, listen_with: redis.Redis | None = None, **gate: Any) -> Iterator[Application]:
    """A running application with three commands: `note` keeps what it gets, `echo` returns it, `fail` raises."""
    own = listen_with or client
    listener = InjectionListener(own, AppGate(own, **{"mode": "TEST", "allowed": True, "run_id": RUN, **gate}))
    app = Application(client, listener)
    listener.register("note", app.carried_out.append)
    listener.register("echo", lambda command: command.parameters)
    listener.register("fail", _fail)
    with listener:
        yield app


def _fail(_command: Command) -> None:
    raise LookupError("no order 17")


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


def listeners() -> set[threading.Thread]:
    """In this process; the application that other tests share may have one."""
    return {thread for thread in threading.enumerate() if thread.name == "testrade-injection"}


@pytest.mark.parametrize(
    "gate", [{"mode": "LIVE"}, {"allowed": False}, {"run_id": ""}], ids=["live", "not allowed", "no run id"]
)
def test_where_injection_is_not_allowed_nobody_listens(any_redis: redis.Redis, gate: dict[str, Any]) -> None:
    """No thread, no permit, no answer."""
    before = listeners()
    with application(any_redis, **gate) as app:
        app.send()
        assert listeners() == before
        assert not any_redis.exists(PERMIT_KEY, wire.INJECTION_RESPONSES)
    assert app.carried_out == []


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


@pytest.mark.parametrize("parameters", [None, [], "symbol=AAPL"])
def test_parameters_must_be_an_object(any_redis: redis.Redis, parameters: Any) -> None:
    """The callable never sees anything else."""
    with application(any_redis) as app:
        assert app.ask(parameters=parameters)["status"] == "error"
    assert app.carried_out == []


def test_entries_that_are_no_commands_are_passed_over(any_redis: redis.Redis) -> None:
    """Whatever else stands on the stream is not answered and stops nobody."""
    with application(any_redis) as app:
        any_redis.xadd(wire.INJECTION_COMMANDS, {"command_type": "INJECT_OCR_SNAPSHOT", "payload": "{}"})
        any_redis.xadd(wire.INJECTION_COMMANDS, {"json_payload": "{"})
        tick: dict[Any, Any] = wire.encode(wire.event("TESTRADE_MARKET_TICK", {"symbol": "AAPL"}))
        any_redis.xadd(wire.INJECTION_COMMANDS, tick)
        assert app.ask()["status"] == "success"
    assert any_redis.xlen(wire.INJECTION_RESPONSES) == 1


def test_the_permit_is_there_while_commands_are_taken(any_redis: redis.Redis) -> None:
    """It comes with the start and goes with the close."""
    with application(any_redis, mode="PAPER"):
        permit = json.loads(any_redis.get(PERMIT_KEY) or "")
        assert (permit["run_id"], permit["mode"]) == (RUN, "PAPER")
    assert not any_redis.exists(PERMIT_KEY)


def test_close_ends_the_thread(any_redis: redis.Redis) -> None:
    """Also while it waits for the next command; closing twice is harmless."""
    before = listeners()
    with application(any_redis) as app:
        app.ask()
        assert len(listeners() - before) == 1
    app.listener.close()
    assert listeners() == before
    app.send()
    assert len(app.carried_out) == 1


def test_a_deleted_stream_is_begun_anew(any_redis: redis.Redis) -> None:
    """Whoever tidies up Redis does not silence the application."""
    with application(any_redis) as app:
        put(any_redis, injection(), entry_id="1-0")
        app.answer()
        any_redis.delete(wire.INJECTION_COMMANDS)
        app.ask()
    assert len(app.carried_out) == 2


def test_redis_may_be_restarted(redis_server: RedisServer) -> None:
    """The listener comes back, publishes its permit again and takes the next command."""
    with redis_server.client() as client, application(client) as app:
        app.ask(parameters={"number": 1})
        redis_server.restart()
        app.last_answer = "0-0"
        until_connected(client.ping)
        assert app.ask(parameters={"number": 2})["status"] == "success"
        assert client.exists(PERMIT_KEY)
    assert app.notes == [1, 2]


def test_a_stream_that_begins_anew_with_smaller_ids_is_read(redis_server: RedisServer) -> None:
    """A restarted server whose clock went back does not silence the application."""
    with redis_server.client() as client, application(client) as app:
        put(client, injection(), entry_id="99999999999999-0")
        app.answer()
        redis_server.restart()
        app.last_answer = "0-0"
        until_connected(client.ping)
        until_permitted(client)
        app.ask()
    assert len(app.carried_out) == 2


def test_redis_may_come_later(redis_server: RedisServer) -> None:
    """An application starts without waiting for its test tool's Redis."""
    redis_server.kill()
    with redis_server.client() as client, application(client) as app:
        redis_server.start()
        until_permitted(client)
        assert app.ask()["status"] == "success"


def test_what_was_sent_while_the_connection_was_broken_runs_once(redis_server: RedisServer) -> None:
    """The listener goes on after the last command that it has seen, not at the end and not at the beginning."""
    with redis_server.client() as client, application(client) as app:
        app.ask(parameters={"number": 1})
        with client.pipeline(transaction=True) as at_once:
            at_once.client_kill_filter(_type="normal", skipme=True)
            for number in (2, 3):
                at_once.xadd(wire.INJECTION_COMMANDS, dict(wire.encode(injection(parameters={"number": number}))))
            at_once.execute()
        answers = [app.answer().payload["status"] for _number in (2, 3)]
    assert answers == ["success", "success"]
    assert app.notes == [1, 2, 3]


@pytest.mark.timeout(30)
def test_close_is_bounded_when_redis_hangs(redis_server: RedisServer) -> None:
    """The application can end although Redis does not answer."""
    with redis_server.client() as client, application(client) as app:
        app.ask()
        redis_server.pause()
        app.listener.close(timeout_s=0.2)
        redis_server.resume()


@pytest.mark.timeout(30)
def test_close_is_bounded_when_a_callable_hangs(any_redis: redis.Redis) -> None:
    """It may take its time, but not ours."""
    entered, leave = threading.Event(), threading.Event()

    def hang(_command: Command) -> None:
        entered.set()
        leave.wait()

    with application(any_redis) as app:
        app.listener.register("hang", hang)
        app.send("hang")
        assert entered.wait(30)
        app.listener.close(timeout_s=0.2)
        leave.set()


@pytest.mark.parametrize("options", [{"decode_responses": True}, {"protocol": 3}, {"protocol": 2}])
def test_any_client_will_do(shared_server: RedisServer, real_redis: redis.Redis, options: dict[str, Any]) -> None:
    """The application's client may be set up as it likes; image bytes arrive as they are."""
    with shared_server.client(**options) as client, application(real_redis, listen_with=client) as app:
        app.send(image=b"\xff\0")
        assert app.answer().payload["status"] == "success"
    assert app.carried_out[0].image == b"\xff\0"


def until_connected(ask: Callable[[], object]) -> None:
    """Ask until the client has replaced its broken connections."""
    for _attempt in range(10):
        try:
            ask()
        except redis.ConnectionError:
            continue
        return
    raise AssertionError("Redis does not come back")


def until_permitted(client: redis.Redis) -> None:
    """Wait for the permit: the server tells when the key is set."""
    client.config_set("notify-keyspace-events", "K$")
    with client.pubsub() as events:
        events.subscribe(f"__keyspace@0__:{PERMIT_KEY}")
        deadline = time.monotonic() + 20
        while not client.exists(PERMIT_KEY):
            assert time.monotonic() < deadline, "the application does not come"
            events.get_message(timeout=1.0)
