"""The gate: each layer refuses alone, while all others agree; and when all agree, it lets pass."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from helpers.redis_server import RedisServer

from testrade_hooks import wire
from testrade_hooks.gate import (
    KILL_SWITCH_KEY,
    LIVE_MARKER_KEY,
    LONGEST_COMMAND_LIFE_S,
    LONGEST_PERMIT_LIFE_S,
    PERMIT_KEY,
    TEST_MODES,
    AppGate,
    Layer,
    Refused,
    TestGate,
)

RUN = "run-7f3a"
NOW = 1_758_720_000.0


def app_gate(client: redis.Redis, **changed: Any) -> AppGate:
    """The application's gate with every layer satisfied, except for what is changed."""
    permit(client)
    return AppGate(client, **{"mode": "TEST", "allowed": True, "run_id": RUN, "now": lambda: NOW, **changed})


def command(**changed: Any) -> dict[str, Any]:
    """A command that every layer likes, except for what is changed."""
    return {"command_id": "c1", "run_id": RUN, "injected": True, "expires_at_epoch_s": NOW + 5, **changed}


def sender_gate(client: redis.Redis, **changed: Any) -> TestGate:
    """The sender's gate with every layer satisfied, except for what is changed."""
    return TestGate(client, **{"allowed": True, "run_id": RUN, "now": lambda: NOW, **changed})


def permit(client: redis.Redis, **changed: Any) -> None:
    """An application's permit that every layer likes, except for what is changed."""
    client.set(PERMIT_KEY, json.dumps({"run_id": RUN, "mode": "TEST", "expires_at_epoch_s": NOW + 60, **changed}))


def publish_configuration(client: redis.Redis, snapshot: dict[str, Any]) -> None:
    fields: dict[Any, Any] = wire.encode(wire.event("TESTRADE_CONFIG_BOOTSTRAP", {"full_config_snapshot": snapshot}))
    client.xadd(wire.CONFIG_CHANGES, fields)


def broken_mode() -> str:
    raise RuntimeError("the mode is not known yet")


APP_REFUSES: dict[str, tuple[Layer, dict[str, Any], dict[str, Any]]] = {
    "not allowed": (Layer.OPT_IN, {"allowed": False}, {}),
    "allowed is a text": (Layer.OPT_IN, {"allowed": "true"}, {}),
    "allowed is a number": (Layer.OPT_IN, {"allowed": 1}, {}),
    "no run id in the application": (Layer.RUN_ID, {"run_id": ""}, {"run_id": ""}),
    "blank run id on both sides": (Layer.RUN_ID, {"run_id": "     "}, {"run_id": "     "}),
    "short run id on both sides": (Layer.RUN_ID, {"run_id": "abc"}, {"run_id": "abc"}),
    "command of another run": (Layer.RUN_ID, {}, {"run_id": "run-0000"}),
    "command without a run": (Layer.RUN_ID, {}, {"run_id": None}),
    "command of half a character": (Layer.RUN_ID, {}, {"run_id": "\ud800"}),
    "live": (Layer.MODE, {"mode": "LIVE"}, {}),
    "live, distributed": (Layer.MODE, {"mode": "DISTRIBUTED_LIVE"}, {}),
    "live, small": (Layer.MODE, {"mode": " live "}, {}),
    "unknown mode": (Layer.MODE, {"mode": "STAGING"}, {}),
    "no mode": (Layer.MODE, {"mode": ""}, {}),
    "live by now": (Layer.MODE, {"mode": lambda: "LIVE"}, {}),
    "mode cannot be told": (Layer.MODE, {"mode": broken_mode}, {}),
    "not marked as injected": (Layer.MARKER, {}, {"injected": None}),
    "marked with a text": (Layer.MARKER, {}, {"injected": "true"}),
    "expired": (Layer.EXPIRY, {}, {"expires_at_epoch_s": NOW - 0.001}),
    "expires this moment": (Layer.EXPIRY, {}, {"expires_at_epoch_s": NOW}),
    "without expiry": (Layer.EXPIRY, {}, {"expires_at_epoch_s": None}),
    "expiry is a text": (Layer.EXPIRY, {}, {"expires_at_epoch_s": str(NOW + 5)}),
    "expiry is no number": (Layer.EXPIRY, {}, {"expires_at_epoch_s": float("nan")}),
    "expiry is a truth": (Layer.EXPIRY, {}, {"expires_at_epoch_s": True}),
    "expiry is too large for a time": (Layer.EXPIRY, {}, {"expires_at_epoch_s": 10**400}),
    "never expires": (Layer.EXPIRY, {}, {"expires_at_epoch_s": NOW + LONGEST_COMMAND_LIFE_S + 1}),
    "without an id": (Layer.REPLAY, {}, {"command_id": None}),
    "empty id": (Layer.REPLAY, {}, {"command_id": ""}),
}


