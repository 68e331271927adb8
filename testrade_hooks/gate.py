"""Why an injection may happen here at all: a chain of layers that must all agree, on both sides, for every command.

Nothing is allowed by default and no argument switches a layer off. In live trading an injected order is a real order.

The application writes its permit under `PERMIT_KEY` while it takes injections; the sender compares it with its own
run id. Setting `KILL_SWITCH_KEY` to anything stops all injections at once; setting `LIVE_MARKER_KEY` once on the Redis
of a trading floor forbids them there for good.
"""

from __future__ import annotations

import hmac
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, TypeGuard

import redis

from testrade_hooks import wire
from testrade_hooks.connection import own_client

PERMIT_KEY = "intellisense:permit"
KILL_SWITCH_KEY = "intellisense:kill-switch"
LIVE_MARKER_KEY = "testrade:live"

TEST_MODES = frozenset(
    {"TEST", "PAPER", "REPLAY", "SAFE_MODE", "TANK_SEALED", "TANK_BUFFERED", "TANK_BROADCASTING", "DISTRIBUTED_TANK"}
)
LONGEST_COMMAND_LIFE_S = 900.0
LONGEST_PERMIT_LIFE_S = 12 * 3600.0

_SHORTEST_RUN_ID = 4
_SOCKET_TIMEOUT_S = 2.0
_REDIS_ERRORS = (redis.RedisError, redis.exceptions.RedisClusterException)
_MODE_NAMES = ("TESTRADE_MODE", "testrade_mode", "trading_mode")
_CONFIG_ENTRIES_LOOKED_AT = 20


class Layer(StrEnum):
    """What can refuse, in the order in which it is asked."""

    OPT_IN = "opt-in"
    RUN_ID = "run id"
    MODE = "mode"
    HOST = "host"
    MARKER = "injected marker"
    EXPIRY = "expiry"
    PERMIT = "permit"
    KILL_SWITCH = "kill switch"
    LIVE_REDIS = "live redis"
    REPLAY = "replay"
    COUNT = "count"
    RATE = "rate"


class Refused(Exception):
    """A layer said no; `layer` names it, `message` says why and what would have to be different."""

    def __init__(self, layer: Layer, message: str) -> None:
        super().__init__(f"{layer}: {message}")
        self.layer = layer
        self.message = message


