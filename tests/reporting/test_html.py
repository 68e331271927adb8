"""The HTML report, opened in a real Chromium."""

from __future__ import annotations

import base64

import pytest
from helpers import pictures, reporting_plugin, rows
from helpers.report_pages import opened, photograph, violations

from pytest_intellisense.reporting.against_baseline import attribute_by_baseline

EVIL = "<img src=x onerror=window.pwned=1>\"'</script><script>window.pwned=1</script>{{ 7*7 }}javascript:alert(1)"


def images() -> list[dict]:
    encoded = [base64.b64encode(picture).decode() for picture in (pictures.screen(), pictures.processed())]
    sizes = ((617, 137), (1234, 274))
    return [
        {"kind": kind, "path": f"images/{kind}.png", "width_px": size[0], "height_px": size[1], "data": data}
        for kind, size, data in zip(("screen", "processed"), sizes, encoded, strict=True)
    ]


def with_images(plan):
    for step in plan["steps"]:
        step["images"] = images()
    return plan


def passing(at_ms: float):
    stages = [rows.stage("raw_ocr", "OCR_FRAME_RAW", at_ms, '"AAPL Long"')]
    return rows.plan(rows.step(pipeline=rows.pipeline(stages)))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """One report of failures of every kind, plans that pass, and a plan whose every text is hostile."""
    folder = tmp_path_factory.mktemp("report")
    evil_outcome = rows.outcome(EVIL, passed=False, expected=EVIL, actual=EVIL[1:], details=EVIL, subject=EVIL)
    evil_step = rows.step(EVIL, validation_outcomes=[evil_outcome], stimulus=EVIL, ocr_text=EVIL, error=EVIL, hint=EVIL)
    evil = rows.plan(evil_step, plan_name=EVIL, description=EVIL, sentence=EVIL, hint=EVIL, tags=[EVIL], fault="VALUE")
    plans = [
        with_images(rows.value_failure()),
        rows.latency_failure(),
        rows.missing_failure(),
        rows.environment_failure(),
        rows.environment_failure(),
        with_images(evil),
        *(passing(at_ms) for at_ms in (900.0, 2_000.0, 95.0)),
    ]
    reporting_plugin.prepare(folder, plans, {**rows.session(), "target": EVIL})
    result = reporting_plugin.run(folder, "--html=report.html", "--self-contained-html")
    assert result.returncode == 1, result.stdout + result.stderr
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_without_noise_and_shows_its_pictures(browser, report, scheme):
    """No error, no request, nothing that axe objects to, pictures with pixels, and colours of the reader's choice."""
    with opened(browser, report, color_scheme=scheme) as page:
        drawn = page.evaluate("[...document.querySelectorAll('.is-strip img')].map((image) => image.naturalWidth)")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        photograph(page, f"failures_{scheme}")
        page.locator("#is-filter").fill("limit_price")
        assert violations(page) == []
    assert drawn == [617, 1234, 617, 1234]
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]


def test_the_report_says_what_a_developer_wants_to_know(browser, report):
    """Verdict sentence, marked letters, waterfall, what OCR read, near misses, numbers of the run."""
    with opened(browser, report) as page:
        text = page.inner_text("body")
        marked = page.locator(".is-case").first.locator("mark").all_inner_texts()
        never = page.locator(".is-waterfall .never").count()
    for said in (
        "order_request.limit_price is wrong: expected 150.25, got 150.65",
        "delta +0.40 (tolerance 0.01)",
        "AAPL Long 150.25 0.12",
        "confidence 91.3",
        "never arrived",
        "correlation_id is open_7f3c19ac",
        "plans passed",
        "slowest stage",
        "embedded (fakeredis 2.40)",
    ):
        assert said in text
    assert marked == ["2", "6"]
    assert never == 3


def grown_since_the_baseline() -> dict:
    """A latency that went to `validated_order`, though another stage takes longer, today as before."""
    row = rows.latency_failure()
    for step in row["steps"]:
        for place, stage in enumerate(step["pipeline"]["stages"]):
            stage["baseline_ns"] = stage["at_ns"] - (20 * rows.MS if place >= 5 else 0)
    row["steps"][-1]["fault"] = "LATENCY"
    attribute_by_baseline(row, "main@1f3c0d2")
    return row


