"""Commands reach the application, and its answers come back, over the streams alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from pytest_intellisense.capture.session import CaptureSession
from pytest_intellisense.engine.ports import InjectionCommand
from pytest_intellisense.errors import EnvironmentProblem, InjectionRefused
from pytest_intellisense.streams.connection import Endpoint
from pytest_intellisense.streams.consumer import StreamConsumer
from pytest_intellisense.streams.injector import StreamInjector
from testrade_hooks.gate import KILL_SWITCH_KEY, AppGate, TestGate
from testrade_hooks.injection import Command, InjectionListener

RUN_ID = "injector-tests"


@dataclass
class Bench:
    """A client and an injector whose commands are captured."""

    client: redis.Redis
    injector: StreamInjector
    session: CaptureSession


@pytest.fixture
def bench(endpoint: Endpoint, tmp_path: Path) -> Iterator[Bench]:
    client = endpoint.open()
    with CaptureSession(tmp_path, "injector", StreamConsumer(endpoint, "injector")) as session:
        gate = TestGate(client, allowed=True, run_id=RUN_ID)
        yield Bench(client, StreamInjector(client, session, gate, RUN_ID), session)
    client.close()


@pytest.fixture
def app(bench: Bench) -> Iterator[list[Command]]:
    """An application that echoes `echo`, fails at `fail`, and keeps what it got."""
    seen: list[Command] = []

    def fail(command: Command) -> None:
        raise RuntimeError("no such order")

    def echo(command: Command) -> dict[str, object]:
        seen.append(command)
        return {"echoed": dict(command.parameters)}

    listener = InjectionListener(bench.client, AppGate(bench.client, mode="TEST", allowed=True, run_id=RUN_ID))
    listener.register("echo", echo)
    listener.register("fail", fail)
    with listener:
        yield seen


def command(kind: str, image: bytes | None = None) -> InjectionCommand:
    return InjectionCommand(command_type=kind, parameters={"symbol": "AAPL"}, correlation_id="master-7", image=image)


def test_a_request_is_answered(bench: Bench, app: list[Command]) -> None:
    """The answer to a request carries what the application returned."""
    answer = bench.injector.request(command("echo"), timeout_s=5)
    assert (answer.status, answer.data) == ("success", {"echoed": {"symbol": "AAPL"}})


def test_an_image_travels_as_bytes_and_is_kept_as_a_file(bench: Bench, app: list[Command]) -> None:
    """The application gets the image's bytes, and the captured command refers to a file with the same bytes."""
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    bench.injector.request(command("echo", image), timeout_s=5)
    assert app[0].image == image
    sent = next(event for event in bench.session.events_since(0) if event.event_type == "INJECTION_COMMAND")
    assert sent.image is not None
    bench.session.flush()
    assert (bench.session.directory / sent.image.path).read_bytes() == image


def test_what_follows_names_the_command_as_its_cause(bench: Bench, app: list[Command]) -> None:
    """The event id of the command is the causation id of the answer, under the same correlation id."""
    bench.injector.request(command("echo"), timeout_s=5)
    sent, answer = bench.session.events_since(0)
    assert (sent.event_type, answer.event_type) == ("INJECTION_COMMAND", "INJECTION_RESPONSE")
    assert (answer.causation_id, answer.correlation_id) == (sent.event_id, "master-7")


def test_an_error_of_the_application_is_an_answer(bench: Bench, app: list[Command]) -> None:
    """What the application raised comes back as text, not as an exception of ours."""
    answer = bench.injector.request(command("fail"), timeout_s=5)
    assert (answer.status, answer.message) == ("error", "RuntimeError: no such order")


def test_a_silent_application_is_reported(bench: Bench) -> None:
    """Without an answer the message names the command, the time waited and where the application should listen."""
    gate = AppGate(bench.client, mode="TEST", allowed=True, run_id=RUN_ID)
    gate.open()
    with pytest.raises(EnvironmentProblem, match="the application does not answer echo") as caught:
        bench.injector.request(command("echo"), timeout_s=0.05)
    gate.close()
    assert "intellisense:injection-commands" in caught.value.hint


def test_a_closed_gate_lets_nothing_through(bench: Bench, app: list[Command]) -> None:
    """With the kill switch on, the refusal names the layer and no command is on the stream."""
    bench.client.set(KILL_SWITCH_KEY, "1")
    with pytest.raises(InjectionRefused, match="kill switch") as caught:
        bench.injector.send(command("echo"))
    assert caught.value.layer == "kill switch"
    assert not bench.client.exists("intellisense:injection-commands") or not bench.client.xlen(
        "intellisense:injection-commands"
    )


def test_a_refusal_of_the_application_is_told(bench: Bench, app: list[Command]) -> None:
    """Where our side agreed and the application's gate did not, the refusal says which layer it was."""
    other = StreamInjector(bench.client, bench.session, TestGate(bench.client, allowed=True, run_id=RUN_ID), "another-run")
    with pytest.raises(InjectionRefused, match="another run"):
        other.request(command("echo"), timeout_s=5)
    assert not app