@pytest.mark.parametrize(("layer", "gate", "changed"), APP_REFUSES.values(), ids=APP_REFUSES.keys())
def test_the_application_refuses(any_redis: redis.Redis, layer: Layer, gate: dict[str, Any], changed: dict[str, Any]) -> None:
    """One layer is violated, all others are satisfied: the command is refused in that layer's name."""
    permit(any_redis)
    assert refusal(lambda: app_gate(any_redis, **gate).check(command(**changed))).layer is layer


def test_the_application_allows_what_every_layer_allows(any_redis: redis.Redis) -> None:
    """The control: nothing is violated, and the command passes."""
    gate = app_gate(any_redis)
    gate.check(command(command_id="c1"))
    gate.check(command(command_id="c2"))


@pytest.mark.parametrize("mode", sorted(TEST_MODES))
def test_the_application_allows_in_every_test_mode(fake_redis: redis.Redis, mode: str) -> None:
    """Also if the mode is asked for anew each time."""
    app_gate(fake_redis, mode=lambda: mode.lower()).check(command())


def test_no_live_mode_is_a_test_mode() -> None:
    """The list of modes holds none in which a real order could be sent."""
    assert not [mode for mode in TEST_MODES if "LIVE" in mode.upper()]


def test_the_application_refuses_when_its_permit_has_ended(any_redis: redis.Redis) -> None:
    """The permit's end is fixed when the gate is made; nothing prolongs it."""
    clock = [NOW]
    gate = app_gate(any_redis, lifetime_s=60, now=lambda: clock[0])
    gate.check(command(command_id="c1"))
    clock[0] = NOW + 60
    refused = refusal(lambda: gate.check(command(command_id="c2", expires_at_epoch_s=NOW + 65)))
    assert refused.layer is Layer.PERMIT
    assert refusal(gate.open).layer is Layer.PERMIT


@pytest.mark.parametrize("stated", [None, "", "{}", '{"run_id": null}', '{"run_id": "run-0000"}', "[" * 5000])
def test_the_application_refuses_when_it_does_not_hold_its_permit(any_redis: redis.Redis, stated: str | None) -> None:
    """It was taken away, or is that of another run; from the moment on when it is there again, commands pass."""
    gate = app_gate(any_redis)
    gate.check(command(command_id="c1"))
    any_redis.delete(PERMIT_KEY)
    if stated is not None:
        any_redis.set(PERMIT_KEY, stated)
    assert refusal(lambda: gate.check(command(command_id="c2"))).layer is Layer.PERMIT
    gate.open()
    gate.check(command(command_id="c2"))


def test_an_application_that_did_not_open_its_permit_refuses(any_redis: redis.Redis) -> None:
    """A gate alone permits nothing."""
    gate = app_gate(any_redis)
    any_redis.delete(PERMIT_KEY)
    assert refusal(lambda: gate.check(command())).layer is Layer.PERMIT


