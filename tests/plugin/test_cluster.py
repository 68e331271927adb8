"""Plans run against an application on a Redis cluster, whatever node the URL names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from helpers.pytest_command import PYTEST
from helpers.redis_cluster import RedisCluster

from testrade_hooks import EventPublisher, StreamTrimmer, wire
from testrade_hooks.gate import KILL_SWITCH_KEY, LIVE_MARKER_KEY, PERMIT_KEY, AppGate, Layer, Refused, TestGate

RUN_ID = "on-a-cluster"
PLAN = {
    "plan_name": "buys",
    "description": "A command is carried out and its fill is seen; the state of a component is asked for.",
    "bootstrap": {"symbols": ["AAPL"]},
    "steps": [
        {
            "step_id": "buy",
            "stimulus": {"type": "trade_command", "symbol": "AAPL", "side": "BUY", "quantity": 100},
            "pipeline": "TRADE_CMD_TO_POSITION_UPDATE",
            "timeout_s": 10,
            "repeat": 3,
            "validation_points": [
                {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True},
                {
                    "validation_id": "position",
                    "type": "position_manager_state",
                    "target_identifier": "AAPL",
                    "field_to_check": "total_shares",
                    "operator": "==",
                    "expected_value": 100,
                },
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with RedisCluster(3) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: RedisCluster) -> Iterator[Any]:
    with cluster.client() as client:
        client.flushall(target_nodes=redis.RedisCluster.PRIMARIES)
        yield client


@pytest.fixture
def app(cluster: RedisCluster, client: Any) -> Iterator[subprocess.Popen[str]]:
    """The reference application, told of the first node."""
    command = [sys.executable, "-m", "testrade_hooks.reference", "--redis-url", cluster.url, "--run-id", RUN_ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("reference TESTRADE ready"):
            process.kill()
            pytest.fail(process.communicate()[1])
        yield process
        process.terminate()
        assert process.wait(30) == 0


def run_plan(folder: Path, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "buys.plan.json").write_text(json.dumps(PLAN))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INTELLISENSE_")}
    command = [*PYTEST, "-q", ".", "--intellisense-redis", url, "--intellisense-run-id", RUN_ID, *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("node", [0, *(pytest.param(node, marks=pytest.mark.long) for node in (1, 2))])
def test_a_plan_passes(node: int, cluster: RedisCluster, client: Any, app: subprocess.Popen[str], tmp_path: Path) -> None:
    """The streams of commands, answers and events lie on all nodes; nothing is lost."""
    assert len({cluster.holder(stream).port for stream in wire.STREAMS}) == 3
    ran = run_plan(tmp_path, cluster.nodes[node].url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (facts,) = tmp_path.glob("captures/*/session.json")
    assert json.loads(facts.read_text())["losses"] == {"lost": 0, "measurable": True, "notes": []}


def test_a_slot_that_moves_is_followed(cluster: RedisCluster, client: Any, app: subprocess.Popen[str], tmp_path: Path) -> None:
    """Commands and answers go to other nodes than when the application began."""
    for stream in (wire.INJECTION_COMMANDS, wire.INJECTION_RESPONSES, wire.ORDER_FILLS):
        cluster.move(stream)
    ran = run_plan(tmp_path, cluster.url)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_switch_on_any_node_stops_it(cluster: RedisCluster, client: Any, app: subprocess.Popen[str], tmp_path: Path) -> None:
    """The control of the gate: permit, kill switch and live marker are found wherever they lie."""
    assert client.get(PERMIT_KEY)
    client.set(KILL_SWITCH_KEY, 1)
    ran = run_plan(tmp_path, cluster.url)
    assert ran.returncode == 1
    assert "was refused by the layer 'kill switch'" in ran.stdout


def test_both_sides_read_every_layer(cluster: RedisCluster, client: Any) -> None:
    """Each of the keys is in a slot of its own; a host that is not allowed is refused for every node."""
    assert len({client.keyslot(key) for key in (PERMIT_KEY, KILL_SWITCH_KEY, LIVE_MARKER_KEY)}) == 3
    app_gate = AppGate(client, mode="TEST", allowed=True, run_id=RUN_ID)
    app_gate.open()
    gate = TestGate(client, allowed=True, run_id=RUN_ID)
    gate.check()
    client.set(LIVE_MARKER_KEY, 1)
    for refuses in (gate.check, lambda: app_gate.check(command())):
        with pytest.raises(Refused) as refused:
            refuses()
        assert refused.value.layer is Layer.LIVE_REDIS
    client.delete(LIVE_MARKER_KEY)
    gate.check()
    app_gate.check(command())
    app_gate.close()
    assert client.get(PERMIT_KEY) is None


def command() -> dict[str, Any]:
    return {"run_id": RUN_ID, "injected": True, "command_id": str(time.time_ns()), "expires_at_epoch_s": time.time() + 60}


def test_a_node_elsewhere_is_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One foreign node is enough, for some commands would go there."""
    nodes = client.get_nodes()
    nodes[2].host = "10.0.0.7"
    monkeypatch.setattr(client, "get_nodes", lambda: nodes)
    with pytest.raises(Refused) as refused:
        TestGate(client, allowed=True, run_id=RUN_ID).check()
    assert refused.value.layer is Layer.HOST


def test_events_are_published_and_trimmed(client: Any) -> None:
    """In the order of each stream, over all nodes at once."""
    streams = (wire.ORDER_FILLS, wire.SIGNALS, wire.MARKET_TRADES)
    types = {spec.stream: name for name, spec in wire.EVENTS.items()}
    with EventPublisher(client) as publisher:
        for number in range(300):
            publisher.publish(wire.event(types[streams[number % 3]], {"number": number}))
    assert (publisher.published, publisher.losses) == (300, {})
    for offset, stream in enumerate(streams):
        numbers = [wire.decode(stream, fields).payload["number"] for _, fields in client.xrange(stream)]
        assert numbers == list(range(offset, 300, 3))
    with StreamTrimmer(client, streams, max_length=10, max_age_s=3600, approximate=False) as trimmer:
        assert trimmer.trim_once() == dict.fromkeys(streams, 90)
