"""Draws the pictures of the docs from a real run: `./dev pictures`.

A screen that shows 158.25 is injected where the plan expects 150.25. `failure.svg` is what the terminal says of it,
`report.png` what the report shows.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
COLUMNS = 100
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


def failing_run(folder: Path) -> str:
    """What the terminal says, in colours; the report is in `folder`."""
    (folder / "screens").mkdir()
    shutil.copy(ROOT / "scenarios" / "screens" / "long_aapl_flicker.png", folder / "screens" / "aapl.png")
    (folder / "open_long.plan.json").write_text(json.dumps(PLAN, indent=2))
    command = [sys.executable, "-m", "pytest", "-q", "--color=yes"]
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, encoding="utf-8")
    return ended.stdout


def draw_terminal(output: str) -> None:
    """The failure, without the head of the run and the tables after it. No font is fetched from anywhere."""
    lines = output.splitlines()
    begin = next(number for number, text in enumerate(lines) if " plan screen_opens_long " in text)
    end = next(number for number, text in enumerate(lines) if "intellisense: stage latency" in text)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(lines[begin + 1 : end])), no_wrap=True, overflow="ellipsis")
    frame = re.sub(r"@font-face \{\{.*?\}\}|<!--.*?-->", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    console.save_svg(
        str(PICTURES / "failure.svg"), title="pytest scenarios/", theme=MONOKAI, code_format=frame, unique_id="failure"
    )


def draw_report(report: Path) -> None:
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        page.goto(report.as_uri())
        page.locator(".extraHTML").first.screenshot(path=PICTURES / "report.png")
        browser.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draw_terminal(failing_run(Path(folder)))
        draw_report(Path(folder) / "reports" / "report.html")


if __name__ == "__main__":
    main()