@pytest.mark.parametrize(("key", "layer"), [(KILL_SWITCH_KEY, Layer.KILL_SWITCH), (LIVE_MARKER_KEY, Layer.LIVE_REDIS)])
def test_a_key_in_redis_stops_the_application(any_redis: redis.Redis, key: str, layer: Layer) -> None:
    """Whatever the key holds, and from the moment it is there."""
    gate = app_gate(any_redis)
    gate.check(command(command_id="c1"))
    any_redis.sadd(key, "somebody")
    assert refusal(lambda: gate.check(command(command_id="c2"))).layer is layer
    any_redis.delete(key)
    gate.check(command(command_id="c2"))


def test_a_kill_switch_that_cannot_be_read_is_on(redis_server: RedisServer) -> None:
    """Without Redis nobody knows, so nothing is allowed."""
    with redis_server.client() as client:
        gate = app_gate(client)
        redis_server.kill()
        assert refusal(lambda: gate.check(command())).layer is Layer.KILL_SWITCH
        permit_reader = sender_gate(client)
        assert refusal(permit_reader.check).layer is Layer.KILL_SWITCH


def test_the_application_carries_a_command_out_once(any_redis: redis.Redis) -> None:
    """A second entry with the same command id is refused."""
    gate = app_gate(any_redis)
    gate.check(command(command_id="c1"))
    assert refusal(lambda: gate.check(command(command_id="c1"))).layer is Layer.REPLAY


def test_the_application_counts_commands(any_redis: redis.Redis) -> None:
    """After the last command of the permit none passes."""
    gate = app_gate(any_redis, max_commands=2)
    gate.check(command(command_id="c1"))
    gate.check(command(command_id="c2"))
    assert refusal(lambda: gate.check(command(command_id="c3"))).layer is Layer.COUNT


def test_a_refused_command_is_not_counted(any_redis: redis.Redis) -> None:
    """What another layer refused uses nothing up."""
    gate = app_gate(any_redis, max_commands=1)
    refusal(lambda: gate.check(command(injected=False)))
    gate.check(command())


def test_the_application_limits_the_rate(any_redis: redis.Redis) -> None:
    """At most so many commands within any one second."""
    gate = app_gate(any_redis, max_per_s=3)
    assert first_refusal(lambda number: gate.check(command(command_id=f"c{number}"))).layer is Layer.RATE


SENDER_REFUSES: dict[str, tuple[Layer, dict[str, Any], dict[str, Any]]] = {
    "not asked for": (Layer.OPT_IN, {"allowed": False}, {}),
    "asked for by a text": (Layer.OPT_IN, {"allowed": "yes"}, {}),
    "no run id here": (Layer.RUN_ID, {"run_id": ""}, {"run_id": ""}),
    "application of another run": (Layer.RUN_ID, {}, {"run_id": "run-0000"}),
    "application without a run": (Layer.RUN_ID, {}, {"run_id": None}),
    "application is live": (Layer.MODE, {}, {"mode": "LIVE"}),
    "application tells no mode": (Layer.MODE, {}, {"mode": None}),
    "permit ended": (Layer.PERMIT, {}, {"expires_at_epoch_s": NOW}),
    "permit without end": (Layer.PERMIT, {}, {"expires_at_epoch_s": None}),
}


@pytest.mark.parametrize(("layer", "gate", "changed"), SENDER_REFUSES.values(), ids=SENDER_REFUSES.keys())
def test_the_sender_refuses(any_redis: redis.Redis, layer: Layer, gate: dict[str, Any], changed: dict[str, Any]) -> None:
    """One layer is violated, all others are satisfied: nothing is sent, in that layer's name."""
    permit(any_redis, **changed)
    assert refusal(sender_gate(any_redis, **gate).check).layer is layer


def test_the_sender_allows_what_every_layer_allows(any_redis: redis.Redis) -> None:
    """The control: nothing is violated, and the command may be sent."""
    permit(any_redis)
    gate = sender_gate(any_redis)
    gate.check()
    gate.check()


@pytest.mark.parametrize("text", [None, "", "yes", "[]", '"permit"', "null"])
def test_the_sender_refuses_without_a_permit(any_redis: redis.Redis, text: str | None) -> None:
    """No application speaks for itself here, or not in a way that can be read."""
    if text is not None:
        any_redis.set(PERMIT_KEY, text)
    assert refusal(sender_gate(any_redis).check).layer is Layer.PERMIT


