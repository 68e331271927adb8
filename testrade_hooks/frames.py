"""Screen frames: the processed one as an event, the raw ones as files with a manifest."""

from __future__ import annotations

import base64
import json
import logging
import queue
import re
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from testrade_hooks import clock, wire

MANIFEST_NAME = "manifest.jsonl"

_FRAMES_WAITING = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")

_log = logging.getLogger("testrade_hooks.frames")


def processed_roi_frame(
    image: bytes,
    *,
    grabbed: clock.Reading,
    finished: clock.Reading,
    roi: tuple[int, int, int, int],
    correlation_id: str,
    causation_id: str | None = None,
    image_format: str = "PNG",
) -> wire.WireEvent:
    """The event of one preprocessed region of interest.

    `grabbed` (T0) and `finished` (T1) are readings of this process, `roi` is (x1, y1, x2, y2) in pixels.
    The image goes out as base64 in the payload and as the binary field `image_bytes`.
    """
    x1, y1, x2, y2 = roi
    event = wire.event(
        wire.PROCESSED_ROI_IMAGE_TYPE,
        {
            "image_bytes": base64.b64encode(image).decode("ascii"),
            "image_format": image_format,
            "roi_coordinates": {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1},
            "original_grab_epoch_s": grabbed.epoch_ns / 1e9,
            "preprocessing_finish_perf_ns": finished.monotonic_ns,
            "preprocessing_latency_ns": finished.monotonic_ns - grabbed.monotonic_ns,
        },
        correlation_id=correlation_id,
        causation_id=causation_id,
        image_bytes=image,
    )
    return replace(event, timestamp_ns=grabbed.monotonic_ns, clock_domain=grabbed.domain)


@dataclass(frozen=True, slots=True)
class _Frame:
    image: bytes
    extension: str
    correlation_id: str
    grabbed: clock.Reading


class RawFrameRecorder:
    """Writes raw frames into `folder`, each beside a line in `manifest.jsonl`, from a background thread.

    A line has correlation_id, image_filename, perf_counter_ns_capture (nanoseconds) and epoch_s_capture (seconds) and
    is written after its image, so every line has its file. A recorder that finds frames in the folder goes on after
    them. Raises OSError if the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._manifest = (folder / MANIFEST_NAME).open("a+", encoding="utf-8")
        self._manifest.seek(0)
        earlier = self._manifest.read()
        if earlier and not earlier.endswith("\n"):
            self._manifest.write("\n")
        self._written = len(earlier.splitlines())
        self._lost = 0
        self._frames: queue.Queue[_Frame | None] = queue.Queue(_FRAMES_WAITING)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="testrade-frames", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    @property
    def written(self) -> int:
        """Lines of the manifest."""
        return self._written

    @property
    def lost(self) -> int:
        """Frames that were not written: the disk was too slow, full or gone, or the recorder closed."""
        return self._lost

    def record(
        self, image: bytes, *, correlation_id: str, grabbed: clock.Reading | None = None, image_format: str = "PNG"
    ) -> bool:
        """Take one encoded frame for writing. Never blocks and never raises; False if it was lost, which is counted.

        `grabbed` is when the frame was taken; default: now.
        """
        extension = _UNSAFE.sub("", image_format).lower() or "bin"
        try:
            if self._closed:
                raise queue.Full
            self._frames.put_nowait(_Frame(image, extension, correlation_id, grabbed or clock.now()))
        except queue.Full:
            self._lost += 1
            return False
        return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what was taken, for at most about `timeout_s`. May be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._frames.put(None, timeout=timeout_s)
        except queue.Full:
            _log.warning("the frame recorder was closed while the disk was busy")
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with self._manifest:
            while (frame := self._frames.get()) is not None:
                try:
                    self._write(frame)
                except OSError as problem:
                    self._lost += 1
                    _log.warning("a raw frame could not be written to %s: %s", self._folder, problem)

    def _write(self, frame: _Frame) -> None:
        name = f"{self._written + 1:06d}_{_UNSAFE.sub('_', frame.correlation_id)[:64]}.{frame.extension}"
        unfinished = self._folder / f"{name}.tmp"
        unfinished.write_bytes(frame.image)
        unfinished.replace(self._folder / name)
        line = {
            "correlation_id": frame.correlation_id,
            "image_filename": name,
            "perf_counter_ns_capture": frame.grabbed.monotonic_ns,
            "epoch_s_capture": frame.grabbed.epoch_ns / 1e9,
        }
        self._manifest.write(json.dumps(line) + "\n")
        self._manifest.flush()
        self._written += 1
