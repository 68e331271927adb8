"""What the HTML report weighs, how fast it opens and answers a click, and what writing it costs.

Rows come from a real run and are varied. Sizes are taken from both pages: pytest-html's (up to 500 plans) and our own.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from support.report_rows import RealRun, real_run, varied
from timing import print_figure

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from helpers import reporting_plugin  # noqa: E402

KB = 1024
OPENINGS, CLICKS = 5, 15
LARGE, HUGE = 1_000, 5_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# The time from a click to the frame that shows what it asked for.
ANSWER = """async ({button, shows}) => {
    const start = performance.now()
    document.querySelector(button).click()
    while (!document.querySelector(shows)) await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
    return performance.now() - start
}"""


def main() -> int:
    met = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "run").mkdir()
        run = real_run(scratch / "run")
        met += sizes(scratch, run)
        met += speed(scratch, run)
        met += writing(scratch, run)
    return 0 if all(met) else 1


def sizes(scratch: Path, run: RealRun) -> list[bool]:
    """By difference: a hundred plans more, five failures more; the base is a page of one plan less that plan."""

    def weigh(passed: int, failed: int, page: str = "report.html") -> int:
        return (made(scratch / f"{passed}-{failed}", run, passed, failed) / page).stat().st_size

    few, many = weigh(5, 0), weigh(105, 0)
    failed_kb = (weigh(5, 10) - weigh(5, 5)) / 5 / KB
    passed_kb = (many - few) / 100 / KB
    own = (weigh(LARGE, 0, "report_plans.html") - weigh(600, 0, "report_plans.html")) / (LARGE - 600) / KB
    return [
        print_figure("report_passed_plan_kb", passed_kb, at_most=1.5),
        print_figure("report_passed_plan_own_page_kb", own, at_most=1.5),
        print_figure("report_failed_plan_kb", failed_kb, at_most=40),
        print_figure("report_base_kb", weigh(1, 0) / KB - passed_kb, at_most=60),
    ]


def speed(scratch: Path, run: RealRun) -> list[bool]:
    folder = made(scratch / f"{LARGE}-10", run, LARGE - 10, 10)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        own = folder / "report_plans.html"
        opens_s = [opening_s(page, own) for _ in range(OPENINGS)]
        clicks_s = {
            "row": [answer_s(page, f".is-row:nth-of-type({at}) .is-toggle", f".is-row:nth-of-type({at}) + .is-opened .is-case")
                    for at in range(60, 60 - CLICKS, -1)],
            "sort": [answer_s(page, f"th[data-sort={key}] button", f"th[data-sort={key}][aria-sort=ascending]")
                     for key in ("slowest", "duration", "name", "history", "end_to_end")],
            "page": [answer_s(page, ".is-pages button:last-child", "#is-plans .is-row") for _ in range(5)],
        }  # fmt: skip
        guest_s = opening_s(page, made(scratch / "490-10", run, 490, 10) / "report.html")
        guest_clicks_s = [answer_s(page, f"tbody:nth-of-type({at}) .is-toggle", f"tbody:nth-of-type({at}) .is-case")
                          for at in range(100, 100 + CLICKS)]  # fmt: skip
        browser.close()
    return [
        print_figure("report_1000_opens_s", statistics.median(opens_s), at_most=2),
        *(print_figure(f"REPORT_1000_CLICK_{name.upper()}_S", max(times), at_most=0.2) for name, times in clicks_s.items()),
        print_figure("report_500_in_pytest_html_opens_s", guest_s, at_most=2),
        print_figure("report_500_in_pytest_html_click_s", max(guest_clicks_s), at_most=0.2),
    ]


def opening_s(page: Page, path: Path) -> float:
    start = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]", state="attached")
    return time.perf_counter() - start


def answer_s(page: Page, button: str, shows: str) -> float:
    return float(page.evaluate(ANSWER, {"button": button, "shows": shows})) / 1000


def writing(scratch: Path, run: RealRun) -> list[bool]:
    """The same 5,000 plans through pytest with and without the report; the run is that many plans of the real one."""
    folder = prepared(scratch / "huge", run, HUGE - 50, 50)
    without_s, without_mb = timed(folder)
    with_s, with_mb = timed(folder, "--html=report.html", "--self-contained-html")
    return [
        print_figure("report_5000_writing_share", (with_s - without_s) / (HUGE * run.plan_s), at_most=0.10),
        print_figure("report_5000_more_mb", with_mb - without_mb, at_most=50),
    ]


def timed(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds and the highest resident memory in MB of one pytest process."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:intellisense", "-p", "helpers.reporting_plugin", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    start = time.perf_counter()
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), (folder / "out.txt").read_text()[-2000:]
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def made(folder: Path, run: RealRun, passed: int, failed: int) -> Path:
    """The folder of a report of so many plans."""
    if not folder.exists():
        timed(prepared(folder, run, passed, failed), "--html=report.html", "--self-contained-html")
    return folder


def prepared(folder: Path, run: RealRun, passed: int, failed: int) -> Path:
    folder.mkdir()
    rows: list[Any] = [varied(run.passed[number % len(run.passed)], number) for number in range(passed)]
    rows += [varied(run.failed, number) for number in range(failed)]
    reporting_plugin.prepare(folder, rows, run.session)
    return folder


if __name__ == "__main__":
    sys.exit(main())