@pytest.mark.parametrize(("key", "layer"), [(KILL_SWITCH_KEY, Layer.KILL_SWITCH), (LIVE_MARKER_KEY, Layer.LIVE_REDIS)])
def test_a_key_in_redis_stops_the_sender(any_redis: redis.Redis, key: str, layer: Layer) -> None:
    """Before the next command, and only while the key is there."""
    permit(any_redis)
    gate = sender_gate(any_redis)
    gate.check()
    any_redis.set(key, "")
    assert refusal(gate.check).layer is layer
    any_redis.delete(key)
    gate.check()


def test_the_sender_refuses_a_foreign_host(shared_server: RedisServer, real_redis: redis.Redis) -> None:
    """Only this machine, or a host that is listed literally; a name that merely leads here is not enough."""
    permit(real_redis)
    with redis.Redis(host="127.1", port=shared_server.port) as elsewhere:
        assert elsewhere.ping()
        assert refusal(sender_gate(elsewhere).check).layer is Layer.HOST
        assert refusal(sender_gate(elsewhere, allowed_hosts=["127.2", "*"]).check).layer is Layer.HOST
        sender_gate(elsewhere, allowed_hosts=["127.1"]).check()
    for host in ("localhost", "127.0.0.1"):
        with redis.Redis(host=host, port=shared_server.port) as here:
            sender_gate(here).check()


def test_the_sender_accepts_a_unix_socket(tmp_path: Any) -> None:
    """A socket file is on this machine."""
    path = tmp_path / "redis.sock"
    with RedisServer("--unixsocket", str(path)), redis.Redis.from_url(f"unix://{path}") as client:
        permit(client)
        sender_gate(client).check()


def test_a_client_that_does_not_say_its_host_is_refused() -> None:
    """Where the connection leads is decided elsewhere (sentinels), so it is not known to be this machine."""
    pool = redis.ConnectionPool()
    with redis.Redis.from_pool(pool) as client:
        assert refusal(sender_gate(client).check).layer is Layer.HOST


def test_the_sender_counts_commands(any_redis: redis.Redis) -> None:
    """After the last one none may be sent."""
    permit(any_redis)
    gate = sender_gate(any_redis, max_commands=1)
    gate.check()
    assert refusal(gate.check).layer is Layer.COUNT


def test_the_sender_limits_the_rate(any_redis: redis.Redis) -> None:
    """At most so many commands within any one second."""
    permit(any_redis)
    gate = sender_gate(any_redis, max_per_s=3)
    assert first_refusal(lambda _number: gate.check()).layer is Layer.RATE


@pytest.mark.parametrize("name", ["TESTRADE_MODE", "testrade_mode", "trading_mode"])
def test_a_redis_on_which_live_trading_was_published_is_refused(any_redis: redis.Redis, name: str) -> None:
    """By both sides, although this application is not the one that trades live."""
    permit(any_redis)
    publish_configuration(any_redis, {name: "LIVE", "risk_max_position_size": 2000})
    assert refusal(app_gate(any_redis).open).layer is Layer.LIVE_REDIS
    assert refusal(sender_gate(any_redis).check).layer is Layer.LIVE_REDIS


@pytest.mark.parametrize("snapshot", [{"testrade_mode": "TANK_BUFFERED"}, {"ocr_upscale_factor": 3.0}])
def test_a_redis_on_which_no_live_trading_was_published_is_accepted(any_redis: redis.Redis, snapshot: dict[str, Any]) -> None:
    """The control: the newest stated mode counts, and entries that state none do not."""
    publish_configuration(any_redis, snapshot)
    any_redis.xadd(wire.CONFIG_CHANGES, {"unreadable": "entry"})
    permit(any_redis)
    gate = app_gate(any_redis)
    gate.open()
    sender_gate(any_redis).check()
    gate.close()


