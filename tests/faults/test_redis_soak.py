"""An oracle watches: whatever happens between a producer and the log, no entry is lost, changed or doubled in silence.

The producer keeps a ledger of what the server confirmed, and every payload follows from its number. Faults strike at random;
then come fault-free moments, in which a new entry must pass (liveness) and everything must be acknowledged (no orphans).
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.capture_bench import STREAM, CaptureBench
from helpers.lossy_proxy import LOADING, LossyProxy
from helpers.ordinary_consumer import OrdinaryConsumer
from helpers.redis_server import RedisServer

from pytest_intellisense.capture.source import BatchSource
from pytest_intellisense.errors import CaptureFailed
from pytest_intellisense.streams import connection

SECONDS = 2.5
Fault = Callable[["Scene"], None]


class Scene:
    """A producer in a thread of its own, a server that keeps its data, and a proxy between it and the capture."""

    def __init__(self, bench: CaptureBench, proxy: LossyProxy, chance: random.Random) -> None:
        self.bench = bench
        self.proxy = proxy
        self.chance = chance
        self.quiet = threading.Lock()
        """Held while the server is killed: nobody could tell whether it had taken an entry of that moment."""
        self.struck: Counter[str] = Counter()
        self._over = threading.Event()

    @contextmanager
    def producing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._produce)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def strike(self, faults: Mapping[str, Fault], seconds: float) -> None:
        """Each fault once, in any order, and then any of them."""
        until = time.monotonic() + seconds
        first = self.chance.sample(sorted(faults), len(faults))
        while first or time.monotonic() < until:
            name = first.pop() if first else self.chance.choice(sorted(faults))
            self.struck[name] += 1
            faults[name](self)
            self.wait(0.02, 0.2)
        print(f"{len(self.bench.published)} entries, faults: {dict(self.struck)}")

    def wait(self, least_s: float, most_s: float) -> None:
        self._over.wait(self.chance.uniform(least_s, most_s))

    def _produce(self) -> None:
        while not self._over.is_set():
            with self.quiet:
                self.bench.publish(1 + len(self.bench.published) % 5)


def lose(word: bytes, *, reset: bool = False) -> Fault:
    return lambda scene: void(scene.proxy.lose_answer_to(word, reset=reset))


def void(_: object) -> None:
    """For what is done for its effect."""


def break_connections(scene: Scene) -> None:
    scene.proxy.cut()


def fall_silent(scene: Scene) -> None:
    scene.proxy.mute()


def crawl(scene: Scene) -> None:
    scene.proxy.piece_bytes, scene.proxy.delay_s = 200, 0.001
    scene.wait(0.1, 0.3)
    scene.proxy.piece_bytes, scene.proxy.delay_s = 65536, 0.0


def load(scene: Scene) -> None:
    scene.proxy.refuse_all(LOADING)
    scene.proxy.cut()
    scene.wait(0.1, 0.3)
    scene.proxy.refuse_all(None)


def stop(scene: Scene) -> None:
    scene.bench.server.pause()
    scene.wait(0.1, 0.5)
    scene.bench.server.resume()


def restart(scene: Scene) -> None:
    with scene.quiet:
        scene.bench.server.restart()


def redo_group(scene: Scene) -> None:
    with scene.bench.server.client() as client:
        for group in client.xinfo_groups(STREAM):
            client.xgroup_destroy(STREAM, group["name"])


def trim(scene: Scene) -> None:
    with scene.bench.server.client() as client:
        client.xtrim(STREAM, maxlen=scene.chance.randrange(50), approximate=False)


def remove(scene: Scene) -> None:
    with scene.bench.server.client() as client:
        newest = [entry_id for entry_id, _ in client.xrevrange(STREAM, count=3)]
        if newest:
            client.xdel(STREAM, scene.chance.choice(newest))


def delete(scene: Scene) -> None:
    with scene.quiet, scene.bench.server.client() as client:
        client.delete(STREAM)
        scene.wait(0.002, 0.005)  # within one millisecond the new ids could be the old ones


LOSSLESS: dict[str, Fault] = {
    "lost delivery": lose(b"XREADGROUP"),
    "reset delivery": lose(b"XREADGROUP", reset=True),
    "lost acknowledgement": lose(b"XACK"),
    "lost group": lose(b"CREATE"),
    "cut": break_connections,
    "silence": fall_silent,
    "crawl": crawl,
    "loading": load,
    "stopped": stop,
    "restarted": restart,
}
LOSSY = {**LOSSLESS, "trimmed": trim, "removed": remove}
CRUEL = {**LOSSY, "deleted": delete, "group gone": redo_group}


@pytest.fixture
def scene(tmp_path: Path, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(connection, "REPLY_TIMEOUT_S", 1.2)
    keeping = RedisServer("--appendonly", "yes", "--appendfsync", "always", "--dir", str(tmp_path))
    with keeping as server, LossyProxy(server.port) as proxy:
        yield Scene(CaptureBench(server, proxy.url, tmp_path), proxy, chance)


def soak(
    scene: Scene, faults: Mapping[str, Fault], seconds: float, source: BatchSource | None = None, patience_s: float = 20
) -> None:
    """Faults for so long, then none; fails when nothing comes through any more, or something stays pending."""
    with scene.bench.capturing(source):
        scene.bench.settle()
        with scene.producing():
            scene.strike(faults, seconds)
        scene.bench.settle(patience_s)
        assert scene.bench.acknowledged(with_what_follows=True, within_s=patience_s)
        assert scene.bench.captured_twice() == []


def test_nothing_is_lost_where_nothing_can_be(scene: Scene) -> None:
    """Connections and server fail in every way; the data stays: the log is complete."""
    soak(scene, LOSSLESS, SECONDS)
    assert scene.bench.account().complete


def test_every_loss_is_counted(scene: Scene) -> None:
    """The application trims and deletes meanwhile: what is missing is what is said to be lost, to the entry."""
    soak(scene, LOSSY, SECONDS)
    account = scene.bench.account()
    assert account.measurable
    assert account.honest


def test_a_consumer_of_a_tutorial_does_not_survive(scene: Scene) -> None:
    """The control: with the very same faults it loses entries, leaves orphans or ends."""
    with pytest.raises((AssertionError, CaptureFailed)):
        soak(scene, LOSSLESS, SECONDS, OrdinaryConsumer(scene.proxy.url, retries=3), patience_s=2)
        assert scene.bench.account().complete


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("faults", [LOSSLESS, LOSSY, CRUEL], ids=["lossless", "lossy", "cruel"])
def test_a_long_soak(scene: Scene, faults: Mapping[str, Fault]) -> None:
    """A minute each; where the stream itself is taken away, the loss may be unknown, but not silent."""
    soak(scene, faults, 60)
    account = scene.bench.account()
    assert account.honest
    assert account.measurable or faults is CRUEL
    assert account.complete or faults is not LOSSLESS