def test_the_waterfall_marks_what_the_latency_is_attributed_to(browser, tmp_path):
    """Not the longest stage, which took its usual time."""
    reporting_plugin.prepare(tmp_path, [grown_since_the_baseline()], rows.session())
    reporting_plugin.run(tmp_path, "--html=report.html", "--self-contained-html")
    with opened(browser, tmp_path / "report.html") as page:
        marked = page.locator(".is-waterfall tr", has_text="▲").locator("td:first-child").all_text_contents()
    assert {name.split()[-1] for name in marked} == {"validated_order"}


def test_no_value_becomes_markup(browser, report):
    """Whatever a plan or an event says is shown as text; nothing of it runs."""
    with opened(browser, report) as page:
        assert page.evaluate("window.pwned") is None
        assert page.locator(".is-case img[onerror]").count() == 0
        assert EVIL in page.locator(".is-case").nth(5).inner_text()


def test_markup_that_is_not_escaped_would_be_found(browser, tmp_path):
    """The control: the same text, written as it is, becomes an element and runs."""
    (tmp_path / "page.html").write_text(f"<body data-ready><div class=is-case>{EVIL}</div>")
    context = browser.new_context()
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("window.pwned")
    assert page.locator(".is-case img[onerror]").count() == 1
    context.close()


def test_rows_open_close_and_keep_what_was_opened(browser, report):
    """Clicking a cell opens a passed plan; events that a reader opened stay open when another row is clicked."""
    with opened(browser, report) as page:
        passed = page.locator("tbody.passed")
        assert passed.first.locator(".is-case").count() == 0
        passed.first.locator("td.is-slowest").click()
        assert passed.first.locator(".is-waterfall").is_visible()
        page.locator("tbody.failed").first.locator(".is-more > summary").last.click()
        passed.nth(1).locator("td.is-end_to_end").click()
        page.locator("input[data-test-result=skipped]").evaluate("(box) => box.click()")
        assert page.locator("tbody.failed").first.locator(".is-more > pre").is_visible()


def test_durations_sort_as_numbers(browser, report):
    """95 ms, 900 ms, 2.00 s, whatever their letters say."""
    with opened(browser, report) as page:
        page.locator("th[data-sort=end_to_end]").click()
        shown = page.locator("tbody.passed td.is-end_to_end").all_inner_texts()
    assert sorted(shown, key=["95.0 ms", "900 ms", "2.00 s"].index) in (shown, shown[::-1])


def test_the_list_of_failures_leads_to_the_rows_and_names_each_cause_once(browser, report):
    """Two plans that failed for the same reason are one entry with two links."""
    with opened(browser, report) as page:
        causes = page.locator(".is-failures li").all_inner_texts()
        page.get_by_role("link", name="test_plans.py::test_plan[2]").click()
        assert page.locator("[id='test_plans.py::test_plan[2]']").is_visible()
    assert sum("no price of AAPL within 5 s" in cause for cause in causes) == 1


def test_copy_buttons_copy(browser, report):
    """The rerun command lands on the clipboard."""
    with opened(browser, report, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("button", name="Copy rerun command").first.click()
        page.get_by_text("Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "pytest 'test_plans.py::test_plan[0]'"


def test_the_report_stays_small(tmp_path):
    """Equal pictures are kept once, details are compressed: a passed plan costs under 1.5 kB."""
    sizes = []
    for count in (2, 42):
        folder = tmp_path / str(count)
        folder.mkdir()
        plans = [with_images(rows.plan(rows.step())) for _ in range(count)]
        reporting_plugin.prepare(folder, plans, rows.session())
        reporting_plugin.run(folder, "--html=report.html", "--self-contained-html")
        sizes.append((folder / "report.html").stat().st_size)
    assert sizes[0] < 90_000
    assert (sizes[1] - sizes[0]) / 40 < 1_500


def test_the_name_of_a_test_that_is_no_plan_is_escaped_too(browser, tmp_path):
    """pytest-html writes node ids as they are; beside plans there are other tests in a run."""
    (tmp_path / "rows.json").write_text('{"rows": [], "session": null}')
    (tmp_path / "test_other.py").write_text(
        "import pytest\n@pytest.mark.parametrize('n', ['<img src=x onerror=window.pwned=1>'])\ndef test_other(n): pass\n"
    )
    reporting_plugin.run(tmp_path, "--html=report.html", "--self-contained-html", "-k", "other")
    with opened(browser, tmp_path / "report.html") as page:
        assert page.evaluate("window.pwned") is None
        assert "<img src=x" in page.locator(".col-testId").last.inner_text()