def test_both_sides_understand_each_other(any_redis: redis.Redis) -> None:
    """The permit that the application publishes is the one that the sender reads; it goes when the application goes."""
    application = AppGate(any_redis, mode="TEST", allowed=True, run_id=RUN)
    sender = TestGate(any_redis, allowed=True, run_id=RUN)
    application.open()
    sender.check()
    assert 0 < any_redis.pttl(PERMIT_KEY) <= 900_000
    application.check(command(expires_at_epoch_s=time.time() + 5))
    application.close()
    assert refusal(sender.check).layer is Layer.PERMIT


def test_the_permit_of_another_application_stays(any_redis: redis.Redis) -> None:
    """Only the own permit is withdrawn."""
    gate = app_gate(any_redis)
    gate.open()
    permit(any_redis, run_id="run-0000")
    gate.close()
    assert json.loads(any_redis.get(PERMIT_KEY) or "")["run_id"] == "run-0000"


@pytest.mark.parametrize(
    "changed", [{"mode": "LIVE"}, {"allowed": False}, {"run_id": ""}], ids=["live", "not allowed", "without a run id"]
)
def test_no_permit_is_published_where_none_may_be(any_redis: redis.Redis, changed: dict[str, Any]) -> None:
    """An application that would refuse every command does not invite any."""
    gate = app_gate(any_redis, **changed)
    any_redis.delete(PERMIT_KEY)
    refusal(gate.open)
    assert not any_redis.exists(PERMIT_KEY)
    gate.close()


@pytest.mark.parametrize(
    "changed", [{"lifetime_s": 0}, {"lifetime_s": LONGEST_PERMIT_LIFE_S + 1}, {"max_per_s": 0}, {"max_commands": 0}]
)
def test_a_limit_that_is_none_is_an_error(fake_redis: redis.Redis, changed: dict[str, float]) -> None:
    """No value of a limit switches its layer off."""
    with pytest.raises(ValueError):
        app_gate(fake_redis, **changed)


@pytest.mark.parametrize(("run_id", "found"), [("", "is empty"), ("  ", "is empty"), ("abc", "is too short")])
def test_a_run_id_that_cannot_be_used_is_told_apart(fake_redis: redis.Redis, run_id: str, found: str) -> None:
    """None and one that is too short, on either side, with the least length."""
    here = refusal(sender_gate(fake_redis, run_id=run_id).check)
    there = refusal(lambda: app_gate(fake_redis, run_id=run_id).check(command()))
    needed = f"{found}; at least 4 characters are needed"
    assert here.message == f"the run id that was given on this side {needed}"
    assert there.message == f"the run id with which this application was started (TESTRADE_INJECTION_RUN_ID) {needed}"


def test_no_refusal_tells_the_run_id(fake_redis: redis.Redis) -> None:
    """Who does not know the run id does not learn it from a refusal."""
    permit(fake_redis)
    refused = [
        refusal(lambda: app_gate(fake_redis).check(command(run_id="run-0000"))),
        refusal(sender_gate(fake_redis, run_id="run-0000").check),
    ]
    assert not [str(each) for each in refused if RUN in str(each)]


def test_every_layer_is_tested() -> None:
    """A layer that is added without a test of its own is noticed here."""
    tested_by_tables = {case[0] for case in (*APP_REFUSES.values(), *SENDER_REFUSES.values())}
    tested_by_name = {Layer.HOST, Layer.KILL_SWITCH, Layer.LIVE_REDIS, Layer.COUNT, Layer.RATE}
    assert tested_by_tables | tested_by_name == set(Layer)


def refusal(asked: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        asked()
    assert str(caught.value) == f"{caught.value.layer}: {caught.value.message}"
    return caught.value


def first_refusal(ask: Callable[[int], object]) -> Refused:
    """Ask until refused; a slow machine may need more than the limit, because seconds pass."""
    for number in range(1000):
        try:
            ask(number)
        except Refused as refused:
            return refused
    raise AssertionError("never refused")