class AppGate:
    """The application's side: asked before each command is carried out.

    `mode` is the application's trading mode, or a function that gives it at any moment; only `TEST_MODES` pass.
    `allowed` is the application's own configuration switch and must be exactly True. `run_id` must come from another
    place than that (the environment variable TESTRADE_INJECTION_RUN_ID). The permit ends `lifetime_s` after this
    object was made. Raises ValueError for limits that are none.
    """

    def __init__(
        self,
        redis_client: redis.Redis,
        *,
        mode: str | Callable[[], str],
        allowed: bool,
        run_id: str,
        lifetime_s: float = 900.0,
        max_per_s: int = 500,
        max_commands: int = 100_000,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not 0 < lifetime_s <= LONGEST_PERMIT_LIFE_S:
            raise ValueError(f"lifetime_s is {lifetime_s}; it must be more than 0 and at most {LONGEST_PERMIT_LIFE_S:.0f}")
        self._client = own_client(redis_client, socket_timeout_s=_SOCKET_TIMEOUT_S)
        self._mode = mode
        self._allowed = allowed
        self._run_id = run_id
        self._now = now
        self._expires_at_epoch_s = now() + lifetime_s
        self._seen: set[str] = set()
        self._cap = _Cap(max_per_s, max_commands)

    def open(self) -> None:
        """Publish the permit. Raises Refused if the application's own layers or the Redis say no, and redis.RedisError."""
        self._check_own_layers()
        _check_published_mode(self._client)
        permit = {"run_id": self._run_id, "mode": self._current_mode(), "expires_at_epoch_s": self._expires_at_epoch_s}
        left_ms = max(1, math.ceil((self._expires_at_epoch_s - self._now()) * 1000))
        self._client.set(PERMIT_KEY, json.dumps(permit), px=left_ms)

    def close(self) -> None:
        """Withdraw the permit, if it is still ours. Raises redis.RedisError."""
        with self._client:
            permit = _read_permit(self._client.get(PERMIT_KEY))
            if permit is not None and permit.get("run_id") == self._run_id:
                self._client.delete(PERMIT_KEY)

    def check(self, payload: Mapping[str, Any]) -> None:
        """Return if the command with this payload may be carried out now, once. Raises Refused."""
        self._check_own_layers()
        if not _same(payload.get("run_id"), self._run_id):
            raise Refused(Layer.RUN_ID, "the command was made for another run than this application's")
        if payload.get("injected") is not True:
            raise Refused(Layer.MARKER, "the command does not say of itself that it is injected")
        _check_expiry(payload.get("expires_at_epoch_s"), self._now())
        self._check_permit()
        command_id = payload.get("command_id")
        if not isinstance(command_id, str) or not command_id or command_id in self._seen:
            raise Refused(Layer.REPLAY, "the command has no id of its own, or one that was carried out before")
        self._cap.take()
        self._seen.add(command_id)

    def _check_permit(self) -> None:
        permit = _permit_where_nothing_stops(self._client)
        if permit is None:
            raise Refused(Layer.PERMIT, f"the application does not hold its permit on this Redis ({PERMIT_KEY})")
        if not _same(permit.get("run_id"), self._run_id):
            raise Refused(Layer.PERMIT, "the permit on this Redis is that of another run")

    def _check_own_layers(self) -> None:
        _check_opt_in(self._allowed, "this application's configuration does not allow injections")
        _check_run_id(self._run_id, "with which this application was started (TESTRADE_INJECTION_RUN_ID)")
        _check_mode(self._current_mode())
        if self._now() >= self._expires_at_epoch_s:
            raise Refused(Layer.PERMIT, "the application's permit has ended; start the application again for a new one")

    def _current_mode(self) -> str:
        if isinstance(self._mode, str):
            return self._mode
        try:
            return str(self._mode())
        except Exception as problem:  # noqa: BLE001 - a mode that cannot be told is not a test mode
            raise Refused(Layer.MODE, f"the application cannot tell its trading mode ({type(problem).__name__})") from None


class TestGate:
    """The sender's side: asked before each command is sent.

    `allowed` is the user's opt-in and must be exactly True, `run_id` the one the application was started with.
    The Redis must be on this machine, or its host literally in `allowed_hosts`; names are not looked up. Of a cluster this
    holds for every node.
    """

    __test__ = False

    def __init__(
        self,
        redis_client: redis.Redis,
        *,
        allowed: bool,
        run_id: str,
        allowed_hosts: Collection[str] = (),
        max_per_s: int = 500,
        max_commands: int = 100_000,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = redis_client
        self._allowed = allowed
        self._run_id = run_id
        self._allowed_hosts = frozenset(allowed_hosts)
        self._knows_redis = False
        self._now = now
        self._cap = _Cap(max_per_s, max_commands)

    def check(self) -> None:
        """Return if one command may be sent now. Raises Refused."""
        _check_opt_in(self._allowed, "injection was not asked for on this side")
        _check_run_id(self._run_id, "that was given on this side")
        self._check_host()
        permit = _permit_where_nothing_stops(self._client)
        if not self._knows_redis:
            _check_published_mode(self._client)
            self._knows_redis = True
        if permit is None:
            raise Refused(Layer.PERMIT, f"no application on this Redis has published a permit ({PERMIT_KEY})")
        if not _same(permit.get("run_id"), self._run_id):
            raise Refused(Layer.RUN_ID, "the application on this Redis runs under another run id")
        _check_mode(str(permit.get("mode")))
        expires = permit.get("expires_at_epoch_s")
        if not _is_number(expires) or self._now() >= expires:
            raise Refused(Layer.PERMIT, "the application's permit has ended; start the application again for a new one")
        self._cap.take()

    def _check_host(self) -> None:
        for host in _hosts(self._client):
            if host not in self._allowed_hosts and not _is_loopback(host):
                raise Refused(Layer.HOST, f"Redis host {host!r} is not this machine and not in the list of allowed hosts")


class _Cap:
    """How many commands pass in total, and in any one second."""

    def __init__(self, max_per_s: int, max_commands: int) -> None:
        if max_per_s < 1 or max_commands < 1:
            raise ValueError("max_per_s and max_commands must be at least 1")
        self._max_per_s = max_per_s
        self._left = self._max_commands = max_commands
        self._last_second: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        now = time.monotonic()
        with self._lock:
            if self._left == 0:
                raise Refused(Layer.COUNT, f"all {self._max_commands} commands of this permit are used up")
            while self._last_second and now - self._last_second[0] >= 1.0:
                self._last_second.popleft()
            if len(self._last_second) >= self._max_per_s:
                raise Refused(Layer.RATE, f"more than {self._max_per_s} commands within a second")
            self._last_second.append(now)
            self._left -= 1


def _check_opt_in(allowed: object, message: str) -> None:
    if allowed is not True:
        raise Refused(Layer.OPT_IN, message)


def _check_run_id(run_id: object, which: str) -> None:
    length = len(run_id.strip()) if isinstance(run_id, str) else 0
    if length < _SHORTEST_RUN_ID:
        found = "is too short" if length else "is empty"
        raise Refused(Layer.RUN_ID, f"the run id {which} {found}; at least {_SHORTEST_RUN_ID} characters are needed")


def _check_mode(mode: str) -> None:
    if mode.strip().upper() not in TEST_MODES:
        raise Refused(Layer.MODE, f"the application's trading mode is {mode!r}; only {', '.join(sorted(TEST_MODES))} pass")


def _check_expiry(expires: object, now: float) -> None:
    if not _is_number(expires):
        raise Refused(Layer.EXPIRY, "the command does not say when it expires")
    if now >= expires:
        raise Refused(Layer.EXPIRY, f"the command expired {now - expires:.1f} s ago (by the application's wall clock)")
    if expires > now + LONGEST_COMMAND_LIFE_S:
        raise Refused(Layer.EXPIRY, f"the command would live longer than {LONGEST_COMMAND_LIFE_S:.0f} s")


def _check_switches(client: redis.Redis) -> None:
    try:
        if not client.exists(KILL_SWITCH_KEY, LIVE_MARKER_KEY):
            return
        live = client.exists(LIVE_MARKER_KEY)
    except _REDIS_ERRORS as problem:
        raise Refused(Layer.KILL_SWITCH, f"the kill switch cannot be read: {problem}") from None
    if live:
        raise Refused(Layer.LIVE_REDIS, f"this Redis is marked as one of live trading (key {LIVE_MARKER_KEY})")
    raise Refused(Layer.KILL_SWITCH, f"the kill switch is on (key {KILL_SWITCH_KEY})")


def _permit_where_nothing_stops(client: redis.Redis) -> dict[str, Any] | None:
    """The permit and the switches in one round trip."""
    try:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.exists(KILL_SWITCH_KEY)
            pipeline.exists(LIVE_MARKER_KEY)  # one key a command: on a cluster they lie in different slots
            pipeline.get(PERMIT_KEY)
            *stopped, permit = pipeline.execute()
    except _REDIS_ERRORS as problem:
        raise Refused(Layer.KILL_SWITCH, f"the kill switch cannot be read: {problem}") from None
    if any(stopped):
        _check_switches(client)
    return _read_permit(permit)


def _check_published_mode(client: redis.Redis) -> None:
    """The configuration that an application last published on this Redis may say that it trades live."""
    try:
        entries: Any = client.xrevrange(wire.CONFIG_CHANGES, count=_CONFIG_ENTRIES_LOOKED_AT)
    except _REDIS_ERRORS as problem:
        raise Refused(Layer.LIVE_REDIS, f"the published configuration cannot be read: {problem}") from None
    for _entry_id, fields in entries:
        mode = _published_mode(fields)
        if mode is not None:
            if mode.strip().upper() not in TEST_MODES:
                raise Refused(Layer.LIVE_REDIS, f"an application on this Redis published the trading mode {mode!r}")
            return


def _published_mode(fields: Mapping[bytes, bytes]) -> str | None:
    try:
        payload = wire.decode(wire.CONFIG_CHANGES, fields).payload
    except wire.UnreadableEntry:
        return None
    snapshot = payload.get("full_config_snapshot")
    if not isinstance(snapshot, dict):
        return None
    return next((str(snapshot[name]) for name in _MODE_NAMES if name in snapshot), None)


def _read_permit(text: Any) -> dict[str, Any] | None:
    try:
        permit = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return permit if isinstance(permit, dict) else None


def _same(stated: object, own: str) -> bool:
    return isinstance(stated, str) and hmac.compare_digest(_bytes(stated), _bytes(own))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _is_number(value: object) -> TypeGuard[float]:
    """Numbers that a time can be; a whole number that is too large for a float is none."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _hosts(client: redis.Redis) -> list[str]:
    """Where the commands go; nowhere outside of this machine where there is no host."""
    if isinstance(client, redis.RedisCluster):
        return [str(node.host) for node in client.get_nodes()]
    settings = client.connection_pool.connection_kwargs
    return [] if "path" in settings or "server" in settings else [str(settings.get("host", ""))]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
