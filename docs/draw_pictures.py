"""Draws the pictures of the docs from a real run: `python docs/draw_pictures.py` (needs the test dependencies and Chromium).

A screen that shows 158.25 is injected where the plan expects 150.25; the picture is the report's page of that failure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "failure.png"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PLAN = {
    "plan_name": "screen_opens_long",
    "description": "A new Long line on the screen is read, bought and filled.",
    "steps": [
        {
            "step_id": "open",
            "stimulus": {"type": "raw_image_injection", "image": "screens/aapl.png"},
            "pipeline": "RAW_IMAGE_TO_ORDER_FILL",
            "validation_points": [
                {"validation_id": "done", "type": "pipeline_completion_status", "expected_value": True},
                {
                    "validation_id": "cost_basis",
                    "type": "specific_log_event_field",
                    "target_identifier": "cleaned_ocr",
                    "field_to_check": "snapshots.AAPL.cost_basis",
                    "operator": "==",
                    "expected_value": 150.25,
                },
                {
                    "validation_id": "glass_to_fill",
                    "type": "pipeline_latency",
                    "field_to_check": "total_observed_pipeline_ns",
                    "operator": "<=",
                    "expected_value": "2 s",
                },
            ],
        }
    ],
}


def failing_report(folder: Path) -> Path:
    (folder / "screens").mkdir()
    shutil.copy(ROOT / "scenarios" / "screens" / "long_aapl_flicker.png", folder / "screens" / "aapl.png")
    (folder / "open_long.plan.json").write_text(json.dumps(PLAN, indent=2))
    subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, check=False, stdout=subprocess.DEVNULL)
    return folder / "reports" / "report.html"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as browsers:
        report = failing_report(Path(folder))
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        page.goto(report.as_uri())
        PICTURE.parent.mkdir(exist_ok=True)
        page.locator(".extraHTML").first.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
