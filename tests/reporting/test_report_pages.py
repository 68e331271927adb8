"""The HTML pages of a hundred and of many more plans, used as a reader uses them: mouse, keyboard, links."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from helpers import pictures, reporting_plugin, rows
from helpers.report_pages import opened, photograph, violations

FAILURES = (rows.value_failure, rows.latency_failure, rows.missing_failure, rows.extra_failure, rows.environment_failure)
MIB = 1_048_576


def plans(count: int, failing_every: int) -> list[dict]:
    """Passed plans of different speed, and failures of every kind in turn, the first of them with pictures."""
    made = []
    for number in range(count):
        if number % failing_every == 0:
            made.append(FAILURES[number // failing_every % len(FAILURES)]())
            continue
        plan = rows.plan(rows.step(), duration_ns=(number + 1) * rows.MS, tags=["odd" if number % 2 else "even"])
        plan["steps"][0]["pipeline"]["stages"][-1]["at_ns"] += (number * 7 % 1000) * rows.MS
        made.append(plan)
    step = made[0]["steps"][0]
    step["images"] = [image("screen", pictures.screen()), image("processed", pictures.processed())]
    return made


def image(kind: str, picture: bytes) -> dict:
    data = base64.b64encode(picture).decode()
    width = int.from_bytes(picture[16:20], "big")
    return {"kind": kind, "path": f"images/{kind}.png", "width_px": width, "height_px": 137, "data": data}


def report_of(folder, made):
    reporting_plugin.prepare(folder, made, rows.session())
    result = reporting_plugin.run(folder, "-q", "--html=report.html", "--self-contained-html")
    assert result.returncode == 1, result.stdout + result.stderr
    return folder / "report.html"


@pytest.fixture(scope="module")
def hundred(tmp_path_factory):
    """A hundred plans, ten of them failing, of which the first ran four times before and has a baseline."""
    folder = tmp_path_factory.mktemp("hundred")
    earlier = [[float(at), outcome, took * rows.MS] for at, outcome, took in
               ((1, "passed", 290), (2, "passed", 300), (3, "failed", 450), (4, "passed", 305))]  # fmt: skip
    line = json.dumps({"nodeid": "test_plans.py::test_plan[0]", "runs": earlier})
    (folder / "history.jsonl").write_text(f"{line}\nno JSON\n")
    made = copy.deepcopy(plans(100, 10))
    step = made[0]["steps"][0]
    for stage in step["pipeline"]["stages"]:
        stage["baseline_ns"] = round(stage["at_ns"] * 0.7)
    step["validation_outcomes"][1]["attribution"] = {
        "domain": "VALUE", "first_wrong_stage": "raw_ocr", "candidates": ["raw_ocr"], "certainty": "named",
        "field": "limit_price", "change": "read 2 as 6", "reason": "the image shows 150.25", "reading": "", "readers": [],
        "values": [
            {"stage": "injected", "state": "right", "value": "150.25", "path": "", "confidence": None},
            {"stage": "raw_ocr", "state": "wrong", "value": "150.65", "path": "full_raw_text", "confidence": 61.4},
        ],
        "caused_by": [],
    }  # fmt: skip
    return report_of(folder, made)


@pytest.fixture(scope="module", params=[600, pytest.param(1000, marks=pytest.mark.long)])
def many(request):
    """How many plans it is about."""
    return request.param


@pytest.fixture(scope="module")
def page_of_many(tmp_path_factory, many):
    """So many plans, twenty of them failing; the page that pytest-html made."""
    return report_of(tmp_path_factory.mktemp("many"), plans(many, many // 20))


def test_a_reader_needs_no_mouse(browser, hundred):
    """`/` goes to the filter; tab and enter open a plan, its picture at one pixel a pixel, and close them again."""
    with opened(browser, hundred) as page:
        page.keyboard.press("/")
        page.keyboard.type("passed test_plan[7]")
        assert page.locator("tbody:not([hidden]) .is-toggle").all_inner_texts() == ["test_plan[7]"]
        page.locator("#is-filter").fill("value limit_price -latency")
        page.locator("#test_plans\\.py\\:\\:test_plan\\[0\\] .is-zoom").first.focus()
        page.keyboard.press("Enter")
        large = page.locator("#is-lightbox img")
        assert large.bounding_box()["width"] == 617
        page.keyboard.press("ArrowRight")
        assert large.bounding_box()["width"] == 1234
        photograph(page, "lightbox")
        page.keyboard.press("Escape")
        assert not page.locator("#is-lightbox").is_visible()
        page.locator("#is-filter").fill("test_plan[11]")
        toggle = page.locator("tbody:not([hidden]) .is-toggle")
        toggle.focus()
        page.keyboard.press("Enter")
        assert toggle.get_attribute("aria-expanded") == "true"
        page.locator("tbody:not([hidden]) .is-waterfall").wait_for()
        page.keyboard.press("Space")
        assert toggle.get_attribute("aria-expanded") == "false"


def test_a_failure_shows_its_first_wrong_stage_its_baseline_and_its_last_runs(browser, hundred):
    """What each stage said of the value, a ghost bar a stage with how much slower it was, one bar a run."""
    with opened(browser, hundred) as page:
        body = page.locator("[id='test_plans.py::test_plan[0]']")
        assert "First wrong at raw_ocr: read 2 as 6" in body.inner_text()
        assert body.locator(".is-forms .wrong").all_inner_texts() == ["✗ raw_ocr\n150.65\nconf 61.4"]
        assert body.locator(".ghost").count() == len(rows.FULL_RUN)
        assert body.locator(".is-change.slower").first.inner_text() == "+43 %"
        runs = body.locator(".is-runs")
        assert runs.get_attribute("aria-label") == "last 5 runs, 2 of them did not pass"
        assert runs.locator("rect").count() == 5
        photograph(page, "hundred_light")


def test_history_grows_by_a_run_a_plan(hundred):
    """A line a plan; what could not be read is gone."""
    lines = [json.loads(line) for line in (hundred.parent / "history.jsonl").read_text().splitlines()]
    assert len(lines) == 100
    first = next(line for line in lines if line["nodeid"].endswith("[0]"))
    assert [outcome for _, outcome, _ in first["runs"]] == ["passed", "passed", "failed", "passed", "failed"]


def test_the_theme_is_the_readers_choice(browser, hundred):
    """The button turns it, and the next opening of the page remembers."""
    with opened(browser, hundred, color_scheme="light") as page:
        page.get_by_role("button", name="Dark", exact=True).click()
        page.reload()
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
        assert page.get_by_role("button", name="Light", exact=True).is_visible()


def test_a_narrow_page_scrolls_its_tables_and_not_itself(browser, hundred):
    """As on a phone."""
    with opened(browser, hundred, width=420) as page:
        photograph(page, "hundred_narrow")
        assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_above_500_plans_pytest_html_keeps_the_failures(browser, page_of_many, many):
    """Its rows are the plans that failed, it says so, and its link leads to all of them."""
    with opened(browser, page_of_many) as page:
        assert page.locator("#results-table > tbody").count() == 20
        assert page.locator(".is-partial").inner_text().startswith(f"{many:,} plans ran.")
        page.get_by_role("link", name="report_plans.html").click()
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.locator("#is-plans .is-row").count() == 100


def test_the_page_of_many_plans_is_clean_and_its_failures_come_first(browser, page_of_many):
    """Nothing that axe objects to; three failures are open; the page is small."""
    path = page_of_many.with_name("report_plans.html")
    assert path.stat().st_size < 1.3 * MIB
    with opened(browser, path) as page:
        assert "failed" in page.locator(".is-row").first.get_attribute("class")
        assert page.locator(".is-opened .is-case").count() == 3
        photograph(page, "many_light")
        page.locator("#is-filter").fill("test_plan[50")
        assert violations(page) == []


def test_many_plans_are_sifted_sorted_and_turned_over(browser, page_of_many, many):
    """Verdict, filter, order and page, each as data and not as rows."""
    with opened(browser, page_of_many.with_name("report_plans.html"), color_scheme="dark") as page:
        status = page.get_by_role("status")
        page.get_by_role("button", name="20 failed").click()
        assert status.inner_text() == "1 to 20 of 20"
        page.get_by_role("button", name=f"{many} all").click()
        page.locator("#is-filter").fill("@odd -failed")
        assert status.inner_text() == f"1 to 100 of {many // 2}"
        page.get_by_role("button", name="Duration").click()
        assert page.locator(".is-row .is-toggle").first.inner_text() == f"test_plan[{many - 1}]"
        page.get_by_role("button", name="Next").click()
        assert status.inner_text() == f"101 to 200 of {many // 2}"
        photograph(page, "many_dark")
        page.locator("#is-filter").fill("no such plan")
        page.get_by_role("button", name="Show all").click()
        assert status.inner_text() == f"1 to 100 of {many}"


def test_a_link_leads_to_its_plan_among_many(browser, page_of_many):
    """`#node-id` turns to the page of that plan and opens it."""
    page_of_all = page_of_many.with_name("report_plans.html")
    with opened(browser, page_of_all, fragment="#test_plans.py::test_plan[577]") as page:
        opened_row = page.locator(".is-row:has([aria-expanded=true])")
        assert opened_row.locator(".is-toggle").inner_text() == "test_plan[577]"
        assert page.locator(".is-opened .is-waterfall").is_visible()
