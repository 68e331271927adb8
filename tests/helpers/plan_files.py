"""A sound plan as text, and loading of plans the way a run loads them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from pytest_intellisense.codec.plans import load_plan_file
from pytest_intellisense.codec.problems import PlanFileError, Problem
from pytest_intellisense.engine.operators import OPERATORS
from pytest_intellisense.engine.pipelines import BUILT_IN_PIPELINES, DEFAULT_PIPELINE
from pytest_intellisense.model.plan import PlanCase

SOUND = """\
{
  "plan_name": "sound",
  "description": "Opens and reduces.",
  "tags": ["smoke", "orders"],
  "matrix": {"symbol": ["AAPL", "MSFT"], "size": [100, 200]},
  "bootstrap": {"symbols": ["AAPL"], "price_feed_timeout_s": 5},
  "steps": [
    {
      "step_id": "open",
      "stimulus": {"type": "trade_command", "symbol": "${symbol}", "side": "BUY", "quantity": "${size}"},
      "pipeline": "TRADE_CMD_TO_BROKER_FILL",
      "timeout_s": 5,
      "capture": {"order_id": "T4_BrokerFillLog.local_order_id"},
      "validation_points": [
        {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": true},
        {"validation_id": "side", "type": "specific_log_event_field", "target_identifier": "T4_BrokerFillLog",
         "field_to_check": "side", "operator": "==", "expected_value": "BUY"},
        {"validation_id": "fast", "type": "pipeline_latency", "field_to_check": "total_observed_pipeline_ns",
         "statistic": "p95", "operator": "<=", "expected_value": "400 ms"}
      ]
    },
    {
      "step_id": "screen",
      "stimulus": {"type": "raw_image_injection", "image": "screens/long_aapl.png", "roi": [0, 0, 4, 3]},
      "repeat": 2
    },
    {
      "step_id": "answer",
      "stimulus": {"type": "broker_response", "order_id": "${order_id}", "status": "FILLED"},
      "validation_points": [
        {"validation_id": "quiet", "type": "event_absence", "event_criteria": {"event_type": "REJECT"}, "within": "250 ms"},
        {"validation_id": "slower", "type": "latency_comparison", "field_to_check": "total_observed_pipeline_ns",
         "compare_with_step": "open", "operator": "<=", "expected_value": 1.2}
      ]
    }
  ]
}
"""


def png(width: int = 4, height: int = 3) -> bytes:
    """A black PNG of any size; the pixels compress to nearly nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = b"\0" * (1 + (width + 7) // 8)
    pack = zlib.compressobj(9)
    pixels = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def scenario(folder: Path) -> Path:
    """A scenario folder with a few screens."""
    screens = folder / "screens"
    screens.mkdir(parents=True, exist_ok=True)
    for name in ("long_aapl.png", "long_msft.png", "short_aapl.png", "flat.png"):
        (screens / name).write_bytes(png())
    return folder


def load(path: Path, root: Path | None = None) -> list[PlanCase]:
    return load_plan_file(
        path,
        operators=OPERATORS,
        pipelines=BUILT_IN_PIPELINES,
        default_pipelines=DEFAULT_PIPELINE,
        root=root or path.parent,
    )


def load_text(folder: Path, text: str | bytes, name: str = "it.plan.json") -> list[PlanCase]:
    path = scenario(folder) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path)


def problems_of(folder: Path, text: str | bytes, name: str = "it.plan.json") -> list[Problem]:
    """The problems of a plan; a plan without any is an error of the test."""
    try:
        load_text(folder, text, name)
    except PlanFileError as error:
        return error.problems
    raise AssertionError("the plan has no problems")
