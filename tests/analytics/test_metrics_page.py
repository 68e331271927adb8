"""The page of metrics, opened in a real Chromium."""

from __future__ import annotations

import random

import pytest
from helpers.reports import session_id, two_stages, write_report

from pytest_intellisense.cli.main import main

EVIL = "<img src=x onerror=window.pwned=1>\"'</style><script>window.pwned=1</script>{{ 7*7 }}"
GROUND = 112


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    """Sixty nights: one plan's fill got slower for good, another's was slow for two nights, a third is hostile and steady."""
    folder = tmp_path_factory.mktemp("nights")
    noise = random.Random(3)
    for night in range(60):
        slower = two_stages((13.0 if night >= 41 else 4.2) * noise.lognormvariate(0, 0.06), nodeid="open.plan.json::open[AAPL]")
        ill = two_stages((9.0 if night in (20, 21) else 4.2) * noise.lognormvariate(0, 0.06), nodeid="add.plan.json::add")
        evil = two_stages(4.2 * noise.lognormvariate(0, 0.06), nodeid=EVIL, fills=night != 30)
        write_report(folder, night, [slower, ill, evil])
    path = folder / "metrics.html"
    assert main(["metrics", str(folder), "--format", "html", "-o", str(path)]) == 0
    return path


@pytest.fixture(params=["light", "dark"])
def page(request, browser, page_path):
    """The page with the reader's colours; fails the test for anything on the console or over the network."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page = context.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: noise.append(f"error: {error}"))
    page.on("request", lambda sent: noise.append(sent.url) if not sent.url.startswith("file:") else None)
    page.goto(page_path.as_uri())
    page.scheme = request.param
    yield page
    context.close()
    assert noise == []


def test_the_page_shows_what_changed_and_draws_it(page, tmp_path):
    """The change first, the two ill nights after it, each leading to its plot; nothing hostile runs."""
    page.screenshot(path=tmp_path / "metrics.png", full_page=True)
    change, anomaly = page.locator(".findings li").all_inner_texts()
    assert f"since session {session_id(41)}" in change
    assert f"from session {session_id(20)} to {session_id(21)}" in anomaly
    page.locator(".findings a").first.click()
    plot = page.locator("figure:target")
    assert plot.locator("figcaption").inner_text().startswith("order_fill open.plan.json::open[AAPL]")
    assert [plot.locator(kind).count() for kind in (".level", ".change", ".dot")] == [2, 1, 60]
    before, after = (GROUND - float(level.get_attribute("y1")) for level in plot.locator(".level").all())
    assert after / before == pytest.approx(13.0 / 4.2, rel=0.05)
    assert page.locator("figure").nth(1).locator(".mark").count() == 2
    assert page.locator(".n.bad").inner_text() == "99.4%"
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[page.scheme]
    assert page.evaluate("window.pwned") is None
    assert EVIL in page.inner_text("body")
