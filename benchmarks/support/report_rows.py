"""Rows for reports of many plans: those of a real run, each copy with other times, ids and entries."""

from __future__ import annotations

import base64
import copy
import io
import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from pytest_intellisense.reporting import pictures

ROOT = Path(__file__).parents[2]
SCENARIOS = ("1_ocr_signal", "2_orders", "3_screens")
_ENTRY = re.compile(r"\d{13}-\d+")


@dataclass(frozen=True)
class RealRun:
    """`plan_s` is what a plan of the run took, median; `failed` has its two pictures as the report keeps them."""

    passed: list[dict[str, Any]]
    failed: dict[str, Any]
    session: dict[str, Any]
    plan_s: float


def real_run(folder: Path) -> RealRun:
    """Run scenarios that pass, and a screen that shows another price than its plan expects. Raises CalledProcessError."""
    for name in SCENARIOS:
        found = next((ROOT / "scenarios").glob(f"{name.partition('_')[0]}_*"))
        shutil.copytree(found, folder / found.name)
    shutil.copytree(ROOT / "scenarios" / "screens", folder / "screens", dirs_exist_ok=True)
    (folder / "wrong.plan.json").write_text(json.dumps(_wrong_screen()))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:html"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 1:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    document = json.loads((folder / "reports" / "report.json").read_text())
    plans = document["plans"]
    failed = next(row for row in plans if row["plan_name"] == "wrong_screen")
    for image in (image for step in failed["steps"] for image in step["images"]):
        image["data"] = pictures.full((folder / failed["session_dir"] / image["path"]).read_bytes())
    passed = [row for row in plans if row["verdict"] == "passed"]
    times = sorted(row["duration_ns"] for row in passed)
    return RealRun(passed, failed, document["session"], times[len(times) // 2] / 1e9)


def varied(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row as if the plan had run another time: nothing in it that is new in a real run is the same."""
    rng = random.Random(number)
    factor = rng.uniform(0.7, 1.4)
    made = copy.deepcopy(row)
    made["nodeid"] += f"[{number}]"
    made["duration_ns"] = round(made["duration_ns"] * factor)
    for step in made["steps"]:
        step["correlation_id"] = f"{step['step_id']}_{rng.getrandbits(32):08x}"
        stages = step["pipeline"]["stages"] if step["pipeline"] else []
        for timed in (*stages, *step["events"]):
            if timed["at_ns"] is not None:
                timed["at_ns"] = round(timed["at_ns"] * factor * rng.uniform(0.98, 1.02))
        for event in step["events"]:
            event["entry_id"] = f"{1_763_884_000_000 + rng.randrange(10**9)}-0"
            event["payload"] = _ENTRY.sub(event["entry_id"], event["payload"])
        for image in (image for image in step["images"] if image.get("data")):
            image["data"] = _another_picture(image["data"], rng)
    return made


def _another_picture(data: str, rng: random.Random) -> str:
    """The same picture with one pixel changed, so that it is kept beside the first."""
    with Image.open(io.BytesIO(base64.b64decode(data))) as source:
        picture = source.convert("RGB")
    picture.putpixel((rng.randrange(picture.width), rng.randrange(picture.height)), (rng.randrange(256), 7, 7))
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return pictures.full(packed.getvalue())


def _wrong_screen() -> dict[str, Any]:
    done = {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True}
    wrong = {
        "validation_id": "cost_basis",
        "type": "specific_log_event_field",
        "target_identifier": "cleaned_ocr",
        "field_to_check": "snapshots.AAPL.cost_basis",
        "operator": "==",
        "expected_value": 150.25,
    }
    step = {
        "step_id": "open",
        "stimulus": {"type": "raw_image_injection", "image": "screens/long_aapl_flicker.png"},
        "pipeline": "RAW_IMAGE_TO_ORDER_FILL",
        "validation_points": [done, wrong],
    }
    return {"plan_name": "wrong_screen", "steps": [step]}
