"""Captured frames are injected again, in order, at the times of their capture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_intellisense.engine.ports import InjectionCommand, InjectionReceipt, InjectionResponse
from pytest_intellisense.errors import PlanError
from pytest_intellisense.replay.frames import ImageFileReplayInjector

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


class Recorder:
    """An injector that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[InjectionCommand, int]] = []

    def send(self, command: InjectionCommand, *, intended_ns: int | None = None) -> InjectionReceipt:
        assert intended_ns is not None
        self.sent.append((command, intended_ns))
        return InjectionReceipt(command_id="c", event_id="e", intended_ns=intended_ns, sent_ns=intended_ns)

    def request(self, command: InjectionCommand, *, timeout_s: float) -> InjectionResponse:
        raise NotImplementedError

    def response_to(self, receipt: InjectionReceipt) -> InjectionResponse | None:
        return None


def manifest(folder: Path, *frames: Mapping[str, Any]) -> Path:
    (folder / "a.png").write_bytes(PNG)
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(frame) + "\n" for frame in frames))
    return path


def frame(number: int, at_ms: float, image: str = "a.png") -> dict[str, Any]:
    return {
        "correlation_id": f"frame-{number}",
        "image_filename": image,
        "perf_counter_ns_capture": 5_000_000_000 + round(at_ms * 1e6),
        "epoch_s_capture": 1758720301.5 + at_ms / 1e3,
    }


@pytest.mark.parametrize(("speed", "expected_ms"), [(1.0, [0, 20, 30]), (10.0, [0, 2, 3])])
def test_frames_keep_their_spacing(tmp_path: Path, speed: float, expected_ms: list[float]) -> None:
    """Frames go out in the order of capture, spaced as they were, or closer by the speed factor."""
    injector = Recorder()
    path = manifest(tmp_path, frame(3, 30), frame(1, 0), frame(2, 20))
    ImageFileReplayInjector(injector, speed=speed).replay(path)
    first_ns = injector.sent[0][1]
    assert [command.correlation_id for command, _ in injector.sent] == ["frame-1", "frame-2", "frame-3"]
    assert [(at_ns - first_ns) / 1e6 for _, at_ns in injector.sent] == expected_ms
    assert all(command.image == PNG for command, _ in injector.sent)


@pytest.mark.parametrize("image", ["../secret.png", "/etc/passwd", "missing.png", "note.png"])
def test_a_bad_image_stops_the_replay_before_its_first_frame(tmp_path: Path, image: str) -> None:
    """Nothing is injected if a later frame could not be."""
    folder = tmp_path / "captured"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "note.png").write_text("no image")
    injector = Recorder()
    with pytest.raises(PlanError, match=image.split("/")[-1]):
        ImageFileReplayInjector(injector).replay(manifest(folder, frame(1, 0), frame(2, 5, image)))
    assert not injector.sent


@pytest.mark.parametrize("speed", [0.0, -1.0, 1001.0, float("nan")])
def test_a_speed_that_cannot_be_meant_is_refused(speed: float) -> None:
    """Before any file is read. The control: those of the test above."""
    with pytest.raises(PlanError, match="speed is"):
        ImageFileReplayInjector(Recorder(), speed=speed)


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    """The message has file, line and the keys a line must have."""
    path = manifest(tmp_path, frame(1, 0), {"image_filename": "a.png"})
    with pytest.raises(PlanError, match=r"manifest\.jsonl, line 2") as caught:
        ImageFileReplayInjector(Recorder()).replay(path)
    assert "perf_counter_ns_capture" in caught.value.hint
