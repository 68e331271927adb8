"""ImageFileReplayInjector: captured screens go in again, at the times at which they were grabbed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_intellisense.codec.images import load_image
from pytest_intellisense.codec.manifest import CapturedFrame, read_manifest
from pytest_intellisense.engine.ports import Clock, InjectionCommand, InjectionReceipt, Injector
from pytest_intellisense.errors import PlanError

_SPIN_NS = 200_000
_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP"}


@dataclass(frozen=True, slots=True)
class ReplayedFrame:
    """A frame that was sent; `late_ns` is how much later than intended."""

    frame: CapturedFrame
    receipt: InjectionReceipt

    @property
    def late_ns(self) -> int:
        return self.receipt.sent_ns - self.receipt.intended_ns


class ImageFileReplayInjector:
    """Feeds the frames of a manifest through an injector.

    `speed` 2.0 halves the pauses. Frames keep their correlation ids unless `correlation_id` names another for each.
    Images must lie in the manifest's folder.
    """

    def __init__(
        self,
        injector: Injector,
        *,
        speed: float = 1.0,
        correlation_id: Callable[[CapturedFrame], str] = lambda frame: frame.correlation_id,
        now_ns: Clock = time.perf_counter_ns,
    ) -> None:
        if not 0.001 <= speed <= 1000:
            raise PlanError(f"speed is {speed:g}", hint="allowed: 0.001 to 1000")
        self._injector = injector
        self._speed = speed
        self._correlation_id = correlation_id
        self._now_ns = now_ns

    def replay(self, manifest: Path) -> Sequence[ReplayedFrame]:
        """Send every frame; returns after the last. Raises PlanError before the first if any file cannot be used."""
        frames = read_manifest(manifest)
        images = [load_image(manifest.parent, manifest.parent, frame.image_filename) for frame in frames]
        start_ns, first_ns = self._now_ns(), frames[0].captured_ns
        replayed = []
        for frame, image in zip(frames, images, strict=True):
            intended_ns = start_ns + round((frame.captured_ns - first_ns) / self._speed)
            command = self._command(frame, image, intended_ns)
            self._wait_until(intended_ns)
            replayed.append(ReplayedFrame(frame, self._injector.send(command, intended_ns=intended_ns)))
        return replayed

    def _command(self, frame: CapturedFrame, image: bytes, grabbed_ns: int) -> InjectionCommand:
        return InjectionCommand(
            command_type="raw_image_injection",
            parameters={
                "image_format": _FORMATS.get(Path(frame.image_filename).suffix.lower(), "PNG"),
                "filename": frame.image_filename,
                "grab_timestamp_ns": grabbed_ns,
            },
            correlation_id=self._correlation_id(frame),
            image=image,
        )

    def _wait_until(self, time_ns: int) -> None:
        """Sleep nearly to the moment, then spin: a sleep alone ends 0.1 ms late."""
        while (left_ns := time_ns - self._now_ns()) > 0:
            if left_ns > _SPIN_NS:
                time.sleep((left_ns - _SPIN_NS) / 1e9)
