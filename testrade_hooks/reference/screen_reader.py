"""The eyes: a grabbed screen becomes a region, prepared pixels and raw text, each published with its times."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2

from testrade_hooks import clock
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.images import Image, ImageRejected, decode_image
from testrade_hooks.reference.ocr_engine import EngineMissing, OcrEngine, OcrFailed, PytesseractEngine, TesserocrEngine
from testrade_hooks.reference.outlet import Link, Outlet
from testrade_hooks.reference.preprocessing import PreprocessingParameters, preprocess

Region = tuple[int, int, int, int]
_ENGINES: Mapping[str, Callable[[], OcrEngine]] = {"pytesseract": PytesseractEngine, "tesserocr": TesserocrEngine}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    """What was read, before anybody understood it. T-times are this process's monotonic clock in ns."""

    text: str
    confidence: float
    event_id: str
    frame_number: int
    frame_timestamp: float
    t0_ns: int
    t1_ns: int
    t2_ns: int
    t3_ns: int
    region: Region | None
    parameters: dict[str, Any] | None
    snapshots: dict[str, Any]
    from_image: bool


@dataclass(frozen=True, slots=True)
class Grab:
    """A screen as it was grabbed."""

    image: bytes
    image_format: str
    region: Sequence[int] | None
    source_ns: int | None


@dataclass(frozen=True, slots=True)
class OcrText:
    """Text as Tesseract would have returned it. Confidence 0 to 100, timestamp epoch seconds (None: now)."""

    text: str
    confidence: float
    snapshots: dict[str, Any]
    frame_number: int | None = None
    frame_timestamp: float | None = None


class ScreenReader:
    def __init__(self, config: Config, outlet: Outlet) -> None:
        self._config = config
        self._outlet = outlet
        self._frames = 0
        self._engines: dict[str, OcrEngine] = {}

    def read_image(self, grab: Grab, link: Link) -> tuple[RawReading, Link]:
        """Read a screen. Raises ReadFailed, after the grab was published."""
        t0_ns, grabbed_at = clock.now().monotonic_ns, time.time()
        problem, image, region = self._region_of(grab)
        link = self._publish_grab(grab, region, t0_ns, grabbed_at, link)
        if image is None or region is None:
            raise ReadFailed(problem, link)
        parameters = PreprocessingParameters.from_config(self._config.get)
        prepared = preprocess(image, parameters)
        t1_ns = clock.now().monotonic_ns
        link = self._publish_prepared(prepared, region, t0_ns, t1_ns, grabbed_at, link)
        try:
            reading = self._engine().read_text(prepared)
        except (OcrFailed, EngineMissing) as failure:
            raise ReadFailed(failure, link) from failure
        t2_ns = clock.now().monotonic_ns
        raw = RawReading(
            text=reading.text,
            confidence=reading.confidence,
            event_id=str(uuid.uuid4()),
            frame_number=self._next_frame(),
            frame_timestamp=grabbed_at,
            t0_ns=t0_ns,
            t1_ns=t1_ns,
            t2_ns=t2_ns,
            t3_ns=clock.now().monotonic_ns,
            region=region,
            parameters=parameters.as_payload(),
            snapshots={},
            from_image=True,
        )
        return raw, self._publish_raw(raw, link)

    def take_text(self, given: OcrText, link: Link) -> tuple[RawReading, Link]:
        """Take text as if it had just been read from a screen."""
        now_ns = clock.now().monotonic_ns
        raw = RawReading(
            text=given.text,
            confidence=given.confidence,
            event_id=str(uuid.uuid4()),
            frame_number=self._next_frame() if given.frame_number is None else given.frame_number,
            frame_timestamp=time.time() if given.frame_timestamp is None else given.frame_timestamp,
            t0_ns=now_ns,
            t1_ns=now_ns,
            t2_ns=now_ns,
            t3_ns=clock.now().monotonic_ns,
            region=None,
            parameters=None,
            snapshots=given.snapshots,
            from_image=False,
        )
        return raw, self._publish_raw(raw, link)

    def _engine(self) -> OcrEngine:
        name: str = self._config.get("ocr_engine")
        if name not in self._engines:
            self._engines[name] = _ENGINES[name]()
        return self._engines[name]

    def _next_frame(self) -> int:
        self._frames += 1
        return self._frames

    def _region_of(self, grab: Grab) -> tuple[Exception, Image | None, Region | None]:
        try:
            image = decode_image(grab.image)
            region = self._region(image, grab.region)
        except ImageRejected as problem:
            return problem, None, None
        x1, y1, x2, y2 = region
        return ImageRejected(""), image[y1:y2, x1:x2], region

    def _region(self, image: Image, stated: Sequence[int] | None) -> Region:
        """The stated region; else the configured one if the image is a screen that holds it; else the whole image."""
        height, width = image.shape[:2]
        x1, y1, x2, y2 = stated or self._config.get("roi_coordinates")
        if 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height:
            return x1, y1, x2, y2
        if stated:
            raise ImageRejected(f"region {list(stated)} is not within the image of {width}x{height} pixels")
        return 0, 0, width, height

    def _publish_grab(self, grab: Grab, region: Region | None, t0_ns: int, at: float, link: Link) -> Link:
        body = {
            "grab_timestamp_ns": t0_ns,
            "frame_base64": base64.b64encode(grab.image).decode(),
            "roi_used": list(region) if region else None,
            "image_format": grab.image_format,
            "frame_timestamp": at,
            "source_perf_counter_ns": grab.source_ns,
        }
        return self._outlet.publish("TESTRADE_RAW_IMAGE_GRAB", body, link, image=grab.image)

    def _publish_prepared(self, prepared: Image, region: Region, t0_ns: int, t1_ns: int, at: float, link: Link) -> Link:
        png = cv2.imencode(".png", prepared, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
        x1, y1, x2, y2 = region
        body = {
            "image_bytes": base64.b64encode(png).decode(),
            "image_format": "PNG",
            "roi_coordinates": {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1},
            "original_grab_epoch_s": at,
            "original_grab_perf_ns": t0_ns,
            "preprocessing_finish_perf_ns": t1_ns,
            "preprocessing_latency_ns": t1_ns - t0_ns,
            "image_width": int(prepared.shape[1]),
            "image_height": int(prepared.shape[0]),
        }
        return self._outlet.publish("TESTRADE_PROCESSED_ROI_IMAGE", body, link, image=png)

    def _publish_raw(self, raw: RawReading, link: Link) -> Link:
        body = {
            "frame_number": raw.frame_number,
            "overall_confidence": raw.confidence,
            "snapshots": raw.snapshots,
            "full_raw_text": raw.text,
            "event_id": raw.event_id,
            "raw_ocr_processing_finish_timestamp": time.time(),
            "frame_timestamp": raw.frame_timestamp,
            "T0_ImageIngress_ns": raw.t0_ns,
            "T1_ImageProcessing_ns": raw.t1_ns,
            "T2_TesseractOutput_ns": raw.t2_ns,
            "T3_FormattedOutput_ns": raw.t3_ns,
            "component_processing_latency_ns": raw.t3_ns - raw.t0_ns,
            "roi_used_for_capture": list(raw.region) if raw.region else None,
            "preprocessing_params_used": raw.parameters,
        }
        return self._outlet.publish("TESTRADE_RAW_OCR_DATA", body, link, event_id=raw.event_id)


class ReadFailed(Exception):
    """A screen could not be read; `link` is the last event of its chain."""

    def __init__(self, problem: Exception, link: Link) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.link = link
